#include "protocols/mbox/from_line.hpp"

#include "base/text.hpp"

#include <array>
#include <cstdio>

namespace rookery::mbox {

namespace {

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
/// A line of more is no separator.
constexpr std::size_t line_octets_max = 1000;

struct date_parts {
  std::optional<unsigned> month, day, year;
  std::optional<std::chrono::seconds> time;
  std::chrono::minutes zone{0};
  bool weekday = false;
};

std::optional<unsigned> number(std::string_view text) noexcept {
  const auto n = base::parse_u32(text);
  return n ? std::optional<unsigned>(*n) : std::nullopt;
}

/// "21:52" or "21:52:25"
std::optional<std::chrono::seconds> clock_time(std::string_view word) noexcept {
  if (word.size() != 5 && word.size() != 8 && word.size() != 4 && word.size() != 7) return {};
  const auto first = word.find(':');
  if (first == std::string_view::npos) return {};
  const auto second = word.find(':', first + 1);
  const auto h = number(word.substr(0, first));
  const auto m = number(word.substr(first + 1, second == std::string_view::npos ? second : second - first - 1));
  const auto s = second == std::string_view::npos ? std::optional<unsigned>(0u) : number(word.substr(second + 1));
  if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return {};
  return std::chrono::hours(*h) + std::chrono::minutes(*m) + std::chrono::seconds(*s);
}

std::optional<std::chrono::minutes> zone(std::string_view word) noexcept {
  if (word.size() != 5 || (word[0] != '+' && word[0] != '-')) return {};
  const auto h = number(word.substr(1, 2)), m = number(word.substr(3, 2));
  if (!h || !m || *h > 14 || *m > 59) return {};
  const auto shift = std::chrono::hours(*h) + std::chrono::minutes(*m);
  return word[0] == '-' ? -std::chrono::minutes(shift) : std::chrono::minutes(shift);
}

void take_word(std::string_view word, date_parts& into) noexcept {
  if (!word.empty() && word.back() == ',') word.remove_suffix(1);
  for (const auto d : days) into.weekday = into.weekday || base::iequals(word, d);
  for (unsigned m = 0; m < months.size(); ++m)
    if (!into.month && base::iequals(word, months[m])) into.month = m + 1;
  if (const auto t = clock_time(word); t && !into.time) into.time = t;
  if (const auto z = zone(word)) into.zone = *z;
  const auto n = number(word);
  if (!n) return;
  if (word.size() <= 2 && !into.day) into.day = n;
  else if (word.size() == 4 && !into.year) into.year = n;
}

} // namespace

std::optional<from_line> read_from_line(std::string_view line) noexcept {
  if (!line.starts_with("From ") || line.size() > line_octets_max) return {};
  if (line.back() == '\r') line.remove_suffix(1);
  line.remove_prefix(5);
  // A sender may hold blanks in quotes; the date is what stands behind: its words are looked for from the end.
  date_parts parts;
  std::string_view sender = line;
  while (!line.empty() && !(parts.month && parts.day && parts.year && parts.time && parts.weekday)) {
    while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
    const auto blank = line.rfind(' ');
    const auto word = blank == std::string_view::npos ? line : line.substr(blank + 1);
    take_word(word, parts);
    line.remove_suffix(word.size());
    sender = line;
  }
  if (!parts.month || !parts.day || !parts.year || !parts.time) return {};
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*parts.year)), std::chrono::month(*parts.month),
                                         std::chrono::day(*parts.day)};
  if (!date.ok() || *parts.year < 1970) return {};
  from_line out;
  out.sender = base::trim(sender);
  out.received = std::chrono::sys_days(date) + *parts.time - parts.zone;
  return out;
}

std::string write_from_line(std::string_view sender, base::wall_time received) {
  const auto day = std::chrono::floor<std::chrono::days>(received);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(received - day));
  char text[64];
  std::snprintf(text, sizeof text, " %s %s %2u %02d:%02d:%02d %04d\n", days[std::chrono::weekday(day).c_encoding()].data(),
                months[static_cast<unsigned>(date.month()) - 1].data(), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(date.year()));
  return "From " + std::string(sender) + text;
}

} // namespace rookery::mbox
