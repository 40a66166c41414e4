/// What the rules of a volume ask of the process that keeps it: its store opened and closed, its log told.
///
/// Private to whoever joins volume_runner with a store; a test has a small one of its own.
#pragma once

#include "base/result.hpp"
#include "cluster/replication/volume.hpp"
#include "storage/log/log_piece.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rookery::actors {

/// Hears what a led volume's log does; in the log's thread, in order; quick.
class led_log {
public:
  virtual ~led_log() = default;
  /// Written, not yet durable. `next_record`: the number of the record behind.
  virtual void written(const storage::log_batch_ptr&, std::uint64_t next_record) = 0;
  virtual void durable(storage::log_position) = 0;
  /// Segments from this position's on are not removed: somebody reads them.
  virtual storage::log_position keep_from() const = 0;
  /// Clients may be answered now. Any thread.
  virtual bool may_serve() const noexcept = 0;
};

class volume_house {
public:
  virtual ~volume_house() = default;
  /// Where the store of this volume lies, also while it is a replica.
  virtual std::string directory(replication::node_number volume) const = 0;
  /// Where the log of the open store ends durably; nothing when it is not open here. Blocks.
  virtual std::optional<storage::log_position> open_end(replication::node_number volume) = 0;
  /// Opens the store (unless it is open already), begins an epoch in its log (a new segment) and serves it. `hold`: nothing is acknowledged before
  /// `acknowledge` has named it. Blocks. Gives where the log ends then.
  virtual base::result<storage::log_position> open(replication::node_number volume, std::uint64_t epoch, bool hold, std::shared_ptr<led_log>) = 0;
  /// Everything before is on all replicas. Quick.
  virtual void acknowledge(replication::node_number volume, std::uint64_t epoch, storage::log_position) = 0;
  /// From now on (not) as `open` with `hold`; `done` with the end of what is written by then, from any thread but not before
  /// this returns. Calls take effect in their order.
  virtual void hold(replication::node_number volume, std::uint64_t epoch, bool hold, std::function<void(storage::log_position)> done) = 0;
  /// Ends serving and closes the store: `in_order` after all that was accepted is written and sessions had their good-bye;
  /// else at once, refusing what waits. Blocks. Gives where the log ends.
  virtual base::result<storage::log_position> close(replication::node_number volume, bool in_order) = 0;
  /// A backup of the open store in a new folder, for a replica. Blocks.
  virtual base::result<void> backup(replication::node_number volume, const std::string& folder) = 0;
};

} // namespace rookery::actors
