/// A node from start to end: opens the store, starts the actors and reactors, accepts,
/// drains and stops.
///
/// One thread calls it (the program's main). What it starts is reached through `node()`.
#pragma once

#include "actors/collection/collection_board.hpp"
#include "actors/net/acceptor.hpp"
#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "actors/queue/outgoing.hpp"
#include "actors/system/process_share.hpp"
#include "actors/transfer/transfer_service.hpp"
#include "actors/xmpp/router.hpp"
#include "base/result.hpp"
#include "storage/node/node_store.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

class room_service;

struct node_options {
  std::string data_directory;
  std::string host_name = "localhost";
  std::string version;
  unsigned reactors = 0;                  ///< 0: one a core
  storage::node_store_settings store;
  std::chrono::milliseconds maintenance_interval{60'000}; ///< between checkpoints with their compaction
  std::chrono::milliseconds index_pace{2'000};            ///< between two looks at what is to be indexed
  std::function<void()> on_failure;       ///< the log failed: end the process; any thread
};

class running_node {
public:
  static base::result<std::unique_ptr<running_node>> start(node_options);
  ~running_node();

  actors::node& node() noexcept { return *node_; }
  const std::string& store_uuid() const noexcept { return store_->identity.uuid; }
  std::vector<std::unique_ptr<net::reactor>>& reactors() noexcept { return reactors_; }
  const std::shared_ptr<net::connection_counts>& counts() const noexcept { return counts_; }
  const caf::actor& maintenance() const noexcept { return maintenance_; } ///< of the volume; a backup by it is whole
  const caf::actor& collector() const noexcept { return collector_; }
  const std::shared_ptr<collection_board>& collection_states() const noexcept { return collection_states_; }
  transfer_service& transfers() noexcept { return *transfers_; }
  /// Of chat: where stanzas go.
  chat_router& stanzas() noexcept { return *stanzas_; }
  room_service& rooms() noexcept { return *rooms_; }
  /// That are open now.
  std::uint32_t connections() const noexcept { return counts_->total(); }
  /// Opens a listener; accepting begins with `accept`.
  base::result<std::uint16_t> listen(std::shared_ptr<net::listener>, const std::string& address, std::uint16_t port,
                                     std::string refusal);
  void accept();
  /// Refuses new work and waits until the connections are gone, `limit` at most. Gives how many were left.
  std::uint32_t drain(std::chrono::milliseconds limit);
  /// Flushes everything durably. After this the process may end at once.
  void stop();

private:
  running_node() = default;
  void follow_settings(const storage::directory::config_table&, const config::settings&);
  void start_actors(std::unique_ptr<storage::node_store> store, const node_options&);
  void start_indexers(const node_options&);

  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<process_share> process_ = std::make_shared<process_share>();
  std::shared_ptr<actors::node> node_;
  std::unique_ptr<storage::node_store> store_;   ///< keeps the lock; its parts live in the actors
  std::vector<std::unique_ptr<net::reactor>> reactors_;
  std::vector<std::unique_ptr<net::acceptor>> acceptors_;
  std::shared_ptr<net::connection_counts> counts_;
  std::unique_ptr<outgoing> outgoing_;
  std::unique_ptr<transfer_service> transfers_;
  std::unique_ptr<chat_router> stanzas_;
  std::shared_ptr<room_service> rooms_;
  caf::actor maintenance_;
  std::shared_ptr<collection_board> collection_states_ = std::make_shared<collection_board>();
  caf::actor quiet_, guard_, collector_;          ///< set before anything is published
};

} // namespace rookery::actors
