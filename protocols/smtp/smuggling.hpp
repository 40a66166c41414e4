/// The line-end rules, alone in one file because they matter.
///
/// Only CRLF ends a line and only CRLF "." CRLF ends the data (RFC 5321 §2.3.8, §4.1.1.4). A bare
/// CR or a bare LF is nothing of the kind, and where one stands, two servers may see two different
/// messages: so the message is refused and read to its true end.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace rookery::smtp {

enum class line_fault : std::uint8_t { none, bare_cr, bare_lf, too_long };

/// Finds what may not simply be passed on, wherever the octets were cut. Begins at the
/// start of a line.
class line_scanner {
public:
  enum class stop : std::uint8_t {
    end_of_input, ///< everything may pass
    dot,          ///< a line begins with '.', which stands at `at`
    fault         ///< see `fault()`; it stands at or before `at`
  };
  struct found {
    stop why = stop::end_of_input;
    std::size_t at = 0; ///< octets before it may pass
  };
  /// `dots` false for BDAT. After `dot` the caller scans on behind it, having said what stood there.
  found scan(base::const_bytes octets, bool dots) noexcept;
  /// The caller has taken the octet '.' at the start of a line.
  void skip_dot() noexcept { at_line_start_ = false; last_cr_ = false; ++line_octets_; }
  /// The text ends here: is a CR left alone?
  bool ends_clean() const noexcept { return !last_cr_; }
  bool at_line_start() const noexcept { return at_line_start_; }
  line_fault fault() const noexcept { return fault_; }
  void restart(std::size_t text_line_octets_max) noexcept {
    *this = line_scanner();
    line_octets_max_ = text_line_octets_max;
  }

private:
  bool last_cr_ = false;
  bool at_line_start_ = true;
  line_fault fault_ = line_fault::none;
  std::size_t line_octets_ = 0;     ///< of the line so far
  std::size_t line_octets_max_ = 1u << 20;
};

/// Finds the end of refused data: CRLF "." CRLF, nothing else, wherever it is cut.
class end_finder {
public:
  /// Begins where the scanner stands.
  void restart(const line_scanner& s) noexcept { matched_ = !s.ends_clean() ? 1 : s.at_line_start() ? 2 : 0; }
  /// Octets up to and with the end, or `npos` when it is not among them.
  std::size_t find(base::const_bytes octets) noexcept;
  static constexpr std::size_t npos = base::const_bytes::npos;

private:
  unsigned matched_ = 0; ///< how much of CR LF . CR LF has passed
};

} // namespace rookery::smtp
