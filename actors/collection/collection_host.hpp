/// What the hosts of POP3 and IMAP clients share: one run over one connection, which ends in one
/// report. While a message is being stored, nothing more is taken from the server.
#pragma once

#include "actors/collection/arriving_message.hpp"
#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "base/text.hpp"
#include "protocols/sasl/client_exchange.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace rookery::actors {

/// A run is ended after this time, what is left is for the next: a mailbox of years may take several.
inline constexpr std::chrono::minutes run_time_max{60};

template <session S>
class collection_host : public net::session_host<S> {
public:
  void begin(net::connection& c) override {
    net::session_host<S>::begin(c);
    this->link().after(run_time_max, [this] { this->finish(); });
  }
  caf::message_handler messages() override {
    return {[this](const commit_done_ptr& done) { message_.committed(this->link(), *done); }};
  }
  void step() override {
    while (!storing_ && this->session_.output().size() < net::output_octets_high) {
      auto event = this->session_.next_event();
      if (!event) return;
      this->on(*event);
    }
  }
  std::optional<base::instant> deadline() const override { return storing_ ? std::nullopt : this->session_.deadline(); }
  bool busy() const override { return storing_; }
  void ending(std::string_view why) override {
    if (!this->session_.closed()) fail(why); // behind the last word everybody may close
  }
  void gone() override {
    if (std::exchange(told_, true)) return;
    result_.ok = result_.reason.empty();
    caf::anon_send(order_->report_to, collection_ended{order_->what->id, std::make_shared<const run_result>(result_)});
  }

protected:
  template <class Settings>
  collection_host(node& n, std::shared_ptr<const run_order> order, Settings settings, const connection_facts& facts)
      : net::session_host<S>(std::move(settings), facts, n.clock->now()), node_(n), order_(std::move(order)),
        message_(n, order_) {}

  base::instant now() { return this->link().now(); }
  /// The first reason counts.
  void fail(std::string_view why) {
    if (result_.reason.empty()) result_.reason = why.empty() ? "the connection ended" : base::printable(why);
  }
  /// Nothing more is asked; what is asked already is still taken.
  virtual void finish() = 0;
  void check_peer() {
    const auto& facts = this->session_.facts();
    if (!order_->what->certificate_checked || facts.tls_peer == peer_trust::pkix) return this->session_.peer_accepted(now());
    this->session_.peer_refused(facts.tls_peer_failure.empty() ? "the certificate is not trusted" : facts.tls_peer_failure);
  }
  void derive(sasl::key_question question) {
    auto key = std::make_shared<std::string>();
    storing_ = true;
    const bool taken = node_.passwords->run(
        this->link(), [key, question = std::move(question)] { *key = sasl::derive_key(question); },
        [this, key] {
          storing_ = false;
          this->session_.key_derived(*key, now());
        });
    if (taken) return;
    fail("too busy");
    this->link().abort("too busy");
  }
  /// Opens the account's mailboxes, then goes on.
  void open(std::function<void()> then) {
    storing_ = true;
    message_.open(this->link(), [this, then = std::move(then)](const std::string& why) {
      storing_ = false;
      if (why.empty()) return then();
      fail(why);
      finish();
    });
  }

  node& node_;
  std::shared_ptr<const run_order> order_;
  arriving_message message_;
  run_result result_;
  bool storing_ = false; ///< another actor's answer is awaited
  bool told_ = false;
};

/// For the connector; `password` is that of the order.
std::unique_ptr<net::protocol> make_pop3_collection(node&, std::shared_ptr<const run_order>, const connection_facts&);
std::unique_ptr<net::protocol> make_imap_collection(node&, std::shared_ptr<const run_order>, const connection_facts&);

} // namespace rookery::actors
