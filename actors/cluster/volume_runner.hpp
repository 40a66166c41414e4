/// One node's part in one volume, running: the rules (cluster/replication) with streams, a replica on the disk, and time.
///
/// A leader dials each replica and ships its log on a stream of kind "replica"; who follows writes, syncs and answers. Two
/// threads of its own, and three a replica while it leads. All calls may come from any thread; none waits for the network.
#pragma once

#include "actors/cluster/volume_house.hpp"
#include "base/result.hpp"
#include "cluster/replication/lag_meter.hpp"
#include "cluster/replication/member.hpp"
#include "cluster/stream/node_stream.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

inline constexpr const char* replica_stream = "replica";

class volume_runner {
public:
  struct parts {
    replication::node_number self = 0, volume = 0;
    replication::rules rules;
    std::string kept_file;                    ///< what the rules keep beside the log (replication::held)
    bool own_and_whole = false;               ///< without such a file: this node made the volume, and has it
    std::function<std::uint64_t()> copy_octets_a_second; ///< to a node that has nothing yet; null, 0: as fast as it goes
    std::shared_ptr<const cluster::stream_identity> identity;
    std::shared_ptr<volume_house> house;      ///< lives until the runner is gone
    /// Compare and set the document, without waiting; the outcome comes as `document`.
    std::function<void(std::uint64_t expected, const replication::volume& next)> propose;
    /// The document's next learners, asked of a leader now and then; may be null.
    std::function<std::optional<replication::volume>(const replication::volume&)> place;
    std::function<void(const std::string&)> alarm; ///< for the operator
    /// While it leads another node's volume: how long that has to be in sync before the volume goes there. May be null.
    std::function<std::chrono::milliseconds()> goes_home_after = {};
    std::function<void()> working = {};       ///< called before a copy here is brought further, in the thread that does; may be null
  };
  /// `damaged`: the kept file cannot be read.
  static base::result<std::shared_ptr<volume_runner>> start(parts);
  /// What the kept file of a node without a copy says.
  static std::string kept_of_none();
  ~volume_runner();
  /// Ends its threads; an open volume is closed first. Blocks; once.
  void stop();

  void document(std::uint64_t version, const replication::volume&);
  /// A leader's stream; in its thread, until it ends.
  void take(std::unique_ptr<cluster::node_stream>, const cluster::stream_opening&);

  /// Who belongs to the cluster now: of others nothing is heard.
  void members(const std::vector<replication::node_number>&);

  /// False: there is nobody to give it to, or it does not lead.
  bool hand_over(replication::node_number to, std::chrono::milliseconds paused_until);
  void leaving();
  void staying();

  /// Clients may be answered from the open volume now. Quick, without a lock.
  bool may_serve() const noexcept;
  struct view {
    replication::standing state{};
    replication::volume agreed;
    storage::log_position end, released;      ///< of a leader
    storage::log_position stored, applied;    ///< of a replica
    std::vector<replication::replica_view> replicas;
    std::map<replication::node_number, replication::lag> lags; ///< of those
    std::uint64_t copied_octets = 0;          ///< of a learner's copy under way
  };
  view now() const;

  struct inside;

private:
  volume_runner();
  std::shared_ptr<inside> in_;
};

} // namespace rookery::actors
