/// Rooms behind the router of stanzas: what goes to `conference.<domain>` comes to them, what they send goes its way.
#pragma once

#include "actors/node.hpp"
#include "actors/xmpp/rooms/room_service.hpp"

#include <memory>

namespace rookery::actors {

class chat_router;

/// At start, before connections are accepted; blocks while the list of rooms is read. `router` outlives it.
std::shared_ptr<room_service> open_rooms(node&, chat_router& router);

} // namespace rookery::actors
