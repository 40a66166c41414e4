/// The TLS of a stream between nodes as a layer of a connection, once its handshake is done (cluster/stream).
#pragma once

#include "actors/net/layer.hpp"
#include "actors/relay/handover.hpp"
#include "protocols/tls/tls_layer.hpp"

#include <functional>
#include <utility>

namespace rookery::actors {

/// A node that vanished is noticed within half a minute also where nothing is sent.
void watch_stream(int fd);

/// TLS that nobody drives yet; a connection that never begins frees it.
class held_tls {
public:
  explicit held_tls(SSL* ssl) : ssl_(ssl) {}
  ~held_tls();
  held_tls(const held_tls&) = delete;
  held_tls& operator=(const held_tls&) = delete;
  SSL* take() { return std::exchange(ssl_, nullptr); }

private:
  SSL* ssl_;
};

/// Octets as they are. It tells the session nothing: what a client is told of TLS is its own connection's.
class stream_layer : public net::layer {
public:
  /// Takes `ssl` over.
  explicit stream_layer(SSL* ssl) : tls_(ssl) {}
  bool decode(base::const_bytes octets, base::buffer& plain, base::buffer& wire) override {
    tls_.feed_cipher(octets, plain, wire);
    return tls_.state() != tls::tls_state::failed;
  }
  bool encode(base::const_bytes plain, base::buffer& wire) override {
    tls_.write_plain(plain, wire);
    return tls_.state() != tls::tls_state::failed;
  }
  void finish(base::buffer& wire) override { tls_.close(wire); }
  bool peer_finished() const override { return tls_.state() == tls::tls_state::peer_closed; }
  std::string fault() const override { return std::string(tls::name(tls_.error())) + ": " + tls_.error_text(); }

private:
  tls::tls_layer tls_;
};

/// The home's end of a session's stream: the session below knows nothing of frames.
class session_layer final : public stream_layer {
public:
  /// `drain`: the accepting node goes down; called in the connection's thread.
  session_layer(SSL* ssl, std::function<void()> drain) : stream_layer(ssl), drain_(std::move(drain)) {}
  bool decode(base::const_bytes octets, base::buffer& plain, base::buffer& wire) override;
  bool encode(base::const_bytes plain, base::buffer& wire) override;
  void finish(base::buffer& wire) override;
  bool peer_finished() const override { return shut_ || stream_layer::peer_finished(); }
  std::string fault() const override { return strange_ ? "the other node sent what is no frame" : stream_layer::fault(); }

private:
  cluster::frame_reader reader_{session_piece_octets};
  std::function<void()> drain_;
  bool shut_ = false, strange_ = false;
};

} // namespace rookery::actors
