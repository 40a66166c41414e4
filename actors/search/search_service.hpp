/// The search index of a node: what searches read, and what the indexers say of themselves.
///
/// Made once at start, lives until the process ends; any thread.
#pragma once

#include "actors/shard/change_board.hpp"
#include "base/id.hpp"
#include "storage/search/index_store.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace rookery::actors {

/// What one shard's indexer is at.
struct indexer_status {
  std::uint32_t shard = 0;
  std::string state = "starting";      ///< "starting", "waiting", "indexing", "tidying", "off", "disk full"
  storage::log_position position;      ///< every change before it was looked at
  std::uint64_t accounts_waiting = 0;  ///< that changed and were not looked at since
  std::uint64_t accounts = 0;          ///< with an index
  std::uint64_t messages = 0;          ///< in these indexes
  std::uint64_t messages_left = 0;     ///< not yet in them: searches read them
  std::uint64_t octets = 0;            ///< of the indexes on disk
  std::uint64_t indexed = 0;           ///< messages read since the start
  std::uint64_t faults = 0;
  std::string last_fault;
};

struct search_service {
  search_service(storage::file_system& files, std::string directory, std::string identity, storage::log_position log_end, std::uint32_t shards)
      : store(files, std::move(directory), std::move(identity), log_end), statuses(shards) {
    for (std::uint32_t i = 0; i < shards; ++i) {
      boards.push_back(std::make_shared<change_board>());
      statuses[i].shard = storage::first_mail_shard + i;
    }
  }

  storage::search::index_store store;
  std::vector<std::shared_ptr<change_board>> boards; ///< by mail shard, from the first
  std::vector<caf::actor> indexers;                  ///< the same; set before connections are accepted

  std::size_t index_of(base::account_id a) const noexcept { return static_cast<std::size_t>(a.value % boards.size()); }
  change_board& board_of(base::account_id a) const { return *boards[index_of(a)]; }

  void tell(std::size_t shard, const indexer_status& s) {
    const std::lock_guard hold(lock);
    statuses[shard] = s;
  }
  std::vector<indexer_status> status() const {
    const std::lock_guard hold(lock);
    return statuses;
  }

  mutable std::mutex lock;
  std::vector<indexer_status> statuses;
};

} // namespace rookery::actors
