#include "policy/delivery/time_zone.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::delivery {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::size_t rule_octets_max = 100;

} // namespace

class time_zone::reader {
public:
  explicit reader(std::string_view text) : left_(text) {}

  bool zone(time_zone& z) {
    if (!name() || !offset(z.standard_)) return false;
    z.standard_ = -z.standard_; // POSIX counts to the west
    if (left_.empty()) return true;
    if (!name()) return false;
    z.has_summer_ = true;
    if (left_.empty() || left_.front() == ',') {
      z.summer_ = z.standard_ + 3600;
    } else {
      if (!offset(z.summer_)) return false;
      z.summer_ = -z.summer_;
    }
    return day(z.begin_) && day(z.end_) && left_.empty();
  }

private:
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool name() {
    const bool quoted = take('<');
    std::size_t n = 0;
    while (n < left_.size() && (base::is_alpha(left_[n]) ||
                                (quoted && (base::is_digit(left_[n]) || left_[n] == '+' || left_[n] == '-'))))
      ++n;
    if (n < 3) return false;
    left_.remove_prefix(n);
    return !quoted || take('>');
  }
  bool number(std::int32_t& to, std::int32_t least, std::int32_t most) {
    std::size_t n = 0;
    while (n < left_.size() && n < 4 && base::is_digit(left_[n])) ++n;
    const auto value = base::parse_u32(left_.substr(0, n));
    if (!value || static_cast<std::int32_t>(*value) < least || static_cast<std::int32_t>(*value) > most) return false;
    left_.remove_prefix(n);
    to = static_cast<std::int32_t>(*value);
    return true;
  }
  /// [+-]hh[:mm[:ss]]
  bool offset(std::int32_t& to, std::int32_t hours_max = 24) {
    const bool minus = take('-');
    if (!minus) take('+');
    std::int32_t h = 0, m = 0, s = 0;
    if (!number(h, 0, hours_max)) return false;
    if (take(':') && (!number(m, 0, 59) || (take(':') && !number(s, 0, 59)))) return false;
    to = (h * 3600 + m * 60 + s) * (minus ? -1 : 1);
    return true;
  }
  bool day(change& c) {
    if (!take(',')) return false;
    std::int32_t a = 0, b = 0, d = 0;
    if (take('M')) {
      if (!number(a, 1, 12) || !take('.') || !number(b, 1, 5) || !take('.') || !number(d, 0, 6)) return false;
      c.what = change::kind::month_week_day;
      c.month = static_cast<std::uint8_t>(a);
      c.week = static_cast<std::uint8_t>(b);
    } else if (take('J')) {
      if (!number(d, 1, 365)) return false;
      c.what = change::kind::day_without_leap;
    } else {
      if (!number(d, 0, 365)) return false;
      c.what = change::kind::day;
    }
    c.day = static_cast<std::uint16_t>(d);
    c.seconds = 7200;
    return !take('/') || offset(c.seconds, 167);
  }

  std::string_view left_;
};

std::optional<time_zone> time_zone::parse(std::string_view rule) {
  if (rule.size() > rule_octets_max) return {};
  time_zone z;
  if (base::iequals(rule, "UTC")) return z;
  if (!reader(rule).zone(z)) return {};
  z.rule_ = rule;
  return z;
}

sys_seconds time_zone::change::local_in(int year) const noexcept {
  const std::chrono::year y(year);
  sys_days d = y / std::chrono::January / 1;
  if (what == kind::month_week_day) {
    const auto m = y / std::chrono::month(month);
    const std::chrono::weekday w(day);
    d = week == 5 ? sys_days(m / w[std::chrono::last]) : sys_days(m / w[week]);
  } else if (what == kind::day_without_leap) {
    d += days(day - 1 + (day >= 60 && y.is_leap() ? 1 : 0));
  } else {
    d += days(day);
  }
  return d + std::chrono::seconds(seconds);
}

seconds time_zone::offset(base::wall_time t) const noexcept {
  if (!has_summer_) return seconds(standard_);
  const auto utc = std::chrono::floor<seconds>(t);
  const auto year = static_cast<int>(
      std::chrono::year_month_day(std::chrono::floor<days>(utc + seconds(standard_))).year());
  const auto begin = begin_.local_in(year) - seconds(standard_);
  const auto end = end_.local_in(year) - seconds(summer_);
  const bool summer = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
  return seconds(summer ? summer_ : standard_);
}

base::wall_time time_zone::from_local(sys_seconds local) const noexcept {
  // The earlier of the two moments that may be meant is tried first.
  const auto largest = has_summer_ ? std::max(standard_, summer_) : standard_;
  const auto smallest = has_summer_ ? std::min(standard_, summer_) : standard_;
  const base::wall_time first = local - seconds(largest), second = local - seconds(smallest);
  if (offset(first) == seconds(largest)) return first;
  if (offset(second) == seconds(smallest)) return second;
  return second; // left out: as if the clocks had not been put forward yet
}

} // namespace rookery::delivery
