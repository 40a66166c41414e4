/// What may stand between the socket and a session: TLS, then compression.
#pragma once

#include "base/bytes.hpp"
#include "protocols/connection_facts.hpp"

#include <string>
#include <string_view>

namespace rookery::net {

/// One layer; owned and called by one connection, in its reactor's thread.
class layer {
public:
  virtual ~layer() = default;
  /// The first call: what this layer must say before it has heard anything (a client's handshake).
  virtual void begin(base::buffer&) {}
  /// What came from below. Plain octets are appended to `plain`; octets that the layer
  /// itself must send (a handshake) to `wire`. False: the peer broke the rules, see `fault`.
  virtual bool decode(base::const_bytes octets, base::buffer& plain, base::buffer& wire) = 0;
  /// What goes down. Only when `ready`.
  virtual bool encode(base::const_bytes plain, base::buffer& wire) = 0;
  /// The handshake is done (always, for layers that have none).
  virtual bool ready() const { return true; }
  /// The last words of this layer (close_notify).
  virtual void finish(base::buffer&) {}
  /// The peer has said its last words.
  virtual bool peer_finished() const { return false; }
  /// What a session is told about it.
  virtual void describe(connection_facts&) const {}
  virtual std::string fault() const { return {}; }
  /// Before `begin`, of a server's TLS: whose certificate is shown to who does not say it itself.
  virtual void expect_name(std::string_view) {}
};

} // namespace rookery::net
