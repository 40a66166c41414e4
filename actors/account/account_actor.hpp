/// The actor of one account in use: knows the account's sessions, tells each what
/// changed in the mailbox it has selected, guards the POP3 maildrop, and ends all of
/// them when the account is closed.
///
/// Child of its shard's actor; lives while a session watches, then passivates.
/// It keeps nothing durable: after a fault it is simply made again.
#pragma once

#include "actors/shard/messages.hpp"
#include "base/id.hpp"

#include <caf/all.hpp>

namespace rookery::actors {

/// As `account_watch::mailbox`: the session hears of every change.
inline constexpr std::uint32_t watch_everything = 0xffffffffu;

struct account_state;
caf::behavior account_actor(caf::stateful_actor<account_state>* self, base::account_id account, caf::actor shard);

struct account_state {
  struct watcher {
    caf::actor session;
    std::shared_ptr<account_watch> watch;
  };
  std::vector<watcher> watchers;
  std::uint64_t watches = 0;  ///< grows with each watcher: an idle check knows it is stale
  bool looking = false;       ///< an idle check is on its way
  static inline const char* name = "account_actor";
};

} // namespace rookery::actors
