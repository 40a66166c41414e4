/// Looks after what changes with time in a cluster's member: certificates that end, disks that fill, clocks that drift.
#pragma once

#include <caf/all.hpp>

#include <memory>

namespace rookery::actors {

class cluster_service;

/// Calls `cluster_service::keep` once a second, in a thread of its own, until it is told to end.
caf::actor spawn_cluster_keeper(caf::actor_system&, std::weak_ptr<cluster_service>);

} // namespace rookery::actors
