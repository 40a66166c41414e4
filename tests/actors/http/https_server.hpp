/// HTTP and HTTPS services on free ports of loopback.
#pragma once

#include "actors/http/http_host.hpp"
#include "actors/net/acceptor.hpp"
#include "actors/net/tls_link.hpp"
#include "tests/support/authority.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace rookery::tests {

class https_server {
public:
  struct answer {
    std::uint16_t status = 200;
    http::field_list fields;
    std::string body;
  };
  using answering = std::function<answer(const actors::http_call&)>;

  explicit https_server(caf::actor_system& system) : system_(system) {
    reactors_.push_back(std::make_unique<net::reactor>(system, 0));
    reactors_.front()->start();
  }
  /// Its connections end first: the actor system waits for their actors.
  ~https_server() {
    for (auto& d : doors_) d->end();
    reactors_.front()->drain_sources();
    for (int i = 0; i < 1000 && counts_->total() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    reactors_.front()->stop();
  }

  /// Gives the port. `keys` empty: plain HTTP. `how` runs in the reactor's thread.
  std::uint16_t listen(answering how, const tls::pem_pair& keys = {}) {
    auto l = std::make_shared<net::listener>();
    l->ended = [counts = counts_](const connection_facts& f) { counts->leave(f); };
    l->service = "http";
    l->make = [how = std::move(how)](const connection_facts& f) -> std::unique_ptr<net::protocol> { return std::make_unique<host>(how, f); };
    if (!keys.key.empty()) {
      tls::server_settings settings;
      settings.certificates_pem = keys.certificates;
      settings.key_pem = keys.key;
      l->implicit_tls = true;
      l->make_tls = [c = *tls::tls_context::make_server(settings)] { return std::make_unique<net::tls_link>(c); };
    }
    doors_.push_back(std::make_unique<net::acceptor>(system_, reactors_, std::move(l), counts_, ""));
    if (!doors_.back()->open("127.0.0.1", 0)) throw std::runtime_error("no port");
    doors_.back()->begin();
    return doors_.back()->port();
  }

private:
  class host final : public actors::http_host {
  public:
    host(answering how, const connection_facts& f) : http_host(base::system_clock(), f), how_(std::move(how)) {}

  private:
    void asked(actors::http_call& call) override {
      const auto a = how_(call);
      reply(a.status, a.fields, a.body);
    }
    answering how_;
  };
  caf::actor_system& system_;
  std::shared_ptr<net::connection_counts> counts_ = std::make_shared<net::connection_counts>(net::connection_limits{});
  std::vector<std::unique_ptr<net::reactor>> reactors_;
  std::vector<std::unique_ptr<net::acceptor>> doors_;
};

} // namespace rookery::tests
