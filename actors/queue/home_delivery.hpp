/// Takes mail out of the spool to the node where its recipients are at home, over a stream.
///
/// One for each home that mail waits for, detached. A home that is not reached is tried again every second while mail waits, and
/// when it is there all of that is due; meanwhile the mail follows the plan of the queue as any other.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace rookery::actors {

struct home_delivery_parts {
  node* of = nullptr;
  std::string destination;              ///< delivery::home_key
  std::uint64_t volume = 0;
  caf::actor dispatch, record;
};
/// Child of dispatch, as a destination_actor.
caf::actor spawn_home_delivery(caf::local_actor& parent, std::shared_ptr<home_delivery_parts>);

} // namespace rookery::actors
