/// Recalls that other nodes of the cluster ask for (home_recall.hpp).
#pragma once

#include "actors/node.hpp"
#include "cluster/stream/node_stream.hpp"

#include <memory>

namespace rookery::actors {

/// Serves one stream; in the stream's own thread.
void take_recall(node&, std::unique_ptr<cluster::node_stream>, const cluster::stream_opening&);

} // namespace rookery::actors
