#include "protocols/http/date.hpp"

#include <cstdio>

namespace rookery::http {

std::string date_text(base::wall_time t) {
  using namespace std::chrono;
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto whole = floor<seconds>(t);
  const auto day = floor<std::chrono::days>(whole);
  const year_month_day date(day);
  const hh_mm_ss time(whole - day);
  char text[40];
  const int n = std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", days[weekday(day).c_encoding()],
                              static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                              static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
                              static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text, static_cast<std::size_t>(n)};
}

} // namespace rookery::http
