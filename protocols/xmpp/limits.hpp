/// Every bound of a client's stream, with its unit, its default and the reason for it.
#pragma once

#include "protocols/xml/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::xmpp {

struct stream_limits {
  /// Octets of one element before the login. Beyond it: policy-violation, as for every limit of XML.
  std::size_t login_octets = 16 * 1024;
  /// Octets of one stanza after it; announced (XEP-0478). RFC 6120 §13.12 wants 10,000 at least.
  std::size_t stanza_octets = 256 * 1024;
  /// The further bounds of its XML.
  xml::limits xml;
  /// Input kept while the stream is busy; then `wants_input` is false.
  std::size_t input_octets = 32 * 1024;
  /// Output that waits for a peer that does not read. Beyond it the stream ends without a word.
  std::size_t output_octets = 2u << 20;
  /// Stanzas whose handling is not finished (not on the disk yet); then no more are read.
  std::uint32_t unhandled_stanzas = 500;
  /// Stanzas, and their octets, that the client has not acknowledged (XEP-0198). Beyond it the stream ends.
  std::size_t unacknowledged_stanzas = 5'000;
  std::size_t unacknowledged_octets = 4u << 20;
  /// A stream may send so many octets a second after a burst; a faster one is read more slowly. 0: no bound.
  std::uint64_t octets_a_second = 2u << 20;
  std::uint64_t burst_octets = 8u << 20;
  /// Failed logins, then policy-violation (RFC 6120 §6.4.5).
  std::uint32_t authentication_failures = 5;
  /// From the connection until a resource is bound.
  std::chrono::seconds login_time{60};
  /// Without a word from the client for so long, a space or a request for an acknowledgement is sent: so that
  /// the death of the other side is found out.
  std::chrono::seconds idle_time{300};
  /// An acknowledgement that was asked for comes within this, or the connection is dead.
  std::chrono::seconds acknowledgement_time{180};
};

} // namespace rookery::xmpp
