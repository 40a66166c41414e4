/// Every bound of a stream between servers, with its unit, its default and what happens beyond it.
#pragma once

#include "protocols/xml/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::xmpp::federation {

struct peer_limits {
  /// Octets of one element before the other server has proved its domain: policy-violation, as for every limit of XML.
  std::size_t early_octets = 16 * 1024;
  /// Octets of one stanza; announced (XEP-0478).
  std::size_t stanza_octets = 256 * 1024;
  /// The further bounds of its XML.
  xml::limits xml;
  /// Input kept while the stream is busy; then `wants_input` is false.
  std::size_t input_octets = 64 * 1024;
  /// Output that waits for a peer that does not read. Beyond it the stream ends without a word.
  std::size_t output_octets = 8u << 20;
  /// Stanzas whose handling is not finished; then no more are read.
  std::uint32_t unhandled_stanzas = 2'000;
  /// Octets a second after a burst; a faster peer is read more slowly. 0: no bound.
  std::uint64_t octets_a_second = 8u << 20;
  std::uint64_t burst_octets = 32u << 20;
  /// Pairs of domains that prove themselves on one stream (XEP-0220 §2.6): policy-violation.
  std::size_t pairs = 100;
  /// Keys of dialback that are being asked for: policy-violation.
  std::size_t open_keys = 20;
  /// Octets of a key and of a stream's id.
  std::size_t key_octets = 512;
  /// Failed proofs, then policy-violation.
  std::uint32_t failures = 10;
  /// From the connection until stanzas may pass: connection-timeout.
  std::chrono::seconds setup_time{60};
  /// From a request for an acknowledgement (XEP-0198) until it comes: connection-timeout.
  std::chrono::seconds acknowledgement_time{180};
  /// Without a stanza for so long the stream is closed.
  std::chrono::seconds idle_time{600};
};

} // namespace rookery::xmpp::federation
