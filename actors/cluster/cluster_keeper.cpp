#include "actors/cluster/cluster_keeper.hpp"

#include "actors/cluster/cluster_service.hpp"

namespace rookery::actors {
namespace {

using look_atom = caf::atom_constant<caf::atom("look")>;
constexpr std::chrono::seconds look_every{1};

/// Owns: nothing. Understands: its own clock. May ask: the cluster. If it dies, certificates are not
/// renewed, and nobody is alarmed, until the next start.
caf::behavior cluster_keeper(caf::event_based_actor* self, const std::weak_ptr<cluster_service>& of) {
  self->delayed_send(self, look_every, look_atom::value);
  return {[self, of](look_atom) {
    if (const auto service = of.lock()) service->keep();
    self->delayed_send(self, look_every, look_atom::value);
  }};
}

} // namespace

caf::actor spawn_cluster_keeper(caf::actor_system& system, std::weak_ptr<cluster_service> of) {
  return system.spawn<caf::detached>(cluster_keeper, std::move(of));
}

} // namespace rookery::actors
