#include "protocols/mime/header.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::mime {
namespace {

/// The line that `s` begins with, its line end included.
std::size_t line_octets(std::string_view s) noexcept {
  const auto* lf = static_cast<const char*>(std::memchr(s.data(), '\n', s.size()));
  return lf ? static_cast<std::size_t>(lf - s.data()) + 1 : s.size();
}

bool empty_line(std::string_view line) noexcept { return line == "\n" || line == "\r\n"; }

std::string_view without_line_end(std::string_view s) noexcept {
  if (s.ends_with('\n')) s.remove_suffix(1);
  if (s.ends_with('\r')) s.remove_suffix(1);
  return s;
}

/// RFC 5322 §3.6.8 allows printable ASCII; the wild has 8-bit names too.
bool field_name(std::string_view name) noexcept {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

} // namespace

std::optional<header_field> header_reader::next() noexcept {
  if (rest_.empty()) return {};
  auto octets = line_octets(rest_);
  const auto first = rest_.substr(0, octets);
  if (empty_line(first)) return {};
  while (octets < rest_.size() && (rest_[octets] == ' ' || rest_[octets] == '\t')) octets += line_octets(rest_.substr(octets));
  header_field f;
  f.raw = rest_.substr(0, octets);
  rest_.remove_prefix(octets);
  const auto colon = first.find(':');
  auto name = first.substr(0, colon == std::string_view::npos ? 0 : colon);
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  if (!field_name(name)) {
    f.value = without_line_end(f.raw);
    return f;
  }
  f.name = name;
  f.value = without_line_end(f.raw.substr(colon + 1));
  return f;
}

std::size_t header_length(base::const_bytes octets) noexcept {
  for (std::size_t at = 0; at < octets.size();) {
    const auto n = line_octets(octets.substr(at));
    if (empty_line(octets.substr(at, n))) return at + n;
    at += n;
  }
  return octets.size();
}

std::optional<header_field> find_field(base::const_bytes header, std::string_view name) noexcept {
  header_reader r(header);
  while (const auto f = r.next())
    if (base::iequals(f->name, name)) return f;
  return {};
}

void append_unfolded(std::string& out, std::string_view value) {
  value = base::trim(value);
  for (std::size_t at = 0; at < value.size();) {
    const auto lf = std::min(value.find('\n', at), value.size());
    auto line = value.substr(at, lf - at);
    if (lf < value.size() && line.ends_with('\r')) line.remove_suffix(1);
    out += line;
    at = lf + 1;
  }
}

std::string unfold(std::string_view value) {
  std::string out;
  append_unfolded(out, value);
  return out;
}

std::string header_fields(base::const_bytes header, std::span<const std::string_view> names, bool all_but) {
  std::string out;
  header_reader r(header);
  while (const auto f = r.next()) {
    const bool named = !f->name.empty() && std::any_of(names.begin(), names.end(), [&](auto n) { return base::iequals(n, f->name); });
    if (named != all_but) out += f->raw;
  }
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  out += "\r\n";
  return out;
}

std::optional<std::string> next_message_id(std::string_view value, std::size_t& at) {
  for (;;) {
    const auto begin = value.find('<', at);
    if (begin == std::string_view::npos) {
      at = value.size();
      return {};
    }
    std::string id;
    bool quoted = false, at_sign = false, closed = false;
    auto i = begin + 1;
    for (; i < value.size() && !closed; ++i) {
      const char c = value[i];
      if (quoted && c == '\\' && i + 1 < value.size()) id.push_back(value[++i]);
      else if (c == '"') quoted = !quoted;
      else if (!quoted && c == '>') closed = true;
      else if (!quoted && c == '<') break; // The one before was never closed.
      else if (!quoted && base::is_space(c)) continue;
      else {
        at_sign = at_sign || c == '@';
        id.push_back(c);
      }
    }
    at = i;
    if (closed && at_sign && !id.empty()) return id;
    if (!closed && i == value.size()) return {};
  }
}

} // namespace rookery::mime
