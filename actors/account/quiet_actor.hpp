/// Ends the sessions of a domain's users when its quiet hours begin. Logins are refused by account_entry.
///
/// One a node, scheduled; sleeps while no domain has quiet hours.
#pragma once

#include "actors/node.hpp"

#include <caf/all.hpp>

namespace rookery::actors {

/// Another directory was published. Any thread.
struct quiet_changed {};

/// Understands quiet_changed. The node must outlive it.
caf::actor spawn_quiet(caf::actor_system&, const node&);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::quiet_changed)
