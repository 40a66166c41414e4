/// One command line: its verb and what follows.
///
/// Source: RFC 5321 §4.1.1, §2.4 (case of verbs does not matter).
#pragma once

#include <cstdint>
#include <string_view>

namespace rookery::smtp {

enum class verb : std::uint8_t {
  helo, ehlo, lhlo, mail, rcpt, data, bdat, burl, rset, vrfy, expn, help, noop, quit, starttls, auth, etrn, atrn,
  unimplemented, ///< a known verb that nobody needs: TURN, SEND, SOML, SAML, BURL
  foreign,       ///< another protocol speaks: "GET / HTTP/1.1"
  unknown
};

struct command {
  verb what = verb::unknown;
  std::string_view arguments; ///< without the spaces in front and at the end; for MAIL "FROM:<…>"
};

/// `line` without its CRLF.
command read_command(std::string_view line) noexcept;

} // namespace rookery::smtp
