/// From the node file's listeners to what a connection on them speaks.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/node.hpp"
#include "server/certificates.hpp"
#include "server/node_file.hpp"

#include <memory>
#include <string>

namespace rookery::actors {
class bosh_sessions;
class chat_router;
class running_node;
}

namespace rookery::server {

struct service_listener {
  std::shared_ptr<net::listener> listener;
  std::string refusal; ///< for connections above the limits
};

/// Its sessions are of the node's own volume, or begin where `running_node::front` says; without that they end at once. `without_volume`
/// is a router of the node's face. All outlives it.
service_listener make_service(const listener_entry&, const node_file&, actors::running_node&, actors::bosh_sessions&, actors::chat_router& without_volume,
                              const certificates&);

/// Sessions that other nodes of the cluster give to this one (actors/relay). Before connections are accepted.
void serve_relayed(const node_file&, actors::running_node&);

} // namespace rookery::server
