/// Local time by a rule in text, so that "mon-fri 08:00-17:00" means the operator's hours.
///
/// The text is that of the variable TZ: "UTC", "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3".
/// Source: POSIX.1-2017 §8.3 (the form with rules; not ":name"). The files below
/// /usr/share/zoneinfo end with such a line. A value; thread-safe.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::delivery {

class time_zone {
public:
  /// UTC.
  time_zone() = default;
  /// Nothing when the text is no rule or longer than 100 octets.
  static std::optional<time_zone> parse(std::string_view rule);

  /// Local time minus UTC at this moment.
  std::chrono::seconds offset(base::wall_time) const noexcept;
  /// The moment at which the local clocks show this. An hour that is left out counts as
  /// the one after it; of one that comes twice the first is meant.
  base::wall_time from_local(std::chrono::sys_seconds local) const noexcept;
  const std::string& rule() const noexcept { return rule_; }
  friend bool operator==(const time_zone& a, const time_zone& b) noexcept { return a.rule_ == b.rule_; }

private:
  /// When the clocks change: Mm.w.d/time, Jn/time or n/time.
  struct change {
    enum class kind : std::uint8_t { month_week_day, day_without_leap, day } what = kind::month_week_day;
    std::uint16_t day = 0;
    std::uint8_t month = 0, week = 0;
    std::int32_t seconds = 7200;
    std::chrono::sys_seconds local_in(int year) const noexcept;
  };
  class reader;

  std::string rule_ = "UTC";
  std::int32_t standard_ = 0, summer_ = 0; ///< seconds east of UTC
  bool has_summer_ = false;
  change begin_, end_;
};

} // namespace rookery::delivery
