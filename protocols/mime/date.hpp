/// The Date field (RFC 5322 §3.3 and §4.3): read tolerantly, written exactly.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::mime {

/// A date as its writer's calendar shows it, and the moment it means.
struct date_time {
  std::int32_t year = 1970; ///< 1..9999
  std::uint8_t month = 1;
  std::uint8_t day = 1;
  std::uint8_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;        ///< A leap second is read as 59.
  std::int16_t zone_minutes = 0;  ///< East of UTC.
  bool zone_known = true;         ///< False for "-0000", absent or unknown zones, which count as UTC.

  base::wall_time utc() const noexcept;
  /// Days since 1970 in the writer's own calendar, whatever the zone: what SENTSINCE compares
  /// (RFC 9051 §6.4.4: disregarding time and timezone).
  std::int64_t day_number() const noexcept;
};

/// Nothing when no day, month and year are found. Takes: a missing or wrong day name, missing
/// seconds or time, years of two and three digits (RFC 5322 §4.3), named and military zones,
/// comments, "2003-07-01T10:52:37Z", asctime order, dashes between the parts.
std::optional<date_time> read_date(std::string_view value);

/// "Tue, 1 Jul 2003 10:52:37 +0200" for the zone given in minutes east of UTC (-1439..1439).
std::string write_date(base::wall_time t, int zone_minutes = 0);

/// Days since 1970 to the civil day and back (proleptic Gregorian).
std::int64_t days_from_civil(std::int32_t year, unsigned month, unsigned day) noexcept;
void civil_from_days(std::int64_t days, std::int32_t& year, unsigned& month, unsigned& day) noexcept;

} // namespace rookery::mime
