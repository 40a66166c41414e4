/// What a process has once, whatever volumes it serves: threads, limits, and the configuration with its pictures.
///
/// Made by `running_node` before the first volume; lives until the process ends. Its `face` is a `node` object without
/// a volume: enough to judge a login, to read and change the configuration, and nothing else.
#pragma once

#include "actors/collection/collection_board.hpp"
#include "actors/net/acceptor.hpp"
#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "actors/system/process_share.hpp"
#include "base/result.hpp"
#include "policy/collection/collection_record.hpp"
#include "protocols/tls/certificate.hpp"
#include "storage/node/node_store.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::config {
class config_follower;
}

namespace rookery::actors {

struct machine_actor_parts;

struct node_options {
  std::string data_directory;
  std::string host_name = "localhost";
  std::string version;
  unsigned reactors = 0;                  ///< 0: one a core
  storage::node_store_settings store;
  std::chrono::milliseconds maintenance_interval{60'000}; ///< between checkpoints with their compaction
  std::chrono::milliseconds index_pace{2'000};            ///< between two looks at what is to be indexed
  /// Certificate and key for a domain of ours, in ASCII form, to be shown to other servers; nothing: there is none. Any thread.
  std::function<std::optional<tls::pem_pair>(std::string_view domain)> own_certificate;
  std::function<void()> on_failure;       ///< a log failed: end the process; any thread
};

/// Wants to know of a new configuration, when it is published. Called in the configuration's thread; must not block.
class configured {
public:
  virtual ~configured() = default;
  struct news {
    bool collections = false;                    ///< they are others
    std::vector<base::account_id> closed;        ///< their sessions end
  };
  virtual void configure(const news&) = 0;
};

class process_parts {
public:
  /// Who asked a volume's actors something before it closed has its answer, or none, by then.
  static constexpr std::chrono::seconds afterlife{60};
  /// Detached readers: enough to keep a disk busy, few enough not to fight for two cores.
  static constexpr std::size_t reader_threads = 3;
  static base::result<std::unique_ptr<process_parts>> start(node_options);
  ~process_parts();

  const node_options options;
  std::unique_ptr<caf::actor_system_config> config;
  std::unique_ptr<caf::actor_system> system;
  std::vector<std::unique_ptr<net::reactor>> reactors;
  std::shared_ptr<net::connection_counts> counts = std::make_shared<net::connection_counts>(net::connection_limits{});
  std::shared_ptr<process_share> share = std::make_shared<process_share>(); ///< all node objects lead to it
  std::shared_ptr<node> face;
  std::shared_ptr<published<collection::collection_view>> collections;
  std::shared_ptr<collection_board> collection_states = std::make_shared<collection_board>();
  caf::actor config_maintenance;
  std::string uuid;                              ///< of the store in the data directory

  /// A node object with all that is the process's.
  std::shared_ptr<node> make_node() const;
  /// From here on it is told of each new configuration, until `forget`.
  void tell(configured*);
  /// When it returns no call is under way.
  void forget(configured*);
  /// Flushes the configuration durably; nothing changes it any more.
  void stop(std::chrono::milliseconds limit);

private:
  explicit process_parts(node_options o) : options(std::move(o)) {}
  void start_configuration();
  void follow_settings(const storage::directory::config_table&, const config::settings&);

  std::unique_ptr<storage::node_store> store_;   ///< keeps the lock; its parts live in the actors
  std::mutex lock_;
  std::vector<configured*> told_;
  caf::actor guard_;                             ///< set before anything is published
};

} // namespace rookery::actors
