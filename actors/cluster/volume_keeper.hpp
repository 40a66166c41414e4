/// All volumes in which this node has a part: a volume_runner for each that the agreed configuration gives it one of.
///
/// A thread of its own follows the documents; other calls may come from any thread.
#pragma once

#include "actors/cluster/node_house.hpp"
#include "actors/cluster/volume_documents.hpp"
#include "actors/cluster/volume_runner.hpp"
#include "cluster/replication/placement.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace rookery::actors {

class volume_keeper {
public:
  struct parts {
    running_node* running = nullptr;             ///< lives until the process ends
    replication::node_number self = 0;
    std::string directory;                       ///< for what the rules keep beside the volumes
    std::shared_ptr<const cluster::stream_identity> identity;
    /// Compare and set a volume's document; does not wait.
    std::function<void(std::uint64_t expected, const replication::volume& next)> propose;
    std::function<std::vector<replication::node_facts>()> nodes; ///< of the cluster, as this node sees them
    std::function<unsigned()> copies;            ///< that are wanted of each volume
    std::function<bool()> drained;               ///< this node is to lead nothing, by agreement
    std::function<std::uint64_t()> copy_octets_a_second;  ///< as volume_runner::parts; may be null
    std::function<std::chrono::milliseconds()> home_return; ///< a volume that is in use stays where it is led for so long, when its node is back; may be null
    std::function<bool()> freezes;                        ///< queues of what is copied for the first time; may be null
  };
  explicit volume_keeper(parts);
  /// What is led here is closed, in order.
  ~volume_keeper();

  /// The configuration is another one. Quick.
  void followed();
  /// A leader's stream; in its thread.
  void take(std::unique_ptr<cluster::node_stream>, const cluster::stream_opening&);
  /// This node goes down for a while: it is given nothing, and what it leads and others have goes to them. Blocks, for `limit` at
  /// most; false: something that others have is still led here.
  bool hand_over(std::chrono::milliseconds away_for, std::chrono::milliseconds limit);

  /// What other nodes have brought, and have all of, goes to them now, or one of these volumes alone; how many.
  std::size_t send_home(std::optional<replication::node_number> only);

  using views = std::map<replication::node_number, volume_runner::view>;
  views now() const;
  /// Volumes led here whose queues wait for their first copy.
  std::set<replication::node_number> frozen() const;

  /// Whether a node may open its own volume at once, with the configuration that it has: nobody else ever had it.
  static bool alone(const storage::directory::config_table&, replication::node_number self);

private:
  using runner_ptr = std::shared_ptr<volume_runner>;
  void run();
  void look();
  void give_up();
  void mind_drain();
  void mind_frozen();
  void start(const agreed_volume&);
  void forget(replication::node_number, const runner_ptr&);
  std::optional<replication::volume> place(const replication::volume&) const;
  std::string kept_file(replication::node_number) const;
  std::map<replication::node_number, runner_ptr> runners() const;

  const parts is_;
  const std::shared_ptr<node_house> house_;
  mutable std::mutex lock_;                      ///< of what follows
  std::condition_variable wake_;
  bool ending_ = false, news_ = false, drains_ = false;
  std::map<replication::node_number, runner_ptr> runners_;
  std::map<replication::node_number, std::chrono::steady_clock::time_point> frozen_; ///< and since when
  std::set<replication::node_number> told_frozen_; ///< of the thread alone
  std::thread thread_;
};

} // namespace rookery::actors
