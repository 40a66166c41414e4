/// The JSON interface over HTTP: for the command line on a local socket, and for the web.
///
/// On the local socket the socket's mode is the right: who may open it administers.
#pragma once

#include "actors/admin/live_node.hpp"
#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "protocols/http/server_session.hpp"

#include <memory>

namespace rookery::admin {

/// A request's body: an import of some thousand accounts.
inline constexpr std::size_t body_octets_max = 4u << 20;

std::unique_ptr<net::protocol> make_admin_host(actors::node&, std::shared_ptr<const node_services>, const connection_facts&);

} // namespace rookery::admin
