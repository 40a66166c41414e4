/// How an HTTP request becomes a WebSocket.
///
/// Source: RFC 6455 §4.2.
#pragma once

#include "protocols/http/field.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rookery::websocket {

/// What is answered: 101 with `fields` (Connection is added by http::server_session::upgrade), or a refusal.
struct handshake {
  std::uint16_t status = 101;
  http::field_list fields;
  std::string why;             ///< of a refusal, a line of text
};
/// `protocol` is the only subprotocol we speak (§1.9): who does not offer it is refused. No extensions are taken.
handshake answer_handshake(std::string_view method, std::span<const http::field> request, std::string_view protocol);

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (§4.2.2).
std::string accept_key(std::string_view key);

} // namespace rookery::websocket
