#include "actors/xmpp/web/bosh_relay.hpp"

#include "actors/net/connection.hpp"
#include "protocols/xmpp/wire_bridge.hpp"

#include <utility>

namespace rookery::actors {
namespace {

class bosh_relay final : public net::protocol {
public:
  bosh_relay(std::unique_ptr<net::protocol> home, std::unique_ptr<xmpp::stream_wire> wire)
      : home_(std::move(home)), wire_(std::move(wire)), bridge_(*wire_) {}

  void begin(net::connection& c) override {
    net::protocol::begin(c);
    home_->begin(c);
  }
  void feed(base::const_bytes, base::instant now) override { wire_->feed({}, now); }
  void tick(base::instant now) override { wire_->tick(now); }
  void step() override {
    while (!ended_ && (bring() | take())) {}
    if (ended_ || !(bridge_.ended() || home_->closed())) return;
    ended_ = true;
    wire_->close();
  }
  base::const_bytes output() const override { return {}; }
  void sent(std::size_t) override {}
  std::optional<base::instant> deadline() const override { return wire_->deadline(); }
  bool wants_input() const override { return false; }
  bool closed() const override { return ended_ || wire_->over(); }
  void shut_down(base::instant now) override { home_->shut_down(now); }
  void tls_started(const connection_facts&, base::instant) override {}
  void gone() override { home_->gone(); }

private:
  /// To the home.
  bool bring() {
    bool moved = false;
    while (home_->wants_input()) {
      const auto octets = bridge_.from_client();
      if (octets.empty()) break;
      home_->feed(octets, link().now());
      moved = true;
    }
    return moved;
  }
  /// From there.
  bool take() {
    bool moved = false;
    while (bridge_.hungry()) {
      const auto some = home_->output().substr(0, xmpp::wire_bridge::taken_octets);
      if (some.empty()) break;
      bridge_.take(some);
      home_->sent(some.size());
      moved = true;
    }
    return bridge_.tell() || moved;
  }

  std::unique_ptr<net::protocol> home_;
  std::unique_ptr<xmpp::stream_wire> wire_;
  xmpp::wire_bridge bridge_;
  bool ended_ = false;
};

} // namespace

std::unique_ptr<net::protocol> make_bosh_relay(std::unique_ptr<net::protocol> home, std::unique_ptr<xmpp::stream_wire> wire) {
  return std::make_unique<bosh_relay>(std::move(home), std::move(wire));
}

} // namespace rookery::actors
