#include "protocols/imap/language.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

struct row {
  std::string_view tag;       ///< RFC 5646
  std::string_view completed; ///< "… completed" of each command
  std::span<const translation> (*texts)() noexcept;
};

std::span<const translation> none() noexcept { return {}; }

constexpr row rows[] = {{"EN", "completed", none}, {"DE", "abgeschlossen", texts_de}};
static_assert(std::size(rows) == std::size(all_languages));

const row& of(language l) noexcept { return rows[static_cast<std::size_t>(l)]; }

} // namespace

std::string_view language_tag(language l) noexcept { return of(l).tag; }
std::span<const translation> texts(language l) noexcept { return of(l).texts(); }

std::optional<language> choose_language(const std::vector<std::string>& ranges) noexcept {
  for (const std::string_view range : ranges) {
    if (range == "*" || base::iequals(range, "default") || base::iequals(range, "i-default")) return language::english;
    const auto first = range.substr(0, range.find('-'));
    for (const auto l : all_languages)
      if (base::iequals(first, language_tag(l))) return l;
  }
  return {};
}

void say(base::buffer& out, language l, std::string_view english) {
  const auto table = texts(l);
  const auto found = std::lower_bound(table.begin(), table.end(), english, [](const translation& t, std::string_view e) { return t.english < e; });
  if (found != table.end() && found->english == english) return out.append(found->text);
  constexpr std::string_view completed = "completed";
  if (!table.empty() && english.ends_with(completed)) {
    out.append(english.substr(0, english.size() - completed.size()));
    return out.append(of(l).completed);
  }
  out.append(english);
}

} // namespace rookery::imap
