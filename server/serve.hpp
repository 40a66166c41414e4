/// `rookery serve`: a node from its node file, until a signal ends it.
#pragma once

#include "server/node_file.hpp"

namespace rookery::server {

/// Serves in the foreground. SIGTERM and SIGINT drain and end it in order, a second one at
/// once; SIGHUP reads the certificates anew. Gives the exit code: 0 after an orderly end.
int serve(const node_file&);

} // namespace rookery::server
