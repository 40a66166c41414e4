/// Every bound of HTTP, with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::http {

struct limits {
  std::size_t request_line_octets = 8192; ///< RFC 9112 §3 asks for at least 8000; above: 414.
  std::size_t head_octets = 32 * 1024;    ///< Request line and fields; above: 431.
  std::size_t fields = 100;               ///< Above: 431.
  std::uint64_t body_octets = 1024 * 1024; ///< Config documents are smaller; above: 413.
  std::size_t chunk_head_octets = 256;    ///< Size and extensions of one chunk; above: 400.
  std::size_t trailer_octets = 8192;      ///< Fields behind the last chunk; above: 400.
  std::size_t ahead_octets = 64 * 1024;   ///< Pipelined octets kept while an answer is made.
  std::size_t requests = 10'000;          ///< On one connection; the last one is answered with close.
  std::chrono::seconds head_time{30};     ///< From the first octet of a request to its empty line; after: 408.
  std::chrono::seconds body_time{30};     ///< Between two pieces of a body; after: 408.
  std::chrono::seconds answer_time{60};   ///< A client that takes nothing of an answer for so long is cut.
  std::chrono::seconds idle_time{60};     ///< Between two requests; after: closed without a word.
};

} // namespace rookery::http
