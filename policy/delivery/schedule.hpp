/// When something may happen: dates from and until, days of the week, hours.
///
/// One text for queues, forwarding, collection and do-not-disturb:
///     always | never
///     mon-fri 08:00-17:00, sat 10:00-12:00
///     from 2026-12-24; until 2027-01-06 12:00; daily 20:00-06:00; zone CET-1CEST,M3.5.0,M10.5.0/3
/// Days are mon … sun, ranges of them, "daily", "weekdays", "weekends"; without hours the
/// whole day. Hours that end before they begin reach into the next day. `until` a date alone
/// includes that day. Without "zone" the times are UTC. A value; thread-safe.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "policy/delivery/time_zone.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::delivery {

inline constexpr std::size_t schedule_octets_max = 2000;
inline constexpr std::size_t schedule_windows_max = 64;

struct schedule_error {
  std::size_t offset = 0;     ///< where in the text
  std::string_view what;      ///< a literal, for the administrator
};

class schedule {
public:
  /// Always open.
  schedule() = default;
  /// "" is always. Any case, spaces are free.
  static base::result<schedule, schedule_error> parse(std::string_view text);
  static schedule never();

  bool open(base::wall_time now) const noexcept;
  /// The first moment after `now` at which `open` answers otherwise; nothing when it never will.
  std::optional<base::wall_time> next_change(base::wall_time now) const;
  bool always() const noexcept { return !never_ && !from_ && !until_ && windows_.empty(); }
  /// What `parse` reads as the same.
  std::string to_text() const;
  friend bool operator==(const schedule&, const schedule&) noexcept = default;

private:
  struct window {
    std::uint8_t days = 0x7f;                     ///< bit 0 is Monday
    std::uint16_t from_minute = 0, until_minute = 1440;
    friend bool operator==(const window&, const window&) noexcept = default;
  };
  class reader;

  bool never_ = false;
  std::optional<std::chrono::sys_seconds> from_, until_; ///< local time; `until_` is the first moment without
  std::vector<window> windows_;                          ///< none: all hours
  time_zone zone_;
};

} // namespace rookery::delivery
