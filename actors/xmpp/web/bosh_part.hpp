/// Streams of chat clients in HTTP requests: /http-bind of the web service.
///
/// Source: XEP-0124, XEP-0206. A session is an actor of its own: a connection without a socket, whose c2s_host has a
/// bosh_wire. Requests find it by their sid and wait for its answer.
#pragma once

#include "actors/http/web_host.hpp"
#include "actors/node.hpp"
#include "actors/xmpp/web/bosh_sessions.hpp"
#include "actors/xmpp/web/websocket_part.hpp"

namespace rookery::actors {

inline constexpr std::string_view bosh_path = "/http-bind";

/// To a session's actor: a request. Answered with bosh_answer.
struct bosh_request {
  std::shared_ptr<xml::element> body;
  std::size_t octets = 0;
};
struct bosh_answer {
  std::string body;
};

/// All of these must outlive it.
web_part make_bosh_part(node&, chat_router&, bosh_sessions&, stream_settings_source);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::bosh_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::bosh_answer)
