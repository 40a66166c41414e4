#include "actors/shard/machine_actor.hpp"

#include "actors/account/account_actor.hpp"
#include "actors/account/url_key_reset.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "storage/chat/chat_machine.hpp"
#include "storage/directory/config_machine.hpp"
#include "storage/file/file_system.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace rookery::actors {
namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// Changes in memory beyond this are written to the tree at once.
constexpr std::size_t unflushed_octets_max = 8u << 20;
/// … and smaller ones after this time.
constexpr std::chrono::milliseconds flush_interval{1000};
/// A synced flush, the checkpoint, bounds the replay after a crash.
constexpr std::chrono::seconds checkpoint_interval{30};
/// With less on the disk no tree is written: LevelDB must not find it full in the middle of
/// a record or a compaction. Far below `storage.reserve_octets`, so that deleting goes on.
constexpr std::uint64_t flush_space_octets = 16u << 20;

/// A batch of more commands is worth a thread of its own.
constexpr std::size_t commands_at_once_max = 8;

struct machine_state {
  std::shared_ptr<machine_actor_parts> parts;
  struct account_in_use {
    caf::actor actor;
    std::uint64_t watches = 0; ///< handed over to it
    std::vector<std::weak_ptr<account_watch>> watching; ///< those whose sessions may still be there
  };
  std::unordered_map<base::account_id, account_in_use> accounts;
  caf::actor spool_watcher;
  bool ticking = false;
  bool postponed = false; ///< the last flush, as the disk is full
  base::instant last_checkpoint{};
  static inline const char* name = "machine_actor";
};
using self_ptr = caf::stateful_actor<machine_state>*;

void tick_later(self_ptr self) {
  auto& ticking = self->state.parts->turn.ticking;
  if (ticking) return;
  ticking = true;
  self->delayed_send(self, flush_interval, tick_atom::value);
}

bool disk_full(const machine_actor_parts& parts) {
  if (parts.directory.empty()) return false;
  const auto free = storage::posix_file_system().free_octets(parts.directory);
  return free && *free < flush_space_octets;
}

/// False if the disk is full: the changes stay in memory, and in the log, until there is space.
bool flush(self_ptr self, bool durable) {
  auto& st = self->state;
  const bool full = disk_full(*st.parts);
  if (full && !st.postponed)
    base::log_event(base::severity::warning, "shard.flush_postponed")
        .number("shard", st.parts->machine->shard().value).text("error", "the disk is full");
  st.postponed = full;
  if (full) {
    tick_later(self);
    return false;
  }
  const auto now = base::system_clock().now();
  if (now - st.last_checkpoint >= checkpoint_interval) durable = true;
  const auto done = st.parts->machine->flush(durable);
  if (!done) {
    // Nothing is lost: the log has it. But this node cannot keep its index, and stops.
    base::log_event(base::severity::error, "shard.flush_failed")
        .number("shard", st.parts->machine->shard().value).text("error", done.error().log.value);
    throw base::broken("a shard's tree could not be written");
  }
  if (durable) st.last_checkpoint = now;
  return true;
}

/// Does any session wait to hear of these? Most changes are made by the only session
/// there is, and need no message. A session clears `signaled` before it looks at the
/// views, and these are published before we look at it: no change is missed.
bool concerns_anybody(account_in_use& account, const account_notices& n) {
  bool concerned = false;
  std::erase_if(account.watching, [&](const auto& weak) {
    const auto watch = weak.lock();
    if (!watch) return true;
    const base::mailbox_id selected{watch->mailbox.load()};
    concerned = concerned || (!watch->signaled.load() &&
                              (selected.value == watch_everything ||
                               std::find(n.mailboxes.begin(), n.mailboxes.end(), selected) != n.mailboxes.end()));
    return false;
  });
  return concerned;
}

void tell_watchers(machine_turn& turn, const std::vector<storage::notice>& notices) {
  if (turn.accounts.empty()) return;
  for (std::size_t i = 0; i < notices.size();) {
    const auto account = notices[i].account;
    account_notices n;
    for (; i < notices.size() && notices[i].account == account; ++i) n.mailboxes.push_back(notices[i].mailbox);
    const auto at = turn.accounts.find(account);
    if (at != turn.accounts.end() && concerns_anybody(at->second, n)) caf::anon_send(at->second.actor, std::move(n));
  }
}

