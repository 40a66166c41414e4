#include "protocols/mime/text_template.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"

#include <algorithm>
#include <vector>

namespace rookery::mime {

namespace {

constexpr std::string_view each_line = "$(each)", end_line = "$(end)";

/// Calls `text(view)` and `macro(name)` for the pieces of a line. False: a "$(" without ")".
template <class Text, class Macro>
bool for_each_piece(std::string_view line, Text&& text, Macro&& macro) {
  while (!line.empty()) {
    const auto dollar = line.find('$');
    if (dollar > 0) text(line.substr(0, dollar));
    if (dollar == std::string_view::npos) return true;
    line.remove_prefix(dollar);
    if (line.starts_with("$(")) {
      const auto end = line.find(')');
      if (end == std::string_view::npos) return false;
      macro(line.substr(2, end - 2));
      line.remove_prefix(end + 1);
    } else {
      text(std::string_view("$"));
      line.remove_prefix(line.starts_with("$$") ? 2 : 1);
    }
  }
  return true;
}

/// `value` without controls, at most `macro_octets_max` long; LF stays when it may.
std::string clean(std::string_view value, bool lines) {
  value = value.substr(0, charset::utf8_prefix(value, macro_octets_max));
  auto out = charset::repaired_utf8(value);
  for (char& c : out)
    if ((static_cast<unsigned char>(c) < 0x20 && !(lines && c == '\n')) || c == 0x7f) c = ' ';
  return out;
}

using scopes = std::span<const macro_values* const>;

void append_line(std::string& out, std::string_view line, scopes where, bool lines) {
  std::string made;
  bool macros = false, filled = false;
  for_each_piece(
    line, [&](std::string_view t) { made += t; },
    [&](std::string_view name) {
      macros = true;
      for (const auto* scope : where) {
        const auto found = scope->find(name);
        if (found == scope->end()) continue;
        filled = filled || !found->second.empty();
        made += clean(found->second, lines);
        break;
      }
    });
  if (lines && macros && !filled) return;
  const auto indent = made.substr(0, std::min(made.find_first_not_of(' '), made.size()));
  for (const char c : made) {
    out += c;
    if (c == '\n') out += indent;
  }
  if (lines) out += '\n';
}

std::vector<std::string_view> lines_of(std::string_view text) {
  auto lines = base::split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

} // namespace

base::result<text_template, template_fault> read_template(std::string_view file, std::span<const std::string_view> known) {
  if (file.size() > template_octets_max) return base::fail(template_fault::too_long);
  if (!charset::valid_utf8(file)) return base::fail(template_fault::not_utf8);
  std::string text(file);
  std::erase(text, '\r');
  const auto first = text.find('\n');
  if (!base::istarts_with(text, "Subject:") || first == std::string::npos || first + 1 >= text.size() || text[first + 1] != '\n')
    return base::fail(template_fault::no_subject);
  text_template t{std::string(base::trim(std::string_view(text).substr(8, first - 8))), text.substr(first + 2)};
  if (t.subject.empty()) return base::fail(template_fault::no_subject);
  bool good = true;
  const auto check = [&](std::string_view line) {
    good = for_each_piece(line, [](std::string_view) {},
                          [&](std::string_view name) { good = good && std::find(known.begin(), known.end(), name) != known.end(); }) && good;
  };
  check(t.subject);
  bool within = false;
  for (const auto line : lines_of(t.body)) {
    const auto word = base::trim(line);
    if (word == (within ? end_line : each_line)) {
      within = !within;
      continue;
    }
    if (line.find(each_line) != std::string_view::npos || line.find(end_line) != std::string_view::npos)
      return base::fail(template_fault::blocks);
    check(line);
  }
  if (within) return base::fail(template_fault::blocks);
  if (!good) return base::fail(template_fault::unknown_macro);
  return t;
}

expanded_text expand(const text_template& t, const macro_values& common, std::span<const macro_values> items) {
  expanded_text out;
  const macro_values* alone[] = {&common};
  append_line(out.subject, t.subject, alone, false);
  out.subject = std::string(base::trim(out.subject));
  std::vector<std::string_view> block;
  bool within = false;
  for (const auto line : lines_of(t.body)) {
    const auto word = base::trim(line);
    if (!within && word == each_line) {
      within = true;
    } else if (within && word == end_line) {
      within = false;
      for (const auto& item : items) {
        const macro_values* both[] = {&item, &common};
        for (const auto l : block) append_line(out.body, l, both, true);
      }
      block.clear();
    } else if (within) {
      block.push_back(line);
    } else {
      append_line(out.body, line, alone, true);
    }
  }
  return out;
}

} // namespace rookery::mime
