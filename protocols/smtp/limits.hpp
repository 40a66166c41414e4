/// Every bound of an SMTP session, with its unit, its default and the reason for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::smtp {

struct limits {
  /// Octets of a message as stored. Announced with SIZE (RFC 1870); above it 552 5.3.4.
  std::uint64_t message_octets = 50u << 20;
  /// Accepted recipients a transaction. RFC 5321 §4.5.3.1.8 asks for 100 at least; announced
  /// as RCPTMAX (RFC 9422); above it 452 4.5.3.
  std::uint32_t recipients = 1000;
  /// Transactions a session. Announced as MAILMAX (RFC 9422); above it 421 4.7.0.
  std::uint32_t mails = 100'000;
  /// A command line with its CRLF. RFC 5321 §4.5.3.1.4 asks for 512, extensions add up to
  /// about 2,000 (RFC 3461 §4, RFC 6531 §3.4, RFC 4954 §4.3); above it 500 5.5.2.
  std::size_t line_octets = 4096;
  /// An AUTH line or an answer to its challenge: RFC 4954 §4 asks for 12,288;
  /// above it 500 5.5.6.
  std::size_t auth_line_octets = 12'288;
  /// A line of the message with its CRLF. RFC 5321 §4.5.3.1.6 asks for 1,000; mail in the wild
  /// has far longer ones, and nothing here copies a line. Above it 550 5.6.0.
  std::size_t text_line_octets = 1u << 20;
  /// Faulty commands since the last accepted message, then 421 4.7.0.
  std::uint32_t errors = 20;
  /// Refused recipients since the last accepted message (guessing of addresses), then 421 4.7.0.
  std::uint32_t refused_recipients = 100;
  /// Commands that do not bring a message nearer (NOOP, RSET, VRFY, EHLO …) since the last
  /// accepted message, then 421 4.7.0.
  std::uint32_t idle_commands = 1000;
  /// Failed logins, then 421 4.7.0.
  std::uint32_t authentication_failures = 5;
  /// Octets kept unparsed while a question is open; then `wants_input` is false.
  std::size_t input_octets = 128 * 1024;
  /// Octets of a refused message that are read and dropped before the session gives up with
  /// 421, beyond `message_octets`: a client may have sent much before it can see the refusal.
  std::uint64_t dropped_octets = 100u << 20;

  /// RFC 5321 §4.5.3.2.7: at least 5 minutes for the next command.
  std::chrono::seconds command_time{300};
  /// Without an octet within a message. RFC 5321 §4.5.3.2.5 gives the client 3 minutes.
  std::chrono::seconds data_time{300};
  /// For a whole message, however steadily it drips.
  std::chrono::seconds message_time{3600};

  /// Domains that one ATRN may name (RFC 2645 §5.2); above it 501 5.5.4.
  std::uint32_t turned_domains = 100;

  /// RFC 2852 §4: the least by-time that is accepted in mode R.
  std::chrono::seconds deliver_by_least{0};
  /// RFC 4865 §4: how long mail may be held; 0 = FUTURERELEASE is not offered.
  std::chrono::seconds hold_most{30 * 24 * 3600};
};

/// RFC 5321 §4.5.3.1.1 to .3 ask for 64, 255 and 256; variable envelope return paths are longer.
inline constexpr std::size_t local_part_octets_max = 255;
inline constexpr std::size_t domain_octets_max = 255;
/// RFC 3461 §4.2: ORCPT with its type.
inline constexpr std::size_t original_recipient_octets_max = 500;
inline constexpr std::size_t path_octets_max = 1024; ///< with a source route

} // namespace rookery::smtp
