/// What a volume_runner asks of the process: volumes opened, led and closed in a running_node.
///
/// Thread-safe. What goes to a volume's log goes straight into its mailbox, in the order of the calls.
#pragma once

#include "actors/cluster/volume_house.hpp"
#include "actors/root/running_node.hpp"

#include <caf/all.hpp>

#include <map>
#include <mutex>

namespace rookery::actors {

class node_house final : public volume_house {
public:
  /// `running` lives until the process ends.
  explicit node_house(running_node& running) : running_(running) {}

  std::string directory(replication::node_number) const override;
  std::optional<storage::log_position> open_end(replication::node_number) override;
  base::result<storage::log_position> open(replication::node_number, std::uint64_t epoch, bool hold, std::shared_ptr<led_log>) override;
  void acknowledge(replication::node_number, std::uint64_t epoch, storage::log_position) override;
  void hold(replication::node_number, std::uint64_t epoch, bool hold, std::function<void(storage::log_position)> done) override;
  /// Tries again while something does not end; in the end the process does, for another node is to serve the volume.
  base::result<storage::log_position> close(replication::node_number, bool in_order) override;
  /// Nothing leaves the queue of an open volume, or it goes on. Quick.
  void freeze_queues(replication::node_number, bool frozen);
  base::result<void> backup(replication::node_number, const std::string& folder) override;

private:
  struct of_volume {
    caf::actor log, maintenance;
  };
  std::optional<of_volume> led(replication::node_number) const;

  running_node& running_;
  mutable std::mutex lock_;
  std::map<replication::node_number, of_volume> led_;
};

} // namespace rookery::actors
