/// Puts a message into the form in which DATA carries it.
///
/// Source: RFC 5321 §4.5.2 (dots), §2.3.8 (only CRLF ends a line). A bare CR or LF becomes CRLF, so that
/// no peer can see another end of the message than we do.
#pragma once

#include "base/bytes.hpp"
#include "protocols/smtp/smuggling.hpp"

namespace rookery::smtp {

class body_writer {
public:
  /// `dots`: stuff them (DATA); false for BDAT.
  explicit body_writer(bool dots = true) noexcept : dots_(dots) { scanner_.restart(no_limit); }
  /// Appends `octets`, which may be cut anywhere.
  void append(base::buffer& out, base::const_bytes octets);
  /// Ends the last line if it has no end; with `dots` appends the final dot too.
  void finish(base::buffer& out);

private:
  static constexpr std::size_t no_limit = static_cast<std::size_t>(-1) / 2;
  line_scanner scanner_;
  bool dots_;
};

} // namespace rookery::smtp