void apply(machine_actor_parts& parts, const apply_batch& batch, const caf::actor& spool_watcher) {
  static auto& applied = base::counter_named("rookery_commands_applied_total", "", "Commands applied to machines");
  std::vector<std::pair<const apply_batch::item*, storage::command_result>> answers;
  for (auto& item : batch.items) {
    auto r = parts.machine->apply(item.command);
    if (r.what == storage::outcome::malformed)
      base::log_event(base::severity::error, "shard.malformed_command")
          .number("shard", item.command.shard.value).number("lsn", static_cast<std::int64_t>(item.command.lsn));
    if (item.reply) answers.emplace_back(&item, std::move(r));
  }
  applied.add(batch.items.size());
  if (parts.board) parts.board->reached(parts.machine->applied());
  const auto notices = parts.machine->publish();
  if (parts.board) parts.board->changed(notices);
  if (parts.published) parts.published();
  if (spool_watcher) // before the answers: who gets both knows the state that an answer speaks of
    if (auto changes = parts.spool->take_changes(); !changes.empty())
      caf::anon_send(spool_watcher, spool_changed{std::make_shared<const std::vector<storage::queue::spool_change>>(std::move(changes))});
  for (auto& [item, result] : answers)
    if (auto done = item->reply->put(item->index, std::move(result)))
      caf::anon_send(caf::actor_cast<caf::actor>(item->reply->to()), std::move(done));
  tell_watchers(parts.turn, notices);
}

/// A machine that is wrong must not go on: no node is better than a wrong one.
[[noreturn]] void stop_node(const char* fault) {
  base::log_event(base::severity::error, "shard.broken").text("fault", fault);
  base::log_stop();
  std::_Exit(70);
}

account_in_use& in_use(self_ptr self, base::account_id account) {
  auto& used = self->state.parts->turn.accounts[account];
  if (!used.actor) used.actor = self->spawn(account_actor, account, caf::actor_cast<caf::actor>(self->ctrl()));
  return used;
}

void hand_over(self_ptr self, account_in_use& used, const caf::actor& session,
               const std::shared_ptr<account_watch>& watch) {
  ++used.watches;
  self->send(used.actor, watch_account{session, watch});
}

account_handles handles(self_ptr self, const open_account& o) {
  auto& used = in_use(self, o.account);
  if (o.watch) {
    auto& watching = used.watching;
    if (watching.size() == watching.capacity()) std::erase_if(watching, [](const auto& weak) { return weak.expired(); });
    watching.push_back(o.watch);
    hand_over(self, used, o.session, o.watch);
  }
  return {used.actor, self->state.parts->mail->open_account(o.account)};
}

segment_bodies bodies_in(self_ptr self, std::uint32_t segment) {
  auto& parts = *self->state.parts;
  auto all = std::make_shared<std::vector<storage::live_body>>();
  const auto shard = parts.machine->shard();
  if (parts.spool)
    parts.spool->for_each_body(segment, [&](const storage::body_ref& b) { all->push_back({b, shard, {}}); });
  if (parts.mail)
    parts.mail->for_each_body(segment, [&](const storage::body_ref& b, base::account_id a) { all->push_back({b, shard, a}); });
  return {all};
}

std::shared_ptr<const std::vector<std::string>> faults_of(self_ptr self) {
  auto& parts = *self->state.parts;
  if (!flush(self, false)) // what is checked is the tree
    return std::make_shared<const std::vector<std::string>>(1, "not checked: the disk is full");
  std::vector<std::string> lines;
  if (parts.mail) lines = parts.mail->check();
  else if (parts.spool) lines = parts.spool->check();
  else if (const auto* c = dynamic_cast<const storage::directory::config_machine*>(parts.machine.get())) lines = c->check();
  else if (const auto* chat = dynamic_cast<const storage::chat::chat_machine*>(parts.machine.get())) lines = chat->check();
  return std::make_shared<const std::vector<std::string>>(std::move(lines));
}

