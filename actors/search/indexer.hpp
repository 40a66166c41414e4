/// Keeps the search indexes of one shard's accounts behind their mail. Detached, blocking, at the lowest
/// priority; nobody waits for it.
///
/// It follows the pictures that the shard publishes: messages whose UIDs are beyond what an index has
/// reached are read, cut into words and committed in batches. Messages that are not there yet are few
/// (`tail_messages_max`, `tail_octets_max`), or on their way; searches read them directly. It remembers nothing
/// that the index does not say: after a crash it looks at all accounts once and goes on.
#pragma once

#include "actors/search/search_service.hpp"
#include "actors/shard/commit_gate.hpp"
#include "base/clock.hpp"
#include "storage/body/body_reader.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rookery::actors {

struct indexer_settings {
  bool on = true;
  std::size_t message_text_octets_max = 4u << 20;
  std::uint64_t disk_reserve_octets = 64u << 20;
};

struct indexer_parts {
  std::shared_ptr<search_service> search;
  std::size_t shard = 0;                       ///< among the mail shards
  caf::actor machine;                          ///< of that shard
  std::shared_ptr<commit_gate> gate;           ///< closed: the node ends
  std::shared_ptr<storage::body_reader> bodies;
  std::function<bool(base::account_id)> known; ///< there is such an account
  std::function<indexer_settings()> settings;
  std::string directory;                       ///< on the volume whose free space counts
  const base::clock* clock = &base::system_clock();
  std::chrono::milliseconds pace{2000};        ///< between two looks at what changed

  std::uint32_t tail_messages_max = 128;       ///< of an account that are left to searches
  std::uint64_t tail_octets_max = 1u << 20;
  std::uint32_t batch_messages_max = 2048;
  std::size_t batch_octets_max = 24u << 20;    ///< of words in memory
};

/// Something is on the board.
struct board_changed {};
/// Index what is left of this account's mail, be it ever so little. Answered with index_done.
struct index_account {
  base::account_id account;
};
/// Forget the account's index and make it anew; account 0: all. Answered with index_done at once, the work follows.
struct rebuild_index {
  base::account_id account;
};
/// Forget it; it is made again when enough mail has come. Account 0: all. Answered with index_done.
struct remove_index {
  base::account_id account;
};
/// Do now what is else done at night. Answered with index_done.
struct tidy_indexes {};
struct index_done {
  bool good = true;
  std::string fault;
};

caf::actor spawn_indexer(caf::actor_system&, std::shared_ptr<indexer_parts>);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::board_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::index_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::rebuild_index)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::remove_index)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::tidy_indexes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::index_done)
