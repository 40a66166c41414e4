/// A message on its way from a POP3 server: dot-stuffed octets in, the message out.
///
/// Source: RFC 1939 §3 (multi-line responses). A line begins behind CRLF only: the answer
/// ends at CRLF "." CRLF and nowhere else, whatever bare CR and LF a message holds.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>

namespace rookery::pop3 {

class multi_line_reader {
public:
  struct piece {
    base::const_bytes octets; ///< Of the message; a view into `in`.
    std::size_t used = 0;     ///< Octets of `in` that are done with; 0: more input is needed.
    bool ended = false;
  };
  /// Reads some from the front of `in`. What it does not use is given again with more behind it.
  piece read(base::const_bytes in) noexcept;

private:
  bool line_begins_ = true;
};

} // namespace rookery::pop3
