#include "protocols/mime/date.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rookery::mime {
namespace {

constexpr std::size_t value_octets_max = 256;
constexpr std::string_view months = "janfebmaraprmayjunjulaugsepoctnovdec";
constexpr std::array<const char*, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> day_names = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};

struct zone {
  const char* name;
  std::int16_t minutes;
};
/// RFC 5322 §4.3, then names that the wild uses without ambiguity enough to matter.
constexpr zone zones[] = {{"ut", 0},      {"utc", 0},     {"gmt", 0},     {"z", 0},       {"est", -300},  {"edt", -240},
                          {"cst", -360},  {"cdt", -300},  {"mst", -420},  {"mdt", -360},  {"pst", -480},  {"pdt", -420},
                          {"wet", 0},     {"west", 60},   {"bst", 60},    {"cet", 60},    {"met", 60},    {"mez", 60},
                          {"cest", 120},  {"mest", 120},  {"mesz", 120},  {"eet", 120},   {"eest", 180},  {"msk", 180},
                          {"msd", 240},   {"jst", 540},   {"kst", 540},   {"hst", -600},  {"akst", -540}, {"akdt", -480},
                          {"aest", 600},  {"aedt", 660},  {"nzst", 720},  {"nzdt", 780},  {"hkt", 480},   {"sgt", 480}};

struct token {
  enum class what : std::uint8_t { number, word, zone_offset } kind = what::number;
  std::string_view text;
  bool colon_after = false;
};

unsigned days_in(std::int32_t year, unsigned month) {
  static constexpr std::array<std::uint8_t, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

unsigned month_of(std::string_view word) {
  if (word.size() < 3) return 0;
  std::array<char, 3> low{};
  std::transform(word.begin(), word.begin() + 3, low.begin(), base::ascii_lower);
  for (unsigned m = 0; m < 12; ++m)
    if (months.substr(m * 3, 3) == std::string_view(low.data(), 3)) return m + 1;
  return 0;
}

class reader {
public:
  explicit reader(std::string_view in) : in_(in.substr(0, value_octets_max)) {}

  std::optional<token> next() {
    skip();
    if (at_ == in_.size()) return {};
    const auto begin = at_;
    token t;
    const char c = in_[at_];
    if (base::is_digit(c)) {
      while (at_ < in_.size() && base::is_digit(in_[at_])) ++at_;
      t.kind = token::what::number;
      t.text = in_.substr(begin, at_ - begin);
      t.colon_after = behind_space() == ':' || (look() == '.' && at_ + 1 < in_.size() && base::is_digit(in_[at_ + 1]));
      return t;
    }
    if (base::is_alpha(c)) {
      while (at_ < in_.size() && base::is_alpha(in_[at_])) ++at_;
      t.kind = token::what::word;
      t.text = in_.substr(begin, at_ - begin);
      return t;
    }
    // "+hhmm", "-hh:mm"; elsewhere a sign separates, as in "1-Jul-2003".
    ++at_;
    t.kind = token::what::zone_offset;
    while (at_ < in_.size() && base::is_digit(in_[at_])) ++at_;
    if (at_ - begin == 3 && at_ + 2 < in_.size() && in_[at_] == ':' && base::is_digit(in_[at_ + 1]) && base::is_digit(in_[at_ + 2])) at_ += 3;
    t.text = in_.substr(begin, at_ - begin);
    return t;
  }
  void unread_to(std::size_t at) { at_ = at; }
  std::size_t at() const { return at_; }
  char look() const { return at_ < in_.size() ? in_[at_] : '\0'; }

private:
  /// The next character that is no white space and in no comment.
  char behind_space() const {
    std::size_t depth = 0;
    for (auto i = at_; i < in_.size(); ++i) {
      if (in_[i] == '(') ++depth;
      else if (in_[i] == ')' && depth > 0) --depth;
      else if (depth == 0 && !base::is_space(in_[i])) return in_[i];
    }
    return 0;
  }
  void skip() {
    std::size_t depth = 0;
    for (; at_ < in_.size(); ++at_) {
      const char c = in_[at_];
      if (c == '(') ++depth;
      else if (c == ')' && depth > 0) --depth;
      else if (c == '\\' && depth > 0 && at_ + 1 < in_.size()) ++at_;
      else if (depth == 0 && (base::is_alnum(c) || c == '+' || c == '-')) return;
    }
  }

  std::string_view in_;
  std::size_t at_ = 0;
};

std::uint32_t number_of(std::string_view digits) { return base::parse_u32(digits).value_or(UINT32_MAX); }

void read_zone_offset(std::string_view text, date_time& d) {
  std::string digits;
  for (const char c : text)
    if (base::is_digit(c)) digits.push_back(c);
  if (digits.size() == 2) digits += "00";
  if (digits.size() == 3) digits.insert(digits.begin(), '0');
  const auto n = number_of(digits);
  if (digits.size() != 4 || n / 100 > 23 || n % 100 > 59) return;
  const auto minutes = static_cast<std::int16_t>(n / 100 * 60 + n % 100);
  d.zone_minutes = text[0] == '-' ? static_cast<std::int16_t>(-minutes) : minutes;
  d.zone_known = !(text[0] == '-' && minutes == 0);
}

bool read_zone_name(std::string_view word, date_time& d) {
  for (const auto& z : zones)
    if (base::iequals(word, z.name)) {
      d.zone_minutes = z.minutes;
      d.zone_known = true;
      return true;
    }
  // RFC 5322 §4.3: the one-letter zones were defined wrongly and count as "-0000".
  return false;
}

} // namespace

