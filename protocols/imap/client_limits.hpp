/// Every bound of the IMAP client session: what a server elsewhere may make us hold or wait for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::imap {

struct client_limits {
  /// The text of one response with its small literals. SEARCH of a large mailbox answers in
  /// one line of ten octets a message. Above it the session ends.
  std::size_t response_octets = 1u << 20;
  /// A literal that is no message: names, envelopes.
  std::size_t literal_octets = 65536;
  /// One message. Above it the session ends.
  std::uint64_t message_octets = 1u << 30;
  /// Parentheses inside each other.
  std::size_t depth = 64;
  /// Flags of one message, capabilities of a server: more are read over.
  std::size_t flags = 64;
  std::size_t capabilities = 200;
  /// A mailbox name as UTF-8.
  std::size_t mailbox_octets = 1000;
  /// Input kept while the host is busy; then `wants_input` is false.
  std::size_t input_octets = 64 * 1024;
  /// Commands that the host may ask ahead, and fetches that are sent before their answers.
  std::size_t asked_ahead = 1000;
  std::size_t pipelined_fetches = 16;
  /// From the connection to the greeting; from there to the end of the login in all.
  std::chrono::seconds greeting_time{120};
  std::chrono::seconds login_time{180};
  /// While an answer is awaited: between two signs of life.
  std::chrono::seconds stall_time{180};
  /// RFC 2177: an IDLE is renewed before the server's half hour is over.
  std::chrono::seconds idle_time{1740};
};

} // namespace rookery::imap
