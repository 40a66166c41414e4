#include "actors/account/quiet_actor.hpp"

#include "base/log.hpp"
#include "policy/quiet/quiet_hours.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using look_atom = caf::atom_constant<caf::atom("look")>;

/// The clock on the wall may be set: it is looked at so often at least.
constexpr std::chrono::minutes look_most{1};

struct quiet_state {
  quiet::quiet_clock clock;
  std::uint64_t planned = 0; ///< the look that counts; earlier ones were replaced
  static inline const char* name = "quiet_actor";
};
using self_ptr = caf::stateful_actor<quiet_state>*;

bool refused(const node& n, base::account_id id, std::string_view protocol) {
  const auto directory = n.directory->get();
  const auto account = directory->account(id);
  return account && quiet::judge(*directory, *account, quiet::service_named(protocol), n.clock->wall()).refused;
}

void look(self_ptr self, const node& n) {
  const auto now = n.clock->wall();
  const auto seen = self->state.clock.look(*n.directory->get(), now);
  if (seen.begun) {
    base::log_event(base::severity::notice, "quiet.begun");
    const auto judge = std::make_shared<const std::function<bool(base::account_id, std::string_view)>>(
        [&n](base::account_id id, std::string_view protocol) { return refused(n, id, protocol); });
    for (std::size_t i = storage::first_mail_shard; i < storage::first_mail_shard + n.mail_shards; ++i) self->send(n.machines[i], end_quiet_sessions{judge});
  }
  if (!seen.next) return;
  const auto wait = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(*seen.next - now), std::chrono::milliseconds(1), std::chrono::milliseconds(look_most));
  self->delayed_send(self, wait, look_atom::value, ++self->state.planned);
}

caf::behavior quiet_actor(self_ptr self, const node* n) {
  self->set_default_handler(caf::drop);
  return {[self, n](const quiet_changed&) { look(self, *n); },
          [self, n](look_atom, std::uint64_t planned) {
            if (planned == self->state.planned) look(self, *n);
          }};
}

} // namespace

caf::actor spawn_quiet(caf::actor_system& system, const node& n) { return system.spawn<caf::hidden>(quiet_actor, &n); }

} // namespace rookery::actors
