/// The actor of one machine: applies what the log has made durable, publishes views,
/// answers, and flushes. Detached: the machine's tree is synchronous.
///
/// The same code serves the configuration, the spool and the mail shards; a mail
/// shard's actor also opens accounts and mailboxes and is the parent of the account
/// actors of those in use.
#pragma once

#include "actors/shard/messages.hpp"
#include "storage/mail/mail_machine.hpp"
#include "storage/queue/spool_machine.hpp"
#include "storage/shard/machine.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <string>

namespace rookery::actors {

struct machine_actor_parts {
  std::unique_ptr<storage::machine> machine;
  storage::mail::mail_machine* mail = nullptr;  ///< the same, if it is a mail shard
  storage::queue::spool_machine* spool = nullptr; ///< the same, if it is the spool
  std::function<void()> published;              ///< after each batch, in the actor's thread
  std::string directory;                        ///< the tree is not written while its volume is full; "": not asked
};

/// Spawns it detached.
caf::actor spawn_machine(caf::actor_system&, std::shared_ptr<machine_actor_parts>);

} // namespace rookery::actors
