/// What all node objects of a process share besides the pictures: the way into the configuration's log, and the volumes.
#pragma once

#include "actors/node.hpp"
#include "actors/system/volume_table.hpp"

#include <caf/all.hpp>

#include <memory>

namespace rookery::actors {

class destination_board;

struct process_share {
  caf::actor config_log;                      ///< log_actor of the configuration; `node::commit` finds it
  std::shared_ptr<commit_gate> config_gate = std::make_shared<commit_gate>();
  std::shared_ptr<volume_table> volumes = std::make_shared<volume_table>();
  std::shared_ptr<destination_board> destinations; ///< actors/queue/destination_board.hpp; may be null in tests
};

/// For all node objects with this one's configuration. Before the first commit. Thread-safe.
void set_share(const node&, std::shared_ptr<const process_share>);
/// Null for a node that a test made by hand.
std::shared_ptr<const process_share> share_of(const node&);

} // namespace rookery::actors
