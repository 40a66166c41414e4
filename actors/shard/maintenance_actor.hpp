/// Gives disk space back: checkpoints, removes segments that nobody needs, and rewrites
/// those that are mostly dead, at a bounded rate. One a node, detached, never in a hurry.
#pragma once

#include "actors/shard/commit_gate.hpp"
#include "storage/body/body_reader.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace rookery::actors {

struct maintenance_parts {
  caf::actor log;
  std::vector<caf::actor> machines;           ///< by shard number; 0 has no bodies
  std::shared_ptr<commit_gate> gate;
  std::shared_ptr<storage::body_reader> bodies;
  std::chrono::milliseconds interval{60'000};   ///< between two rounds
  std::chrono::milliseconds step_rest{100};   ///< between two steps of a rewrite: about 10 MiB/s
};

caf::actor spawn_maintenance(caf::actor_system&, std::shared_ptr<maintenance_parts>);

} // namespace rookery::actors
