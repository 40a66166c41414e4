/// One queue of the operator's: what it holds, and what comes and goes, in numbers.
///
/// One a queue name, child of dispatch. Which messages leave and when is the dispatcher's; the
/// numbers are metrics (`rookery_queue_messages`, `rookery_queue_in_total`, `rookery_queue_out_total`).
#pragma once

#include "actors/node.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <string>

namespace rookery::actors {

/// Messages that came into the queue and left it.
struct queue_moves {
  std::uint64_t came = 0, left = 0;
};

caf::actor spawn_queue(caf::local_actor& parent, node&, std::string name);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::queue_moves)
