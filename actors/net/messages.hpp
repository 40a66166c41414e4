/// Messages that connections understand whatever their protocol.
#pragma once

#include <caf/all.hpp>

#include <functional>
#include <memory>

namespace rookery::net {

/// The server goes down: finish what runs, refuse new work.
struct drain_connection {};

/// Runs in the connection's thread. Local only.
struct connection_task {
  std::shared_ptr<std::function<void()>> run;
};

} // namespace rookery::net

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::net::drain_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::net::connection_task)
