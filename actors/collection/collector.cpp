#include "actors/collection/collector.hpp"

#include "actors/collection/run_start.hpp"
#include "actors/relay/homes.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "policy/collection/timing.hpp"
#include "storage/queue/command.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rookery::actors {
namespace {

/// The clock is looked at so often at least: somebody may set it.
constexpr std::chrono::milliseconds look_time_max{60'000};
constexpr std::chrono::milliseconds look_time_min{50};

struct look_again { std::uint64_t number = 0; };

base::counter& runs_counter(bool ok) {
  static auto& good = base::counter_named("rookery_collections_total", "outcome=\"ok\"", "Runs of collections from elsewhere");
  static auto& bad = base::counter_named("rookery_collections_total", "outcome=\"failed\"", "Runs of collections from elsewhere");
  return ok ? good : bad;
}

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::look_again)

namespace rookery::actors {
namespace {

class collector final : public caf::event_based_actor {
public:
  collector(caf::actor_config& cfg, std::shared_ptr<const collector_parts> parts)
      : caf::event_based_actor(cfg), parts_(std::move(parts)), node_(*parts_->in) {}
  const char* name() const override { return "collector"; }

protected:
  caf::behavior make_behavior() override {
    set_default_handler(caf::drop);
    look();
    return {[this](const look_again& l) {
              if (l.number == looks_) look();
            },
            [this](const collections_changed&) { look(); },
            [this](const collect_now& c) { now(c.id); },
            [this](const run_ready& r) { dial(r); },
            [this](const collection_ended& e) { ended(e); },
            [](const commit_done_ptr&) {}};
  }

private:
  struct entry {
    collection::collection_ptr what;
    collection_state state;
    bool asked = false;        ///< by hand: whatever its hours say
    collection::run_history history() const { return {state.last_began, state.failures}; }
  };

  void look() {
    follow();
    const auto now = node_.clock->wall();
    auto wait = look_time_max;
    for (auto& [id, e] : all_) {
      if (e.state.running || !at_home(e)) continue;
      const auto due = e.asked ? std::optional(now) : collection::next_run(*e.what, e.history(), now);
      if (due != e.state.next) {
        e.state.next = due;
        parts_->board->put(id, e.state);
      }
      if (!due) continue;
      if (*due > now) wait = std::min(wait, std::chrono::duration_cast<std::chrono::milliseconds>(*due - now));
      else if (running_ < collections_running_max && !node_.draining) begin(id, e);
      // Else the end of another run looks again.
    }
    delayed_send(this, std::max(wait, look_time_min), look_again{++looks_});
  }

  /// In a cluster the account's home collects.
  bool at_home(const entry& e) const {
    const auto account = node_.directory->get()->account(e.what->account);
    return account == nullptr || actors::at_home(node_, *account);
  }

  /// What the configuration says now.
  void follow() {
    const auto view = parts_->view->get();
    if (view == view_) return;
    for (const auto& [id, what] : view->all) {
      auto& e = all_[id];
      if (e.what == what) continue;
      e.what = what;
      e.state.failures = 0; // changed: perhaps what was wrong
      e.state.last_began.reset();
      parts_->board->put(id, e.state);
    }
    std::erase_if(all_, [&](const auto& row) {
      if (view->all.contains(row.first)) return false;
      if (row.second.state.running) --running_;
      parts_->board->erase(row.first);
      forget_notes(row.first);
      return true;
    });
    view_ = view;
  }

  /// A removed collection leaves nothing behind.
  void forget_notes(std::uint64_t id) {
    (void)node_.readers->run([&n = node_, id, me = caf::actor(this)] {
      const auto prefix = note_prefix(id);
      std::string after;
      for (;;) {
        const auto some = n.spool->view()->notes(note_space, prefix, 1000, after);
        if (some.empty()) return;
        auto request = std::make_shared<commit_request>();
        for (const auto& note : some) {
          storage::shard_command c;
          c.shard = storage::spool_shard;
          c.payload = storage::queue::encode({n.clock->wall(), storage::queue::drop_note{std::string(note_space), note.key}});
          request->group.commands.push_back(std::move(c));
        }
        after = some.back().key;
        send_commit(n, me, std::move(request));
      }
    });
  }

  void now(std::uint64_t id) {
    follow();
    if (const auto found = all_.find(id); found != all_.end()) found->second.asked = true;
    look();
  }

  void begin(std::uint64_t id, entry& e) {
    const auto account = node_.directory->get()->account(e.what->account);
    if (!account || account->state != routing::account_state::enabled) {
      // Its mail stays where it is; the next look is for the next time.
      e.asked = false;
      e.state.last_began = node_.clock->wall();
      e.state.last.reason = "the account may not log in";
      parts_->board->put(id, e.state);
      return;
    }
    e.asked = false;
    e.state.running = true;
    e.state.last_began = node_.clock->wall();
    e.state.next.reset();
    parts_->board->put(id, e.state);
    ++running_;
    base::log_event(base::severity::info, "collection.began")
        .text("account", account->address).text("collection", e.what->name).text("host", e.what->host);
    if (!node_.readers->run([&n = node_, what = e.what, address = account->address, me = caf::actor(this)] {
          prepare_run(n, what, address, me);
        }))
      caf::anon_send(caf::actor(this), collection_ended{id, failed_run("too busy")});
  }

  /// The addresses of the host, then one after the other until one answers.
  void dial(const run_ready& ready) {
    if (!all_.contains(ready.start->order->what->id)) return; // removed meanwhile
    find_addresses(*this, node_, ready.start->order->what->host, [this, start = ready.start](std::vector<std::string> addresses, const std::string& why) {
      const auto id = start->order->what->id;
      if (addresses.empty()) return caf::anon_send(caf::actor(this), collection_ended{id, failed_run(why)});
      dial_first(*system_of(), *parts_->reactors[turn_++ % parts_->reactors.size()], node_, start, std::move(addresses));
    });
  }
  caf::actor_system* system_of() { return &system(); }

  void ended(const collection_ended& e) {
    const auto found = all_.find(e.id);
    if (found == all_.end() || !found->second.state.running) return;
    auto& one = found->second;
    --running_;
    one.state.running = false;
    one.state.last_ended = node_.clock->wall();
    one.state.last = *e.result;
    one.state.failures = e.result->ok ? 0 : one.state.failures + 1;
    parts_->board->put(e.id, one.state);
    runs_counter(e.result->ok).add();
    const auto account = node_.directory->get()->account(one.what->account);
    base::log_event(e.result->ok ? base::severity::info : base::severity::warning, "collection.ended")
        .text("account", account ? account->address : "")
        .text("collection", one.what->name)
        .text("host", one.what->host)
        .number("collected", e.result->collected)
        .number("removed", e.result->removed)
        .number("left", e.result->left)
        .text("reason", e.result->reason);
    look();
  }

  std::shared_ptr<const collector_parts> parts_;
  actors::node& node_;
  std::shared_ptr<const collection::collection_view> view_;
  std::map<std::uint64_t, entry> all_;
  std::size_t running_ = 0;
  std::size_t turn_ = 0;
  std::uint64_t looks_ = 0;
};

} // namespace

caf::actor spawn_collector(caf::actor_system& system, std::shared_ptr<const collector_parts> parts) {
  return system.spawn<collector, caf::hidden>(std::move(parts));
}

} // namespace rookery::actors
