/// Carries out what operators want of rooms. Blocks: not in a reactor, not in an actor of the scheduler.
#pragma once

#include "actors/xmpp/rooms/room_order.hpp"
#include "actors/xmpp/rooms/room_service.hpp"
#include "base/result.hpp"

namespace rookery::actors {

/// list, members, history: {"items", "next"}; show and all changes: the room as it is then.
/// Errors: not_found, exists, invalid, over_limit, try_later.
base::result<json::value> carry_out(room_service&, const room_order&);

} // namespace rookery::actors
