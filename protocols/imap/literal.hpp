/// The announcement of a literal at the end of a line: {12}, {12+}, ~{12}, ~{12+}.
///
/// Source: RFC 9051 §4.3, §9 `literal`, `literal8`; RFC 7888 (non-synchronizing).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rookery::imap {

struct literal {
  std::uint64_t octets = 0;
  bool sync = true;         ///< the client waits for "+" before it sends them
  bool binary = false;      ///< literal8
  std::size_t begin = 0;    ///< where the announcement begins in the line
};

/// The literal that a line (without CRLF) ends with. A number above 2^63-1 is no literal.
std::optional<literal> find_literal(std::string_view line) noexcept;

} // namespace rookery::imap
