/// Wakes a detached actor after a long while without keeping it: what CAF's `delayed_send` has on its way holds the actor,
/// and with it the thread of one that has ended long ago.
#pragma once

#include <caf/all.hpp>

#include <chrono>

namespace rookery::actors {

/// `what` is sent to `to`, if it still is, when `wait` is over. From its own thread.
template <class Message>
void send_later(caf::event_based_actor* to, std::chrono::milliseconds wait, Message what) {
  using ring_atom = caf::atom_constant<caf::atom("ring")>;
  const caf::weak_actor_ptr whom{to->ctrl()};
  to->system().spawn<caf::hidden>([whom, wait, what](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, wait, ring_atom::value);
    return {[self, whom, what](ring_atom) {
      if (const auto there = caf::actor_cast<caf::actor>(whom)) caf::anon_send(there, what);
      self->quit();
    }};
  });
}

} // namespace rookery::actors
