#include "actors/account/account_actor.hpp"

#include "actors/account/url_key_reset.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

using idle_atom = caf::atom_constant<caf::atom("idle")>;
using self_ptr = caf::stateful_actor<account_state>*;

/// An account without sessions is kept so long: the next login finds it warm.
constexpr std::chrono::seconds idle_time{30};

/// One look at a time is on its way, however many sessions come and go: each costs the clock's thread a wake-up.
void look_idle(self_ptr self) {
  auto& st = self->state;
  if (!st.watchers.empty() || std::exchange(st.looking, true)) return;
  self->delayed_send(self, idle_time, idle_atom::value, st.watches);
}

void remove(self_ptr self, const account_watch* watch) {
  auto& all = self->state.watchers;
  std::erase_if(all, [&](const auto& w) { return w.watch.get() == watch; });
  look_idle(self);
}

void tell(self_ptr self, const account_notices& changed) {
  for (auto& w : self->state.watchers) {
    const base::mailbox_id selected{w.watch->mailbox.load(std::memory_order_relaxed)};
    const bool concerns = selected.value == watch_everything || std::any_of(changed.mailboxes.begin(), changed.mailboxes.end(),
                                      [&](auto m) { return m == selected; });
    if (concerns && !w.watch->signaled.exchange(true)) self->send(w.session, account_changed{});
  }
}

} // namespace

caf::behavior account_actor(self_ptr self, base::account_id account, caf::actor shard) {
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](caf::down_msg& d) {
    auto& all = self->state.watchers;
    std::erase_if(all, [&](const auto& w) { return w.session.address() == d.source; });
    look_idle(self);
  });
  look_idle(self);
  return {[self](watch_account& w) {
            ++self->state.watches;
            self->monitor(w.session);
            self->state.watchers.push_back({std::move(w.session), std::move(w.watch)});
          },
          [self](const unwatch_account& w) { remove(self, w.watch.get()); },
          [self](const account_notices& n) { tell(self, n); },
          [self](const end_sessions&) {
            for (const auto& w : self->state.watchers)
              if (!w.watch->guest) self->send(w.session, account_closed{});
          },
          [self, account](const end_quiet_sessions& e) {
            for (const auto& w : self->state.watchers)
              if (!w.watch->guest && (*e.refused)(account, w.watch->protocol)) self->send(w.session, account_closed{true});
          },
          [self](const url_key_reset& r) {
            for (const auto& w : self->state.watchers) {
              const auto selected = w.watch->mailbox.load(std::memory_order_relaxed);
              if (w.watch != r.by && (selected == r.mailbox.value || selected == watch_everything)) self->send(w.session, r);
            }
          },
          [self](const lock_maildrop& l) {
            for (const auto& w : self->state.watchers)
              if (w.watch != l.watch && w.watch->maildrop_lock) return false;
            l.watch->maildrop_lock = true;
            return true;
          },
          [self, account, shard](idle_atom, std::uint64_t watches) {
            self->state.looking = false;
            if (self->state.watchers.empty() && watches == self->state.watches)
              self->send(shard, account_idle{account, watches});
            else
              look_idle(self);
          }};
}

} // namespace rookery::actors
