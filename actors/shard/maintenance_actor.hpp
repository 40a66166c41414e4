/// Gives disk space back: checkpoints, removes segments that nobody needs, and rewrites
/// those that are mostly dead, at a bounded rate. One a log (a volume's, the configuration's), detached, never in a hurry.
#pragma once

#include "actors/shard/commit_gate.hpp"
#include "storage/body/body_reader.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

struct maintenance_parts {
  caf::actor log;
  std::vector<caf::actor> machines;           ///< those whose commands are in this log
  bool names_bodies = true;                   ///< they name bodies of it (the configuration does not)
  std::string folder = "log";                 ///< of the log, below the data directory
  caf::actor configuration;                   ///< maintenance of the configuration's log: its part belongs to a backup; may be null
  std::shared_ptr<commit_gate> gate;
  std::shared_ptr<storage::body_reader> bodies;
  std::chrono::milliseconds interval{60'000};   ///< between two rounds
  std::chrono::milliseconds step_rest{100};   ///< between two steps of a rewrite: about 10 MiB/s
};

/// To the maintenance of one log, from that of another which makes a backup: copy what belongs to this one, trees and
/// log, into the directory `to`. Answered with backup_done.
struct copy_to_backup {
  std::string data_directory, to;
};

caf::actor spawn_maintenance(caf::actor_system&, std::shared_ptr<maintenance_parts>);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::copy_to_backup)
