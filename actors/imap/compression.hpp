/// COMPRESS=DEFLATE (RFC 4978) as a layer of a connection.
#pragma once

#include "actors/net/layer.hpp"
#include "protocols/deflate/deflate_layer.hpp"

namespace rookery::actors {

class compression final : public net::layer {
public:
  /// What one read from the socket may expand to: a stream that expands more is an attack.
  static constexpr std::size_t plain_octets_max = 16u << 20;

  bool decode(base::const_bytes octets, base::buffer& plain, base::buffer&) override {
    for (;;) {
      switch (layer_.feed(octets, plain)) {
        case deflate::feed_state::hungry: return true;
        case deflate::feed_state::more:
          if (plain.size() > plain_octets_max) return false;
          continue;
        case deflate::feed_state::ended: ended_ = true; return true;
        case deflate::feed_state::damaged: return false;
      }
    }
  }
  bool encode(base::const_bytes plain, base::buffer& wire) override {
    layer_.write(plain, wire);
    return true;
  }
  bool peer_finished() const override { return ended_; }

private:
  deflate::deflate_layer layer_;
  bool ended_ = false;
};

} // namespace rookery::actors
