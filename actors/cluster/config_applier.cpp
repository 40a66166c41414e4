#include "actors/cluster/config_applier.hpp"

#include "actors/shard/log_actor.hpp"
#include "actors/system/process_share.hpp"
#include "base/log.hpp"
#include "storage/directory/agreed_command.hpp"

namespace rookery::actors {
namespace {

using again_atom = caf::atom_constant<caf::atom("again")>;
constexpr std::chrono::milliseconds again_after{200};

/// Owns: the items under way. Understands: apply_agreed_ptr, commit_done_ptr. May ask: the log. If it dies, this node
/// follows its cluster no further until the next start.
struct applier_state {
  node* in = nullptr;
  std::function<void()> changed;
  apply_agreed_ptr work;
  bool told = false;
  static inline const char* name = "config_applier";
};
using self_ptr = caf::stateful_actor<applier_state>*;

void submit(self_ptr self) {
  auto& st = self->state;
  auto request = std::make_shared<commit_request>();
  for (const auto& i : *st.work->items) {
    auto payload = i.picture ? storage::directory::encode_replacement(i.index, i.picture->octets)
                             : storage::directory::encode(storage::directory::agreed_command{i.index, i.origin, i.sequence, i.command});
    request->group.commands.push_back({storage::config_shard, 1, std::move(payload), {}});
  }
  const auto process = share_of(*st.in);
  if (!process || !submit_commit(*self, process->config_log, *process->config_gate, std::move(request))) self->delayed_send(self, again_after, again_atom::value);
}

caf::behavior config_applier(self_ptr self, node* in, std::function<void()> changed) {
  self->state.in = in;
  self->state.changed = std::move(changed);
  return {
      [self](const apply_agreed_ptr& work) {
        self->state.work = work;
        submit(self);
      },
      [self](again_atom) { submit(self); },
      [self](const commit_done_ptr& done) {
        auto& st = self->state;
        // The disk is full, or too much waits: what was agreed cannot be refused, only be late.
        if (done->error) {
          if (!std::exchange(st.told, true))
            base::log_event(base::severity::warning, "cluster.configuration_waits").text("error", done->error->log.value);
          self->delayed_send(self, again_after, again_atom::value);
          return;
        }
        st.told = false;
        st.changed();
        const auto work = std::exchange(st.work, nullptr);
        work->done(done->results);
      },
  };
}

} // namespace

caf::actor spawn_config_applier(node& n, std::function<void()> changed) {
  return n.system->spawn(config_applier, &n, std::move(changed));
}

} // namespace rookery::actors
