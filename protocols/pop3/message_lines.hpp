/// A message on its way to a POP3 client: octets in, dot-stuffed octets out.
///
/// Source: RFC 1939 §3 (multi-line responses), §7 TOP. The octets of the message are
/// kept exactly; a dot is put before every dot that begins a line, where a line also
/// begins behind a bare LF: most clients read lines by LF, and ".": CR LF behind one
/// would end the message for them (and the rest of it would be read as answers).
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rookery::pop3 {

class message_lines {
public:
  /// `body_lines`: only the header, the empty line and so many lines of the body.
  explicit message_lines(std::optional<std::uint32_t> body_lines = std::nullopt)
      : lines_left_(body_lines.value_or(0)), whole_(!body_lines) {}

  /// Appends a piece, cut anywhere. Drives by memchr, copies once.
  void write(base::const_bytes octets, base::buffer& out);
  /// Appends what ends the response: CRLF if the last line has none, then ".".
  void end(base::buffer& out);
  /// False once TOP has all it asked for: more octets would be dropped.
  bool wants_more() const noexcept { return whole_ || in_header_ || lines_left_ > 0; }

private:
  base::const_bytes part_for_top(base::const_bytes octets);
  std::uint32_t lines_left_;
  bool whole_;
  bool in_header_ = true;
  bool line_blank_ = true;  ///< Nothing but CR in this line so far.
  bool line_begins_ = true; ///< The last octet was LF, or there was none.
  bool crlf_ = true;        ///< The last two octets were CRLF, or there were none.
  bool cr_ = false;         ///< The last octet was CR.
};

} // namespace rookery::pop3
