/// One request of the administration carried out on one volume that this process serves, for whoever is no connection:
/// another node that asks for it.
#pragma once

#include "actors/admin/live_node.hpp"

#include <chrono>

namespace rookery::admin {

/// Blocks, `limit` at most. 503 when the volume closes, its lease is over, or nothing was answered in time.
response carry_out(actors::volume_ptr volume, actors::volume_id id, std::shared_ptr<const node_services>, request, std::chrono::milliseconds limit);

} // namespace rookery::admin
