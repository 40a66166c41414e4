/// Writes down what became of attempts: judges by the retry plan, makes the reports that are owed,
/// and commits both in one group, so that a report is written exactly when the outcome is.
///
/// One a node, detached: a report quotes the message's header from the disk.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "base/metrics.hpp"

#include <caf/all.hpp>

#include <memory>

namespace rookery::actors {

struct record_parts {
  node* of = nullptr;
};

/// Understands attempt_started, attempt_result_ptr and attempt_results; tells `tell_dispatch`'s actor
/// transaction_over, or transactions_over.
caf::actor spawn_record(caf::actor_system&, std::shared_ptr<record_parts>);

/// How long what other servers took is not yet recorded here: a crash then sends it twice. Any thread.
base::histogram& recorded_histogram();

/// To record, once, before the first result.
struct tell_dispatch {
  caf::actor dispatch;
};

/// Answered with true when no outcome waits for the log any more.
struct settle_records {};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::settle_records)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::tell_dispatch)
