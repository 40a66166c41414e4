/// Every bound of the POP3 client session: what a server elsewhere may make us hold or wait for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::pop3 {

struct client_limits {
  /// One line of an answer or a listing. RFC 2449 §4 has 512; some servers tell stories.
  /// Above it the session ends, because what follows cannot be understood.
  std::size_t line_octets = 4096;
  /// Input kept while the host is busy; then `wants_input` is false.
  std::size_t input_octets = 64 * 1024;
  /// Lines of CAPA that are looked at; more are read over.
  std::size_t capability_lines = 100;
  /// Messages of a maildrop (8 octets each are kept). Above it the session ends.
  std::uint32_t messages = 500'000;
  /// RFC 1939 §7: a unique id has 1 to 70 characters. Longer ones count as none.
  std::size_t uid_octets = 70;
  /// Octets of one message, whatever LIST said. Above it the session ends.
  std::uint64_t message_octets = 1u << 30;
  /// Commands sent ahead of their answers where the server has PIPELINING.
  std::size_t pipelined_commands = 16;
  /// Retrievals and removals that the host may ask ahead.
  std::size_t asked_ahead = 1000;
  /// From the connection to the greeting.
  std::chrono::seconds greeting_time{120};
  /// From a command to the first line of its answer.
  std::chrono::seconds reply_time{180};
  /// Between two pieces of a listing or a message.
  std::chrono::seconds stall_time{180};
};

} // namespace rookery::pop3
