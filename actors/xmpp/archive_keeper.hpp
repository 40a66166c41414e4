/// Lets old messages go: once a night, what archives have from before the days that their domain keeps.
///
/// One a node, scheduled; what waits for the disk has a thread of its own that night.
#pragma once

#include "actors/node.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace rookery::actors {

class chat_router;

/// For how long an owner's archive is kept, by storage/chat/owner.hpp; nothing: for ever.
using archive_days = std::function<std::optional<std::uint64_t>(std::string_view owner)>;

/// Looks at all owners and commits what is to go, some thousands at a time. Blocks. How many messages went; an error when
/// something could not be kept: the next night does the rest.
base::result<std::uint64_t> drop_old_messages(node&, const archive_days&, base::wall_time now);

/// How long until it is two o'clock (UTC) again.
std::chrono::seconds until_night(base::wall_time now);

/// Messages of people by chat_archive_days of their domain, those of rooms by chat_room_archive_days. `router` outlives it.
caf::actor spawn_archive_keeper(caf::actor_system&, node&, const chat_router& router);

} // namespace rookery::actors