caf::behavior machine_actor(self_ptr self, std::shared_ptr<machine_actor_parts> parts) {
  auto& st = self->state;
  st.parts = std::move(parts);
  st.last_checkpoint = base::system_clock().now();
  self->set_default_handler(caf::drop);
  // Somebody did not understand an answer: that is not the end of a shard.
  self->set_error_handler([](caf::error&) {});
  self->set_exception_handler([](std::exception_ptr& p) -> caf::error {
    try {
      std::rethrow_exception(p);
    } catch (const std::exception& e) {
      stop_node(e.what());
    } catch (...) {
      stop_node("unknown");
    }
  });
  caf::message_handler common{
      [self](const apply_batch_ptr& batch) {
        auto& its = *self->state.parts;
        const std::lock_guard turn(its.turn.in_use);
        apply(its, *batch, self->state.spool_watcher);
        --its.turn.batches_sent;
        if (its.machine->unflushed_octets() > unflushed_octets_max) flush(self, false);
        tick_later(self);
      },
      [self](tick_atom) {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        self->state.parts->turn.ticking = false;
        if (self->state.parts->machine->unflushed_octets() > 0) flush(self, false);
      },
      [self](find_faults) -> found_faults {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        return {faults_of(self)};
      },
      [self](get_records) -> machine_records {
        const auto& m = *self->state.parts->machine;
        return {&m.records(), m.shard().value};
      },
      [self](get_lost_bodies) -> lost_bodies {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        return {std::make_shared<const storage::octets_by_segment>(self->state.parts->machine->take_lost_bodies())};
      },
      [self](const list_bodies& l) -> segment_bodies {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        return bodies_in(self, l.segment);
      },
      [self](const flush_now& f) -> caf::result<std::uint64_t> {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        if (!flush(self, f.durable)) return caf::sec::runtime_error;
        return self->state.parts->machine->flushed().packed();
      }};
  if (st.parts->spool != nullptr)
    return caf::message_handler{[self](const watch_spool& w) -> spool_watched {
             self->state.spool_watcher = w.watcher;
             self->state.parts->spool->take_changes();
             return {};
           }}
        .or_else(common);
  if (st.parts->mail == nullptr) return common;
  return caf::message_handler{
      [self](const open_account& o) -> account_handles {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        return handles(self, o);
      },
      [self](const open_mailbox& o) -> opened_mailbox {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        return {self->state.parts->mail->open_mailbox(o.account, o.mailbox, o.reader)};
      },
      [self](const find_metadata& f) -> found_metadata {
        auto found = std::make_shared<std::vector<found_metadata::entries>>();
        for (const auto m : f.mailboxes) {
          auto& entries = found->emplace_back(self->state.parts->mail->metadata(f.account, m, f.reader));
          auto shared = self->state.parts->mail->metadata(f.account, m, {});
          std::move(shared.begin(), shared.end(), std::back_inserter(entries));
        }
        return {std::move(found)};
      },
      [self](const look_at_account& l) -> seen_account {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        return {self->state.parts->mail->open_account(l.account)};
      },
      [self](const count_recent& c) -> recent_counts {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        auto counts = std::make_shared<std::unordered_map<std::uint32_t, std::uint32_t>>();
        for (const auto& [mailbox, n] : self->state.parts->mail->recent(c.account)) counts->emplace(mailbox.value, n);
        return {std::move(counts)};
      },
      [self](const join_account& j) {
        const std::lock_guard turn(self->state.parts->turn.in_use);
        hand_over(self, in_use(self, j.account), j.session, j.watch);
      },
      [self](const end_sessions& e) {
        auto& turn = self->state.parts->turn;
        const std::lock_guard hold(turn.in_use);
        const auto at = turn.accounts.find(e.account);
        if (at != turn.accounts.end()) self->send(at->second.actor, e);
      },
      [self](const url_key_reset& r) {
        auto& turn = self->state.parts->turn;
        const std::lock_guard hold(turn.in_use);
        const auto at = turn.accounts.find(r.owner);
        if (at != turn.accounts.end()) self->send(at->second.actor, r);
      },
      [self](const end_quiet_sessions& e) {
        auto& turn = self->state.parts->turn;
        const std::lock_guard hold(turn.in_use);
        for (const auto& [account, used] : turn.accounts) self->send(used.actor, e);
      },
      [self](const account_idle& a) {
        auto& turn = self->state.parts->turn;
        const std::lock_guard hold(turn.in_use);
        const auto at = turn.accounts.find(a.account);
        if (at == turn.accounts.end() || at->second.watches != a.watches_seen) return;
        self->send_exit(at->second.actor, caf::exit_reason::user_shutdown);
        turn.accounts.erase(at);
      }}
      .or_else(common);
}

} // namespace

caf::actor spawn_machine(caf::actor_system& system, std::shared_ptr<machine_actor_parts> parts) {
  return system.spawn<caf::detached + caf::hidden>(machine_actor, std::move(parts));
}

void apply_or_send(machine_actor_parts& parts, const caf::actor& machine, apply_batch_ptr batch) {
  static auto& at_once = base::counter_named("rookery_batches_applied_at_once_total", "", "Batches applied by the log's thread");
  auto& turn = parts.turn;
  const auto quick = [&](const apply_batch::item& i) { return parts.machine->quick(i.command); };
  if (batch->items.size() <= commands_at_once_max && turn.batches_sent == 0) {
    const std::unique_lock hold(turn.in_use, std::try_to_lock);
    if (hold && std::all_of(batch->items.begin(), batch->items.end(), quick)) {
      try {
        apply(parts, *batch, {});
      } catch (const std::exception& e) {
        stop_node(e.what());
      }
      at_once.add();
      // The actor looks after the flush: an empty batch reminds it.
      if (turn.ticking && parts.machine->unflushed_octets() <= unflushed_octets_max) return;
      batch = std::make_shared<apply_batch>();
    }
  }
  ++turn.batches_sent;
  caf::anon_send(machine, std::move(batch));
}

} // namespace rookery::actors
