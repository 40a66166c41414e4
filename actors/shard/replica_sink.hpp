/// What the log's actor tells whoever ships its log to replicas, and what it wants to hear from him.
///
/// With a sink, a batch is released (answered, applied, published) when it is synced here and its end
/// was named by `replicated_to`. Without one, or with no replica in sync, when it is synced here.
#pragma once

#include "storage/log/log_piece.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace rookery::actors {

/// Called in the log actor's thread, in order; must not block. It lives until `stop_serving` was
/// answered or the log's actor has ended.
class replica_sink {
public:
  virtual ~replica_sink() = default;
  /// Written here and not yet synced: for all replicas (storage::log_feed::offer). `next_record`: the number of the record behind.
  virtual void written(const storage::log_batch_ptr&, std::uint64_t next_record) = 0;
  /// Synced here: may be read from the segments up to here.
  virtual void durable(storage::log_position) = 0;
  /// Released: replicas may apply up to here, and no later epoch begins before it.
  virtual void committed(storage::log_position) = 0;
  /// Something durable here has waited for its replicas for this long. Said again while it lasts;
  /// nothing is released by it. Who hears it takes the silent ones out of the in-sync set.
  virtual void held(std::chrono::milliseconds waited, storage::log_position wanted) = 0;
  /// Segments from this position's on are not removed: a replica that is away will want them.
  virtual storage::log_position keep_from() const = 0;
  /// The lease is not over: no other node can serve the volume now. Any thread, quick.
  virtual bool may_serve() const noexcept { return true; }
};

/// To the log's actor: an epoch of this lead begins. Everything waiting is written, a new segment is
/// begun, and from there on the sink is told. Answered with lead_begun.
struct begin_lead {
  std::shared_ptr<replica_sink> sink;
  std::uint64_t epoch = 0;
  bool hold = false;                        ///< the in-sync set has others than this node
  std::chrono::milliseconds held_after{500}; ///< when `replica_sink::held` is told first, and how often
};
struct lead_begun {
  storage::log_position end; ///< of the log, behind the new segment's header; 0:0: the log has failed
};
/// To the log's actor: every replica in sync has everything before `position` durably. Others than of
/// the present epoch are ignored, and positions that go back.
struct replicated_to {
  storage::log_position position;
  std::uint64_t epoch = 0;
};
/// To the log's actor: whether batches are held for replicas from now on. Answered with
/// storage::log_position, the end of what is written: a replica that joins the set has to reach it
/// before its acknowledgements count. What was said by `replicated_to` before is of the set as it was and is
/// forgotten: say it again. `hold` false releases what waits: only after the set was changed with a majority.
struct hold_for_replicas {
  bool hold = false;
  std::uint64_t epoch = 0;
  /// Told the same, in the log actor's thread; may be null. Not called when the log has failed or the epoch is another.
  std::function<void(storage::log_position)> done = {};
};
/// To the log's actor: the lease is over. What waits is refused and not applied, and so is all that
/// comes; the log is closed. Answered with lead_ended when that is done.
struct stop_serving {};
/// To the log's actor: the lead ends in order. The gate closes; what has passed it is written, and when the
/// replicas have it, answered and applied. Then the log is closed, and this is answered with lead_ended. If the
/// replicas never have it, `stop_serving` ends it, and both are answered.
struct finish_serving {};
struct lead_ended {
  storage::log_position end; ///< of what is durable here; all of it was released if it ended in order
  bool in_order = false;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::begin_lead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::lead_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::replicated_to)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::hold_for_replicas)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::stop_serving)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::finish_serving)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::lead_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::storage::log_position)
