/// Dials a TCP address and runs a protocol on the connection: the way out, as the
/// acceptor is the way in. The connection is the same actor with the same driver.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/net/reactor.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rookery::net {

/// Where to, and from where.
struct dial {
  std::string address;                       ///< numeric, IPv4 or IPv6 without brackets
  std::uint16_t port = 0;
  std::string source;                        ///< numeric address of ours, or "" for the system's choice
  std::chrono::milliseconds time{30000};     ///< for the TCP handshake (RFC 5321 §4.5.3.2 leaves it to us)
  std::string session_id;                    ///< for the logs; "" = a fresh one
};

/// Begins to connect; any thread. The work is done in the reactor's thread: either `service->make`
/// is called there with the facts of the connection (`peer_address` is the one dialed), after TLS when
/// `implicit_tls`, or `failed` with a short reason ("connection refused", "timed out"), once.
/// A failure after the protocol was made is told to the protocol (`protocol::ending`).
/// Not counted among the connections that clients may open.
void connect(caf::actor_system&, reactor&, dial, std::shared_ptr<const listener> service,
             std::function<void(std::string_view why)> failed);

} // namespace rookery::net
