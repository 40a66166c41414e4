/// TLS (protocols/tls) as a layer of a connection.
#pragma once

#include "actors/net/layer.hpp"
#include "protocols/tls/tls_context.hpp"
#include "protocols/tls/tls_layer.hpp"

#include <memory>

namespace rookery::net {

class tls_link final : public layer {
public:
  /// `server_name` and `check` are for a client (tls_layer); what the check gave is in the facts.
  explicit tls_link(std::shared_ptr<const tls::tls_context> context, std::string_view server_name = {},
                    const tls::peer_check& check = {})
      : tls_(std::move(context), server_name, check) {}
  /// For a server; with `clients` it asks for a certificate.
  tls_link(std::shared_ptr<const tls::tls_context> context, std::shared_ptr<const tls::client_trust> clients)
      : tls_(std::move(context), std::move(clients)) {}

  void expect_name(std::string_view name) override { tls_.expect_name(name); }
  void begin(base::buffer& wire) override { tls_.start(wire); }

  bool decode(base::const_bytes octets, base::buffer& plain, base::buffer& wire) override {
    tls_.feed_cipher(octets, plain, wire);
    return tls_.state() != tls::tls_state::failed;
  }
  bool encode(base::const_bytes plain, base::buffer& wire) override {
    tls_.write_plain(plain, wire);
    return tls_.state() != tls::tls_state::failed;
  }
  bool ready() const override { return tls_.handshake_done(); }
  void finish(base::buffer& wire) override { tls_.close(wire); }
  bool peer_finished() const override { return tls_.state() == tls::tls_state::peer_closed; }
  void describe(connection_facts& facts) const override { tls_.describe(facts); }
  std::string fault() const override { return std::string(tls::name(tls_.error())) + ": " + tls_.error_text(); }

private:
  tls::tls_layer tls_;
};

} // namespace rookery::net
