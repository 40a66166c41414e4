#include "protocols/smtp/dsn/text_book.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace rookery::smtp::dsn {
namespace {

constexpr std::string_view file_end = ".txt";
constexpr action actions[] = {action::failed, action::delayed, action::expanded, action::relayed, action::delivered};

/// A primary language subtag of RFC 5646: two or three letters.
bool is_language(std::string_view text) noexcept {
  return (text.size() == 2 || text.size() == 3) && std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

std::optional<action> action_named(std::string_view word) noexcept {
  for (const auto a : actions)
    if (name(a) == word) return a;
  return std::nullopt;
}

} // namespace

std::string_view describe(mime::template_fault f) noexcept {
  switch (f) {
  case mime::template_fault::too_long: return "it has more than 65536 octets";
  case mime::template_fault::not_utf8: return "it is not UTF-8";
  case mime::template_fault::no_subject: return "its first line is not \"Subject: …\" with an empty line behind it";
  case mime::template_fault::unknown_macro: return "it names a macro that is not known, or does not close one";
  case mime::template_fault::blocks: return "$(each) and $(end) do not stand alone in a line, in turn";
  }
  return "it cannot be read";
}

base::result<void, std::string> text_book::put(std::string_view file_name, std::string_view content) {
  const auto first = file_name.find('.');
  const auto what = action_named(file_name.substr(0, first));
  const auto rest = first == std::string_view::npos ? std::string_view() : file_name.substr(first + 1);
  const auto language = rest.ends_with(file_end) ? rest.substr(0, rest.size() - file_end.size()) : std::string_view();
  if (!what || !is_language(language)) return base::fail(std::string("its name is not ACTION.LANGUAGE.txt, as failed.en.txt"));
  auto key = std::make_pair(*what, base::to_lower(language));
  if (texts_.size() >= text_files_max && !texts_.contains(key)) return base::fail(std::string("there are too many files"));
  auto text = mime::read_template(content, text_macros());
  if (!text) return base::fail(std::string(describe(text.error())));
  texts_[std::move(key)] = std::move(*text);
  return {};
}

const mime::text_template* text_book::find(action a, std::string_view language) const {
  const auto lower = base::to_lower(language);
  if (const auto own = texts_.find({a, lower}); own != texts_.end()) return &own->second;
  return lower == "en" || lower == "de" ? &built_in_text(a, lower) : nullptr;
}

text_book::chosen text_book::choose(action a, std::string_view wanted) const {
  chosen out;
  for (const auto language : base::split(wanted, ' ')) {
    if (language.empty() || out.texts.size() == report_languages_max) continue;
    const auto same = [&](std::string_view other) { return base::iequals(other, language); };
    if (std::any_of(out.languages.begin(), out.languages.end(), same)) continue;
    if (const auto* text = find(a, language)) {
      out.texts.push_back(*text);
      out.languages.push_back(language);
    }
  }
  if (out.texts.empty()) {
    out.texts.push_back(*find(a, "en"));
    out.languages.push_back("en");
  }
  return out;
}

} // namespace rookery::smtp::dsn
