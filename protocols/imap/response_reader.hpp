/// Cuts what a server sends into responses: lines with their literals in place, and the octets
/// of messages as they come.
///
/// Source: RFC 9051 §4.3, §7. A literal behind a section (BODY[…] {n}) of a FETCH streams and
/// leaves "" in the text; every other one is kept in the text ("{5}\r\nhello"), so that the
/// whole can be read by `word_reader`. Human text (OK, NO, BAD, BYE, PREAUTH, +) has no literals.
/// Bounded by client_limits: response_octets, literal_octets, message_octets.
#pragma once

#include "base/bytes.hpp"
#include "protocols/imap/client_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::imap {

class response_reader {
public:
  explicit response_reader(const client_limits& limits) : limits_(&limits) {}

  enum class found : std::uint8_t {
    nothing,        ///< More input is needed.
    response,       ///< `text()` is whole.
    message_begin,  ///< `announced` octets of a message come; `text()` is what stands before.
    message_octets, ///< `octets`
    too_long        ///< Above a limit: nothing behind it can be understood.
  };
  struct step {
    found what = found::nothing;
    std::size_t used = 0;          ///< Octets of `in` that are done with.
    base::const_bytes octets;      ///< A view into `in`.
    std::uint64_t announced = 0;
  };
  /// Reads from the front of `in` up to the next thing found.
  step read(base::const_bytes in);
  /// Without the CRLF at the end. Lives until the next `read`.
  std::string_view text() const noexcept { return text_; }

private:
  bool begin_literal();
  bool may_hold_literals() const noexcept;
  bool at_section(std::size_t literal_begin) const noexcept;

  const client_limits* limits_; ///< Outlives the reader.
  std::string text_;
  std::size_t line_ = 0;        ///< Where the present line begins in the text.
  std::uint64_t left_ = 0;      ///< Of the present literal.
  bool streaming_ = false, done_ = false;
};

} // namespace rookery::imap
