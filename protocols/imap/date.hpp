/// IMAP's own dates: the day in SEARCH and the date-time of INTERNALDATE.
///
/// Source: RFC 9051 §9 `date`, `date-time`.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::imap {

/// "1-Feb-1994": days since 1970-01-01; nothing for a day that does not exist.
std::optional<std::int32_t> parse_date(std::string_view text) noexcept;
/// " 1-Feb-1994 21:52:25 -0800" (first digit may be a space or left out).
std::optional<base::wall_time> parse_date_time(std::string_view text) noexcept;
/// Octets that `print_date_time` writes.
inline constexpr std::size_t date_time_octets = 26;
/// " 1-Feb-1994 21:52:25 +0000", always UTC, without quotes; gives the end.
char* print_date_time(char* to, base::wall_time) noexcept;
/// Days since 1970-01-01 of a moment, in UTC.
std::int32_t day_of(base::wall_time) noexcept;

} // namespace rookery::imap
