/// Every bound of a POP3 session, with its unit, its default and the reason for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::pop3 {

struct limits {
  /// A command line with its line end. RFC 2449 §4 asks for 255; addresses and passwords
  /// of today are longer. Above it -ERR, and the line is read over.
  std::size_t line_octets = 1024;
  /// An AUTH line with an initial response, or an answer to a challenge (RFC 4954 §4 has
  /// the same bound for SMTP).
  std::size_t auth_line_octets = 12'288;
  /// Pipelined octets kept while a question is open; then `wants_input` is false.
  std::size_t input_octets = 32 * 1024;
  /// While so much output waits no further command is read: a peer that asks and does
  /// not read costs no more than this and one piece of a message.
  std::size_t output_octets = 128 * 1024;
  /// Unknown or malformed commands, then the session ends.
  std::uint32_t errors = 20;
  /// Failed logins, then the session ends.
  std::uint32_t authentication_failures = 5;
  /// From the greeting to the login, whatever is said meanwhile.
  std::chrono::seconds login_time{180};
  /// RFC 1939 §3: at least ten minutes without a word before an autologout.
  std::chrono::seconds idle_time{600};
};

} // namespace rookery::pop3
