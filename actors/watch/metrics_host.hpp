/// What a monitor asks over HTTP: /metrics (Prometheus text 0.0.4), /healthz (the
/// process answers), /readyz (it takes clients: 503 while it drains, or cannot write and passes no sessions on).
///
/// GET and HEAD only; nothing here changes anything or names a user. Give it a
/// loopback or an inner address.
#pragma once

#include "actors/net/protocol.hpp"
#include "actors/node.hpp"

#include <memory>

namespace rookery::actors {

/// For a listener. `passes_on`: clients are served though the node has no volume.
std::unique_ptr<net::protocol> make_metrics_host(node&, const connection_facts&, bool passes_on = false);

} // namespace rookery::actors
