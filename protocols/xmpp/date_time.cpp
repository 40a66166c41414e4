#include "protocols/xmpp/date_time.hpp"

#include "base/text.hpp"

#include <cstdio>

namespace rookery::xmpp {
namespace {

/// Reads `digits` decimal digits from the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return {};
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!base::is_digit(text[i])) return {};
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

} // namespace

std::string date_time(base::wall_time t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(t - day);
  char out[64];
  const auto ms = static_cast<int>(time.subseconds().count());
  int n = std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                        static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  if (ms != 0) n += std::snprintf(out + n, sizeof out - static_cast<std::size_t>(n), ".%03d", ms);
  return std::string(out, static_cast<std::size_t>(n)) + "Z";
}

std::optional<base::wall_time> read_date_time(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return {};
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return {};
  const auto day = take_number(text, 2);
  if (!day || !take(text, 'T')) return {};
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return {};
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return {};
  const auto second = take_number(text, 2);
  if (!second) return {};
  int ms = 0;
  if (take(text, '.')) {
    int scale = 100;
    if (text.empty() || !base::is_digit(text.front())) return {};
    while (!text.empty() && base::is_digit(text.front())) {
      ms += (text.front() - '0') * scale;
      scale /= 10;
      text.remove_prefix(1);
    }
  }
  int offset = 0;
  if (!take(text, 'Z')) {
    const bool east = !text.empty() && text.front() == '+';
    if (!east && (text.empty() || text.front() != '-')) return {};
    text.remove_prefix(1);
    const auto hours = take_number(text, 2);
    if (!hours || !take(text, ':')) return {};
    const auto minutes = take_number(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return {};
    offset = (*hours * 60 + *minutes) * (east ? 1 : -1);
  }
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
  return base::wall_time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute - offset) +
         std::chrono::seconds(*second) + std::chrono::milliseconds(ms);
}

} // namespace rookery::xmpp
