/// The administration's listener: the JSON interface with what only the program knows.
#pragma once

#include "actors/cluster/cluster_service.hpp"
#include "actors/root/running_node.hpp"
#include "server/certificates.hpp"
#include "server/node_file.hpp"
#include "server/services.hpp"

namespace rookery::server {

/// `running` and `keys` must outlive the listener.
service_listener make_admin_service(const node_file&, actors::running_node& running, certificates& keys,
                                    std::shared_ptr<actors::cluster_service>);

} // namespace rookery::server
