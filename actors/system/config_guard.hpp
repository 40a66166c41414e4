/// Takes a change of the configuration back when nobody confirms it in time.
///
/// One a process, scheduled; sleeps while no change waits. In a cluster every node has one: each tries, and one takes effect.
/// What waits is a document of the configuration, so a restart or another node goes on.
#pragma once

#include "actors/node.hpp"

#include <caf/all.hpp>

namespace rookery::actors {

/// Another configuration was published. Any thread.
struct config_seen {};

/// Understands config_seen. The node must outlive it.
caf::actor spawn_config_guard(caf::actor_system&, const node&);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::config_seen)
