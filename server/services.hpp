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
}

namespace rookery::server {

struct service_listener {
  std::shared_ptr<net::listener> listener;
  std::string refusal; ///< for connections above the limits
};

/// The node, its chat and the certificates must outlive the listener.
service_listener make_service(const listener_entry&, const node_file&, actors::node&, actors::chat_router&, actors::bosh_sessions&, const certificates&);

} // namespace rookery::server
