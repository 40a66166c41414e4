#include "policy/delivery/schedule.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace rookery::delivery {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::uint16_t day_minutes = 1440;

unsigned week_day(sys_seconds local) noexcept { // 0 is Monday
  return std::chrono::weekday(std::chrono::floor<days>(local)).iso_encoding() - 1;
}

void append_two(std::string& out, unsigned n) {
  if (n < 10) out.push_back('0');
  base::append_number(out, n);
}
void append_time(std::string& out, unsigned minute) {
  append_two(out, minute / 60);
  out.push_back(':');
  append_two(out, minute % 60);
}
void append_moment(std::string& out, sys_seconds t) {
  const auto day = std::chrono::floor<days>(t);
  const std::chrono::year_month_day date(day);
  base::append_number(out, static_cast<std::uint64_t>(static_cast<int>(date.year())));
  out.push_back('-');
  append_two(out, static_cast<unsigned>(date.month()));
  out.push_back('-');
  append_two(out, static_cast<unsigned>(date.day()));
  out.push_back(' ');
  append_time(out, static_cast<unsigned>((t - day) / minutes(1)));
}

} // namespace

/// Reads the text from the left; `fail` keeps the first thing that was wrong.
class schedule::reader {
public:
  explicit reader(std::string_view text) : all_(text), left_(text) {}

  base::result<schedule, schedule_error> read() {
    schedule s;
    if (all_.size() > schedule_octets_max) return base::fail(schedule_error{schedule_octets_max, "too long"});
    bool ok = true;
    do {
      skip();
      if (!left_.empty() && left_.front() != ';') ok = clause(s);
      skip();
    } while (ok && take(';'));
    if (ok && !left_.empty()) ok = fail("something unexpected");
    if (ok && s.from_ && s.until_ && *s.from_ >= *s.until_) ok = fail("until is not after from");
    if (!ok) return base::fail(error_);
    return s;
  }

private:
  bool fail(std::string_view what) {
    if (error_.what.empty()) error_ = {all_.size() - left_.size(), what};
    return false;
  }
  void skip() {
    while (!left_.empty() && base::is_space(left_.front())) left_.remove_prefix(1);
  }
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  /// A whole word, any case.
  bool take_word(std::string_view word) {
    if (!base::istarts_with(left_, word)) return false;
    if (left_.size() > word.size() && base::is_alpha(left_[word.size()])) return false;
    left_.remove_prefix(word.size());
    return true;
  }
  bool number(std::size_t digits, unsigned most, unsigned& to) {
    const auto value = left_.size() < digits ? std::nullopt : base::parse_u32(left_.substr(0, digits));
    if (!value || *value > most) return false;
    left_.remove_prefix(digits);
    to = *value;
    return true;
  }
  bool time(std::uint16_t& to) {
    unsigned h = 0, m = 0;
    if (!number(2, 24, h) || !take(':') || !number(2, 59, m) || (h == 24 && m != 0)) return fail("a time is hh:mm");
    to = static_cast<std::uint16_t>(h * 60 + m);
    return true;
  }
  bool moment(std::optional<sys_seconds>& to, bool until) {
    if (to) return fail("said twice");
    skip();
    unsigned y = 0, m = 0, d = 0;
    if (!number(4, 9000, y) || !take('-') || !number(2, 12, m) || !take('-') || !number(2, 31, d) || y < 1970)
      return fail("a date is yyyy-mm-dd");
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(y)), std::chrono::month(m), std::chrono::day(d));
    if (!date.ok()) return fail("no such day");
    skip();
    std::uint16_t minute = 0;
    if (!left_.empty() && base::is_digit(left_.front())) {
      if (!time(minute)) return false;
    } else if (until) {
      minute = day_minutes;
    }
    to = std::chrono::sys_days(date) + minutes(minute);
    return true;
  }
  bool day(unsigned& to) {
    for (unsigned d = 0; d < 7; ++d)
      if (take_word(day_names[d])) {
        to = d;
        return true;
      }
    return false;
  }
  bool day_set(std::uint8_t& to) {
    if (take_word("daily")) return to = 0x7f, true;
    if (take_word("weekdays")) return to = 0x1f, true;
    if (take_word("weekends")) return to = 0x60, true;
    unsigned first = 0, last = 0;
    if (!day(first)) return false;
    last = first;
    skip();
    if (take('-')) {
      skip();
      if (!day(last)) return fail("a day is missing");
    }
    to = 0;
    for (auto d = first;; d = (d + 1) % 7) {
      to |= static_cast<std::uint8_t>(1u << d);
      if (d == last) return true;
    }
  }
  bool clause(schedule& s) {
    if (take_word("always")) return true;
    if (take_word("never")) return s.never_ = true;
    if (take_word("from")) return moment(s.from_, false);
    if (take_word("until")) return moment(s.until_, true);
    if (take_word("zone")) {
      skip();
      const auto rule = base::trim(left_.substr(0, left_.find(';')));
      const auto zone = time_zone::parse(rule);
      if (!zone) return fail("no time zone rule");
      s.zone_ = *zone;
      left_.remove_prefix(rule.size());
      return true;
    }
    do {
      if (!one_window(s)) return false;
      skip();
    } while (take(','));
    return true;
  }
  /// Days, hours, or both.
  bool one_window(schedule& s) {
    window w;
    skip();
    const bool has_days = day_set(w.days);
    if (!has_days && !error_.what.empty()) return false;
    skip();
    const bool has_hours = !left_.empty() && base::is_digit(left_.front());
    if (!has_days && !has_hours) return fail("days or hours are missing");
    if (has_hours) {
      if (!time(w.from_minute)) return false;
      skip();
      if (!take('-')) return fail("hours are hh:mm-hh:mm");
      skip();
      if (!time(w.until_minute)) return false;
      if (w.from_minute == w.until_minute || w.from_minute == day_minutes) return fail("hours without length");
    }
    if (s.windows_.size() == schedule_windows_max) return fail("too many windows");
    s.windows_.push_back(w);
    return true;
  }

  std::string_view all_, left_;
  schedule_error error_;
};

