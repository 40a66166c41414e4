/// Streams of chat clients over WebSockets: /xmpp-websocket of the web service.
///
/// Source: RFC 7395. The connection of the request becomes the stream's.
#pragma once

#include "actors/http/web_host.hpp"
#include "actors/node.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <functional>
#include <memory>

namespace rookery::actors {

class chat_router;

inline constexpr std::string_view websocket_path = "/xmpp-websocket";

/// What streams of the web service offer; asked for each of them.
using stream_settings_source = std::function<std::shared_ptr<const xmpp::stream_settings>()>;

/// `node` and `router` must outlive it.
web_part make_websocket_part(node&, chat_router&, stream_settings_source);

} // namespace rookery::actors
