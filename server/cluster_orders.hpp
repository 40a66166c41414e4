/// The administration's requests on their way to the volumes of a cluster: asked, and answered for those that are served here.
#pragma once

#include "actors/admin/cluster_orders.hpp"
#include "actors/admin/live_node.hpp"
#include "actors/cluster/cluster_service.hpp"
#include "actors/root/running_node.hpp"

namespace rookery::server {

/// admin::volume_asker: all at once, each by a thread. Blocks.
std::vector<admin::volume_answer> ask_volumes_of(actors::cluster_service&, const admin::request&, std::optional<std::uint64_t> only);

/// Before the cluster's service starts. `running` lives until the process ends; the services' owner outlives this.
void answer_for_volumes(actors::cluster_service&, actors::running_node& running, const std::shared_ptr<const admin::node_services>&);

} // namespace rookery::server
