/// The actor of one machine: applies what the log has made durable, publishes views,
/// answers, and flushes. Detached: the machine's tree is synchronous. Small batches of mail
/// are applied by the log's thread while this one has nothing to do (`apply_or_send`).
///
/// The same code serves the configuration, the spool and the mail shards; a mail
/// shard's actor also opens accounts and mailboxes and is the parent of the account
/// actors of those in use.
#pragma once

#include "actors/shard/change_board.hpp"
#include "actors/shard/messages.hpp"
#include "storage/mail/mail_machine.hpp"
#include "storage/queue/spool_machine.hpp"
#include "storage/shard/machine.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace rookery::actors {

struct account_in_use {
  caf::actor actor;
  std::uint64_t watches = 0; ///< handed over to it
  std::vector<std::weak_ptr<account_watch>> watching; ///< those whose sessions may still be there
};

/// What a machine's actor and the log's share, since they use the machine in turn.
struct machine_turn {
  std::mutex in_use;                          ///< held while a thread uses the machine or `accounts`
  std::atomic<std::uint32_t> batches_sent{0}; ///< to the actor and not yet applied; whatever follows goes behind them
  bool ticking = false;                       ///< the actor will look at what waits for a flush
  std::unordered_map<base::account_id, account_in_use> accounts;
};

struct machine_actor_parts {
  std::unique_ptr<storage::machine> machine;
  storage::mail::mail_machine* mail = nullptr;  ///< the same, if it is a mail shard
  storage::queue::spool_machine* spool = nullptr; ///< the same, if it is the spool
  std::function<void()> published;              ///< after each batch, in the actor's thread
  std::shared_ptr<change_board> board;          ///< who follows the shard looks here; may be null
  std::string directory;                        ///< the tree is not written while its volume is full; "": not asked
  machine_turn turn;
};

/// Spawns it detached.
caf::actor spawn_machine(caf::actor_system&, std::shared_ptr<machine_actor_parts>);

/// Has a batch applied that is durable. Small ones of quick commands are applied here and now, in
/// the caller's thread, if the machine is idle: that saves waking the actor, and whoever waits for
/// the results a detour. Only the log's actor calls it, in log order.
void apply_or_send(machine_actor_parts&, const caf::actor& machine, apply_batch_ptr);

} // namespace rookery::actors