std::optional<date_time> read_date(std::string_view value) {
  date_time d;
  d.zone_known = false;
  std::uint32_t day = 0, month = 0;
  std::int64_t year = -1;
  bool have_time = false, have_zone = false;
  reader r(value);
  for (int count = 0; count < 24; ++count) {
    const auto t = r.next();
    if (!t) break;
    if (t->kind == token::what::zone_offset) {
      const bool alone = t->text.size() == 1;
      if (!alone && have_time && !have_zone) {
        read_zone_offset(t->text, d);
        have_zone = true;
      } else if (!alone) {
        r.unread_to(r.at() - (t->text.size() - 1)); // The sign separated; what follows is a number.
      }
      continue;
    }
    if (t->kind == token::what::word) {
      if (const auto m = month == 0 ? month_of(t->text) : 0; m != 0) month = m;
      else if (have_time && !have_zone && read_zone_name(t->text, d)) have_zone = true;
      else if (have_time && base::iequals(t->text, "pm") && d.hour < 12) d.hour = static_cast<std::uint8_t>(d.hour + 12);
      else if (have_time && base::iequals(t->text, "am") && d.hour == 12) d.hour = 0;
      continue;
    }
    const auto n = number_of(t->text);
    if (t->colon_after && !have_time && t->text.size() <= 2) {
      // hour ":" minute [":" second ["." fraction]]
      const auto minute = r.next();
      if (!minute || minute->kind != token::what::number) return {};
      const auto m = number_of(minute->text);
      std::uint32_t s = 0;
      if (minute->colon_after) {
        const auto second = r.next();
        if (second && second->kind == token::what::number) {
          s = number_of(second->text);
          if (second->colon_after && r.look() == '.') r.next();
        }
      }
      if (n > 24 || m > 59 || s > 60) return {};
      d.hour = static_cast<std::uint8_t>(n % 24);
      d.minute = static_cast<std::uint8_t>(m);
      d.second = static_cast<std::uint8_t>(std::min(s, 59u));
      have_time = true;
    } else if (t->text.size() >= 4 || (day != 0 && month != 0)) {
      if (t->text.size() == 4 && day == 0 && month == 0 && r.look() == '-') {
        // ISO 8601: year-month-day, then perhaps "T".
        const auto sign = r.at();
        r.unread_to(sign + 1);
        const auto m = r.next();
        if (!m) return {};
        if (m->kind == token::what::number) month = number_of(m->text);
        else month = month_of(m->text);
        if (r.look() == '-') r.unread_to(r.at() + 1);
        const auto the_day = r.next();
        if (!the_day || the_day->kind != token::what::number) return {};
        day = number_of(the_day->text);
        year = n;
      } else if (year < 0) {
        year = n;
        // RFC 5322 §4.3: 00..49 are 2000..2049, 50..99 and three digits count from 1900.
        if (t->text.size() <= 2) year += n < 50 ? 2000 : 1900;
        else if (t->text.size() == 3) year += 1900;
      }
    } else if (day == 0) {
      day = n;
    }
  }
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return {};
  if (day > days_in(static_cast<std::int32_t>(year), month)) return {};
  d.year = static_cast<std::int32_t>(year);
  d.month = static_cast<std::uint8_t>(month);
  d.day = static_cast<std::uint8_t>(day);
  return d;
}

std::int64_t days_from_civil(std::int32_t year, unsigned month, unsigned day) noexcept {
  const std::int64_t y = static_cast<std::int64_t>(year) - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (static_cast<std::int64_t>(month) + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void civil_from_days(std::int64_t days, std::int32_t& year, unsigned& month, unsigned& day) noexcept {
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  day = static_cast<unsigned>(day_of_year - (153 * shifted + 2) / 5 + 1);
  month = static_cast<unsigned>(shifted < 10 ? shifted + 3 : shifted - 9);
  year = static_cast<std::int32_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
}

std::int64_t date_time::day_number() const noexcept { return days_from_civil(year, month, day); }

base::wall_time date_time::utc() const noexcept {
  const auto minutes = day_number() * 1440 + hour * 60 + minute - zone_minutes;
  return base::from_milliseconds((minutes * 60 + second) * 1000);
}

std::string write_date(base::wall_time t, int zone_minutes) {
  zone_minutes = std::clamp(zone_minutes, -1439, 1439);
  const auto seconds = base::to_seconds(t) + zone_minutes * 60;
  const auto days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  const auto second_of_day = static_cast<unsigned>(seconds - days * 86400);
  std::int32_t year = 0;
  unsigned month = 1, day = 1;
  civil_from_days(days, year, month, day);
  const auto two = [](std::string& out, unsigned n) {
    out.push_back(static_cast<char>('0' + n / 10 % 10));
    out.push_back(static_cast<char>('0' + n % 10));
  };
  std::string out = day_names[static_cast<std::size_t>((days % 7 + 7) % 7)];
  out += ", ";
  base::append_number(out, day);
  ((out += ' ') += month_names[month - 1]) += ' ';
  const auto y = static_cast<unsigned>(std::clamp(year, 0, 9999));
  two(out, y / 100);
  two(out, y % 100);
  out += ' ';
  two(out, second_of_day / 3600);
  out += ':';
  two(out, second_of_day / 60 % 60);
  out += ':';
  two(out, second_of_day % 60);
  out += zone_minutes < 0 ? " -" : " +";
  const auto zone = static_cast<unsigned>(zone_minutes < 0 ? -zone_minutes : zone_minutes);
  two(out, zone / 60);
  two(out, zone % 60);
  return out;
}

} // namespace rookery::mime
