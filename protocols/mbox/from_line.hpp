/// The line that begins each message of an mbox file: "From sender Thu Nov 21 20:00:00 2026".
///
/// Source: RFC 4155, appendix A; and what other programs write (time zones, RFC 5322 dates).
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::mbox {

struct from_line {
  std::string_view sender;     ///< a view into the line
  base::wall_time received{};
};

/// Nothing when the line (without its end) is none: "From " alone is no separator, a date must stand there.
/// Without a zone the date is taken for UTC.
std::optional<from_line> read_from_line(std::string_view line) noexcept;
/// With LF; in UTC.
std::string write_from_line(std::string_view sender, base::wall_time received);

} // namespace rookery::mbox
