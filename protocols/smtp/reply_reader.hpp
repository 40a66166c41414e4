/// Replies as a client reads them.
///
/// Source: RFC 5321 §4.2, §4.2.1 (multiline), RFC 2034 (enhanced codes).
#pragma once

#include "base/bytes.hpp"
#include "protocols/smtp/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rookery::smtp {

enum class reply_fault : std::uint8_t {
  none,
  malformed, ///< no code of three digits, or something odd behind it
  too_long   ///< a line, the lines, or all octets pass their limit
};

/// Puts one reply together after another. Lines end with LF, with or without CR before it: answers of
/// odd peers cannot smuggle anything, they are only read.
class reply_reader {
public:
  struct bounds {
    std::size_t line_octets, lines, octets;
  };
  explicit reply_reader(bounds limits) : limits_(limits) {}

  /// Takes lines from the front of `input` up to the end of a reply. `text` has its lines joined by '\n',
  /// without code and enhanced code, control octets as '?'. Nothing while it is not complete, and after a fault.
  std::optional<reply> next(base::buffer& input);
  reply_fault fault() const noexcept { return fault_; }
  /// A reply has begun to come.
  bool within() const noexcept { return lines_ > 0; }
  void restart() noexcept;

private:
  void fail(reply_fault f) noexcept { fault_ = f; }

  bounds limits_;
  reply reply_;
  std::size_t lines_ = 0, octets_ = 0, scanned_ = 0;
  reply_fault fault_ = reply_fault::none;
};

} // namespace rookery::smtp
