#include "actors/system/config_guard.hpp"

#include "actors/config/config_history.hpp"
#include "actors/system/config_commit.hpp"
#include "base/log.hpp"
#include "storage/directory/config_machine.hpp"

#include <algorithm>
#include <chrono>

namespace rookery::actors {
namespace {

using look_atom = caf::atom_constant<caf::atom("look")>;

/// The clock on the wall may be set: it is looked at so often at least.
constexpr std::chrono::minutes look_most{1};
/// Busy, or no majority: the next try.
constexpr std::chrono::seconds again_after{2};

/// Owns: which change it has seen waiting. Understands: config_seen. May ask: the configuration's log. If it dies, a change
/// that is not confirmed stays until the next start.
struct guard_state {
  std::uint64_t planned = 0; ///< the look that counts; earlier ones were replaced
  bool trying = false;       ///< an answer is on its way
  static inline const char* name = "config_guard";
};
using self_ptr = caf::stateful_actor<guard_state>*;

void look_after(self_ptr self, base::duration wait) {
  self->delayed_send(self, std::chrono::ceil<std::chrono::milliseconds>(wait), look_atom::value, ++self->state.planned);
}

void commit(self_ptr self, const node& n, std::string payload) {
  self->state.trying = true;
  if (commit_configuration(*self, n, std::move(payload))) return;
  self->state.trying = false;
  look_after(self, again_after);
}

void take_back(self_ptr self, const node& n, const config::pending_change& pending) {
  namespace dir = storage::directory;
  const auto table = n.config->table();
  dir::config_command command;
  command.author = "not confirmed";
  command.time = n.clock->wall();
  const auto plan = config::plan_undo(*table, n.configuration->history(dir::history_entries_max), pending.version);
  if (plan) {
    command.changes = plan->commands;
    for (const auto& l : plan->left) base::log_event(base::severity::warning, "config.not_taken_back").text("text", l);
  } else {
    // It can only stay: whoever looks must be told, once.
    base::log_event(base::severity::error, "config.not_taken_back").number("version", static_cast<std::int64_t>(pending.version)).text("error", plan.error().log.value);
  }
  command.changes.emplace_back(dir::remove{config::pending_document, std::string(config::pending_key), pending.version});
  auto payload = dir::encode(command);
  if (payload) return commit(self, n, std::move(*payload));
  base::log_event(base::severity::error, "config.not_taken_back").text("error", payload.error().log.value);
}

void look(self_ptr self, const node& n) {
  if (self->state.trying) return;
  const auto pending = config::pending_in(*n.config->table());
  if (!pending) return;
  const auto left = pending->until - n.clock->wall();
  if (left <= base::duration::zero()) return take_back(self, n, *pending);
  look_after(self, std::min<base::duration>(left, look_most));
}

caf::behavior config_guard(self_ptr self, const node* n) {
  self->set_default_handler(caf::drop);
  return {[self, n](const config_seen&) { look(self, *n); },
          [self, n](look_atom, std::uint64_t planned) {
            if (planned == self->state.planned) look(self, *n);
          },
          [self](const commit_done_ptr& done) {
            self->state.trying = false;
            const bool taken = !done->error && !done->results.empty() && done->results.front().what == storage::outcome::done;
            if (taken) base::log_event(base::severity::notice, "config.taken_back").number("version", static_cast<std::int64_t>(done->results.front().number));
            // Confirmed at the last moment, or another node was first, or it must be tried again.
            look_after(self, again_after);
          }};
}

} // namespace

caf::actor spawn_config_guard(caf::actor_system& system, const node& n) { return system.spawn<caf::hidden>(config_guard, &n); }

} // namespace rookery::actors
