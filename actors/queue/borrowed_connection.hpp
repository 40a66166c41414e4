/// A connection to another server that this node has for a queue which another node leads: it dials, speaks SMTP and judges
/// TLS as for its own queues, and gets its messages from a stream.
///
/// To destination_actor and delivery_host it is dispatch and record. It knows nothing that outlives it: the lender writes
/// down what became of each message. When the stream is lost the connection is broken off at once.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/queue/destination_board.hpp"
#include "actors/system/volume_table.hpp"
#include "cluster/stream/node_stream.hpp"

#include <memory>
#include <vector>

namespace rookery::actors {

/// Serves one stream until it ends; in the stream's own thread. `volume`: any that is open here; null refuses.
void take_lent_connection(volume_ptr volume, std::vector<std::unique_ptr<net::reactor>>&, destination_board&, std::unique_ptr<cluster::node_stream>);

} // namespace rookery::actors
