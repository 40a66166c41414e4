#include "protocols/imap/date.hpp"

#include "base/text.hpp"

#include <chrono>
#include <cstring>

namespace rookery::imap {

namespace {

constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// "1-Feb-1994" at the front, taken off.
std::optional<std::chrono::sys_days> read_day(std::string_view& text) noexcept {
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto day_octets = text.find('-');
  if (day_octets == std::string_view::npos || day_octets > 2 || text.size() < day_octets + 9) return {};
  const auto day = base::parse_u32(text.substr(0, day_octets));
  const auto month_name = text.substr(day_octets + 1, 3);
  const auto year = base::parse_u32(text.substr(day_octets + 5, 4));
  if (!day || !year || text[day_octets + 4] != '-') return {};
  unsigned month = 0;
  for (unsigned m = 0; m < 12; ++m)
    if (base::iequals(month_name, month_names.substr(m * 3, 3))) month = m + 1;
  const auto date = std::chrono::year(static_cast<int>(*year)) / std::chrono::month(month) / std::chrono::day(*day);
  if (!date.ok()) return {};
  text.remove_prefix(day_octets + 9);
  return std::chrono::sys_days(date);
}

char* two_digits(char* to, unsigned n) noexcept {
  *to++ = static_cast<char>('0' + n / 10 % 10);
  *to++ = static_cast<char>('0' + n % 10);
  return to;
}

} // namespace

std::optional<std::int32_t> parse_date(std::string_view text) noexcept {
  if (!text.empty() && text.front() == ' ') return {};
  const auto day = read_day(text);
  if (!day || !text.empty()) return {};
  return static_cast<std::int32_t>(day->time_since_epoch().count());
}

std::optional<base::wall_time> parse_date_time(std::string_view text) noexcept {
  const auto day = read_day(text);
  // " 21:52:25 -0800"
  if (!day || text.size() != 15 || text[0] != ' ' || text[3] != ':' || text[6] != ':' || text[9] != ' ' ||
      (text[10] != '+' && text[10] != '-'))
    return {};
  const auto hour = base::parse_u32(text.substr(1, 2));
  const auto minute = base::parse_u32(text.substr(4, 2));
  const auto second = base::parse_u32(text.substr(7, 2));
  const auto zone_hour = base::parse_u32(text.substr(11, 2));
  const auto zone_minute = base::parse_u32(text.substr(13, 2));
  if (!hour || !minute || !second || !zone_hour || !zone_minute || *hour > 23 || *minute > 59 || *second > 60 ||
      *zone_hour > 23 || *zone_minute > 59)
    return {};
  auto zone = std::chrono::minutes(*zone_hour * 60 + *zone_minute);
  if (text[10] == '-') zone = -zone;
  return base::wall_time(*day + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                         std::chrono::seconds(*second) - zone);
}

char* print_date_time(char* to, base::wall_time time) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto seconds = static_cast<unsigned>(std::chrono::floor<std::chrono::seconds>(time - day).count());
  const auto d = static_cast<unsigned>(date.day());
  *to++ = d < 10 ? ' ' : static_cast<char>('0' + d / 10);
  *to++ = static_cast<char>('0' + d % 10);
  *to++ = '-';
  std::memcpy(to, month_names.data() + (static_cast<unsigned>(date.month()) - 1) * 3, 3);
  to += 3;
  *to++ = '-';
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  to = two_digits(to, year / 100);
  to = two_digits(to, year % 100);
  *to++ = ' ';
  to = two_digits(to, seconds / 3600);
  *to++ = ':';
  to = two_digits(to, seconds / 60 % 60);
  *to++ = ':';
  to = two_digits(to, seconds % 60);
  std::memcpy(to, " +0000", 6);
  return to + 6;
}

std::int32_t day_of(base::wall_time time) noexcept {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(time).time_since_epoch().count());
}

} // namespace rookery::imap