base::result<schedule, schedule_error> schedule::parse(std::string_view text) { return reader(text).read(); }

schedule schedule::never() {
  schedule s;
  s.never_ = true;
  return s;
}

bool schedule::open(base::wall_time now) const noexcept {
  if (never_) return false;
  if (always()) return true;
  const auto local = std::chrono::floor<seconds>(now) + zone_.offset(now);
  if ((from_ && local < *from_) || (until_ && local >= *until_)) return false;
  if (windows_.empty()) return true;
  const auto today = week_day(local), yesterday = (today + 6) % 7;
  const auto minute = static_cast<std::uint16_t>((local - std::chrono::floor<days>(local)) / minutes(1));
  return std::any_of(windows_.begin(), windows_.end(), [&](const window& w) {
    const bool on_today = (w.days >> today & 1) != 0, on_yesterday = (w.days >> yesterday & 1) != 0;
    if (w.from_minute < w.until_minute) return on_today && minute >= w.from_minute && minute < w.until_minute;
    return (on_today && minute >= w.from_minute) || (on_yesterday && minute < w.until_minute);
  });
}

std::optional<base::wall_time> schedule::next_change(base::wall_time now) const {
  if (never_ || always()) return {};
  const bool is = open(now);
  auto start = now;
  std::vector<base::wall_time> moments;
  if (from_) {
    moments.push_back(zone_.from_local(*from_));
    start = std::max(start, moments.back()); // before it nothing else changes
  }
  if (until_) moments.push_back(zone_.from_local(*until_));
  // Windows repeat after a week; the days beyond it cover hours that clocks leave out or repeat.
  const auto first_day = std::chrono::floor<days>(std::chrono::floor<seconds>(start) + zone_.offset(start)) - days(1);
  for (int d = 0; d <= 10; ++d)
    for (const auto& w : windows_)
      for (const auto minute : {w.from_minute, w.until_minute}) {
        const auto local = first_day + days(d) + minutes(minute);
        moments.push_back(zone_.from_local(local));
        moments.push_back(local - zone_.offset(moments.back() + std::chrono::hours(3))); // the second of an hour that repeats
      }
  // Where the clocks change, a window may begin or end between its own hours.
  if (!windows_.empty())
    for (int d = 0; d <= 10; ++d) {
      const auto a = zone_.from_local(first_day + days(d)), b = zone_.from_local(first_day + days(d + 1));
      if (zone_.offset(a) == zone_.offset(b)) continue;
      auto low = a, high = b;
      while (high - low > minutes(1)) {
        const auto middle = std::chrono::floor<minutes>(low + (high - low) / 2);
        (zone_.offset(middle) == zone_.offset(a) ? low : high) = middle;
      }
      moments.push_back(high);
    }
  std::sort(moments.begin(), moments.end());
  for (const auto m : moments)
    if (m > now && open(m) != is) return m;
  return {};
}

std::string schedule::to_text() const {
  if (never_) return "never";
  if (always()) return "always";
  std::string out;
  const auto begin = [&](std::string_view word) {
    if (!out.empty()) out += "; ";
    out += word;
  };
  if (from_) {
    begin("from ");
    append_moment(out, *from_);
  }
  if (until_) {
    begin("until ");
    append_moment(out, *until_);
  }
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const auto& w = windows_[i];
    // Days that are no range become several windows.
    std::vector<std::pair<unsigned, unsigned>> ranges;
    for (unsigned d = 0; d < 7; ++d) {
      if ((w.days >> d & 1) == 0) continue;
      if (!ranges.empty() && ranges.back().second + 1 == d) ranges.back().second = d;
      else ranges.emplace_back(d, d);
    }
    if (ranges.size() == 2 && ranges.front().first == 0 && ranges.back().second == 6) // over the weekend: fri-mon
      ranges = {{ranges.back().first, ranges.front().second}};
    for (const auto& [first, last] : ranges) {
      if (i == 0 && &first == &ranges.front().first) begin("");
      else out += ", ";
      if (w.days == 0x7f) {
        out += "daily";
      } else {
        out += day_names[first];
        if (last != first) out.append("-").append(day_names[last]);
      }
      if (w.from_minute == 0 && w.until_minute == day_minutes) continue;
      out.push_back(' ');
      append_time(out, w.from_minute);
      out.push_back('-');
      append_time(out, w.until_minute);
    }
  }
  if (!(zone_ == time_zone{})) {
    begin("zone ");
    out += zone_.rule();
  }
  return out;
}

} // namespace rookery::delivery
