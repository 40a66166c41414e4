/// A BOSH session whose account is at home on another node: its requests are answered here, and its stream goes on there.
///
/// Source: XEP-0206; docs/decisions/0018. Beneath a bosh_host, in its connection's thread.
#pragma once

#include "actors/net/protocol.hpp"
#include "protocols/xmpp/stream_wire.hpp"

#include <memory>

namespace rookery::actors {

/// `home`: carries octets to the home and back (actors/relay).
std::unique_ptr<net::protocol> make_bosh_relay(std::unique_ptr<net::protocol> home, std::unique_ptr<xmpp::stream_wire>);

} // namespace rookery::actors
