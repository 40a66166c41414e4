/// Every bound of a WebSocket, with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace rookery::websocket {

struct limits {
  std::size_t message_octets = 256 * 1024; ///< of a message, all fragments together; above: 1009.
  std::size_t fragments = 10'000;          ///< frames of one message: empty ones cost time too; above: 1008.
  std::size_t input_octets = 32 * 1024;    ///< kept unread while nobody asks for events.
  std::chrono::seconds close_time{10};     ///< from our close frame until the peer's; then it is over anyway.
};

} // namespace rookery::websocket
