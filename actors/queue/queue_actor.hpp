/// One queue of the operator's: what it holds in numbers, and the work that is done on all or
/// some of its messages at once.
///
/// One a queue name, child of dispatch. Which messages leave and when is the dispatcher's; this
/// actor speaks for the queue as a whole. A job runs in a short-lived actor of its own, since it
/// reads the spool's tree; one at a time for a queue.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "storage/queue/spool_machine.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <string>

namespace rookery::actors {

/// Messages that came into the queue and left it.
struct queue_moves {
  std::uint64_t came = 0, left = 0;
};

enum class queue_action : std::uint8_t {
  count,   ///< nothing but look
  hold,    ///< `argument`: why
  release,
  remove,
  retry,   ///< due at once
  move     ///< `argument`: the queue
};
/// Does something to the messages of this queue that match (`filter.queue` is ignored). Answered with
/// queue_job_done, with an error when another job runs, or when the log refuses.
struct queue_job {
  queue_action what = queue_action::count;
  storage::queue::spool_filter filter;
  std::string argument;
};
struct queue_job_done {
  std::uint64_t matched = 0;   ///< when looked at
  std::uint64_t changed = 0;
};

caf::actor spawn_queue(caf::local_actor& parent, node&, std::string name);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::queue_moves)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::queue_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::queue_job_done)
