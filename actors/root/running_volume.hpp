/// A volume from opening to closing: its store, its actors, and the `node` object that sessions see. Several may be open
/// in one process, and each may be closed while the process goes on.
///
/// One thread at a time calls it. `process` outlives it.
#pragma once

#include "actors/queue/outgoing.hpp"
#include "actors/system/held_session.hpp"
#include "actors/root/process_parts.hpp"
#include "actors/shard/replica_sink.hpp"
#include "actors/transfer/transfer_service.hpp"
#include "actors/xmpp/router.hpp"
#include "base/result.hpp"
#include "storage/node/node_store.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

class peer_service;
class room_service;
class stanza_links;
class upload_service;
struct log_actor_parts;

struct volume_options {
  volume_id id = 0;
  std::string directory;                  ///< of the store
  bool own = true;                        ///< in the data directory itself, which the process has locked
  std::optional<begin_lead> lead;         ///< it has replicas, or may get them: begun before anything is written
};

/// How a volume ends here.
enum class volume_end : std::uint8_t {
  alone,    ///< nobody else has it
  handed,   ///< another will lead it: what was accepted is acknowledged by the replicas first, and the log stays as it is then
  lost      ///< another leads it: what waits is refused
};

class running_volume final : public configured {
public:
  /// Opens the store, brings it up to date and serves it: the volume is in the process's table when this returns.
  /// Errors are those of node_store::open; nothing runs then.
  static base::result<std::shared_ptr<running_volume>> start(process_parts&, volume_options);
  /// `close` was called, or the process ends.
  ~running_volume() override;

  actors::node& node() noexcept { return *node_; }
  const volume_ptr& handle() const noexcept { return node_; }
  /// A session of this volume, made by a host that was given its node: it is kept, told and waited for.
  std::unique_ptr<net::protocol> hold(std::unique_ptr<net::protocol> p) const { return actors::hold(std::move(p), node_, sessions_); }
  /// The same, for later; does not keep the volume itself.
  std::function<std::unique_ptr<net::protocol>(std::unique_ptr<net::protocol>)> holder() const {
    return [node = node_, list = sessions_](std::unique_ptr<net::protocol> p) { return actors::hold(std::move(p), node, list); };
  }
  const std::string& directory() const noexcept { return options_.directory; }
  const caf::actor& maintenance() const noexcept { return maintenance_; } ///< a backup by it is whole
  const caf::actor& collector() const noexcept { return collector_; }
  transfer_service& transfers() noexcept { return *transfers_; }
  chat_router& stanzas() noexcept { return *stanzas_; }
  room_service& rooms() noexcept { return *rooms_; }
  upload_service& uploads() noexcept { return *uploads_; }
  peer_service& peers() noexcept { return *peers_; } ///< chat with other servers
  stanza_links& links() noexcept { return *links_; } ///< and with other homes

  /// No new work: what runs ends at its next boundary. The process drains.
  void drain();
  /// Flushes everything durably; nothing is committed any more. After this the process may end at once.
  base::result<void> flush(std::chrono::milliseconds limit);
  /// Ends the volume alone: it leaves the table, its sessions get their farewell, what is under way is written, all is
  /// flushed, its actors end, and its store is unlocked and may be opened again. Blocks. When something does not end
  /// within `limit` it fails with `conflict`, the store stays locked, and it may be called again. The object and what it
  /// gave by reference must live on for `process_parts::afterlife`: late answers may still look at them.
  base::result<void> close(std::chrono::milliseconds limit = std::chrono::seconds(20), volume_end how = volume_end::alone);
  /// Begins a lead of the open volume; gives where its log ends then.
  base::result<storage::log_position> lead(const begin_lead&);
  /// Behind `lead`: where that began. Behind `close`: where the log ended.
  storage::log_position log_end() const noexcept { return log_end_; }
  /// Of clients, and of what is done for them.
  std::size_t sessions() const { return sessions_->count(); }

  void configure(const news&) override;

private:
  running_volume(process_parts& p, volume_options o) : process_(p), options_(std::move(o)) {}
  base::result<void> start_actors();
  void end_log(volume_end how, std::chrono::milliseconds limit);
  void start_indexers();
  bool wait_for_sessions(std::chrono::steady_clock::time_point until) const;
  bool wait_for_transfers(std::chrono::steady_clock::time_point until) const;
  bool wait_for_readers(std::chrono::steady_clock::time_point until) const;
  bool end_actors(std::vector<caf::actor> all, std::chrono::steady_clock::time_point until);

  process_parts& process_;
  const volume_options options_;
  std::unique_ptr<storage::node_store> store_;   ///< keeps the lock; its parts live in the actors
  volume_ptr node_;
  std::shared_ptr<session_list> sessions_ = std::make_shared<session_list>();
  std::vector<std::shared_ptr<machine_actor_parts>> machine_parts_; ///< by shard number; the first is null
  std::shared_ptr<log_actor_parts> log_parts_;
  storage::log_position log_end_;
  std::unique_ptr<outgoing> outgoing_;
  std::unique_ptr<transfer_service> transfers_;
  std::unique_ptr<chat_router> stanzas_;
  std::shared_ptr<room_service> rooms_;
  std::shared_ptr<upload_service> uploads_;
  std::shared_ptr<peer_service> peers_;
  std::shared_ptr<stanza_links> links_;
  caf::actor maintenance_, quiet_, collector_, archive_keeper_;
};

} // namespace rookery::actors
