/// Whether a node answers at a place: a TLS handshake of our own with it, that waits without turning.
///
/// The system of a process that is stopped goes on accepting connections for it. CAF, which would shake hands there,
/// tries again and again without waiting: it is given only what has answered just now.
#pragma once

#include "cluster/stream/node_stream.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace rookery::cluster {

/// Connects, shakes hands, and closes again; `limit` for all of it. Blocks. Nothing when the other side showed a certificate of the
/// cluster's authority, else why not. Whose certificate it is, is not looked at.
std::optional<std::string> silence(const stream_identity&, const std::string& host, std::uint16_t port, std::chrono::milliseconds limit);

} // namespace rookery::cluster
