/// The one writer of the node log: a detached actor that gathers what waits into one
/// write and one sync, answers, and has the commands applied: small batches here, others by their shards' actors.
///
/// While one batch syncs the next one collects in the mailbox; no timer is needed.
/// With replicas (actors/shard/replica_sink.hpp) they get the octets before the sync here, and a
/// batch is answered and applied when they have it too; meanwhile the next ones are written. What waits
/// for them counts at the gate.
/// A failed sync is never retried: the batch is refused, the gate closes, and
/// `on_failure` ends the node.
#pragma once

#include "actors/shard/commit_gate.hpp"
#include "actors/shard/machine_actor.hpp"
#include "actors/shard/messages.hpp"
#include "actors/shard/replica_sink.hpp"
#include "storage/log/log_writer.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace rookery::actors {

struct log_actor_parts {
  std::unique_ptr<storage::log_writer> writer;
  std::shared_ptr<commit_gate> gate;
  std::vector<caf::actor> machines;     ///< by shard number
  std::vector<std::shared_ptr<machine_actor_parts>> shared; ///< theirs, by shard number: what is quick is applied here
  std::function<void()> on_failure;     ///< called once, in the actor's thread
};

/// Spawns it detached.
caf::actor spawn_log(caf::actor_system&, std::shared_ptr<log_actor_parts>);

/// Sends `request` through the gate. False when the gate refuses: answer "try later".
bool submit_commit(caf::local_actor& from, const caf::actor& log, commit_gate&, commit_request_ptr request);

} // namespace rookery::actors
