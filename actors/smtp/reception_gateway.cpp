// Mail for other servers' domains: who its recipients are, and who may have it (ETRN, ATRN).
#include "actors/queue/delivery_host.hpp"
#include "actors/queue/verifier_actor.hpp"
#include "actors/relay/without_volume.hpp"
#include "actors/smtp/reception_host.hpp"
#include "base/log.hpp"
#include "policy/gateway/dequeue.hpp"

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds dispatch_time{30};
/// Of one connection that has turned around: its server asks again for more.
constexpr std::uint32_t transactions_a_turn_max = 100'000;

constexpr routing::refusal no_such_user{550, "5.1.1", "No such user, says the server of this domain"};
constexpr routing::refusal cannot_ask{451, "4.4.1", "The server of this domain cannot be asked now, try again later"};

gateway::etrn_target target_of(smtp::start_queue::kind k) {
  switch (k) {
  case smtp::start_queue::kind::node: return gateway::etrn_target::domain;
  case smtp::start_queue::kind::with_subdomains: return gateway::etrn_target::with_subdomains;
  case smtp::start_queue::kind::queue: return gateway::etrn_target::queue;
  }
  return gateway::etrn_target::domain;
}

} // namespace

void reception_host::verify(accepted_recipient r) {
  const auto gateway = r.route.gateway;
  verify_recipient question{r.route.remote.front(), gateway->domain};
  waiting_ = true;
  const auto settle = [this, gateway](accepted_recipient& to, gateway::verified what) {
    waiting_ = false;
    if (!transaction_) return; // the session ended meanwhile
    session_.tick(link().now());
    if (what == gateway::verified::unknown) return refuse(no_such_user);
    if (what == gateway::verified::unavailable && !gateway->accept_unchecked) return refuse(cannot_ask);
    check_quota(std::move(to), 0);
  };
  auto shared = std::make_shared<accepted_recipient>(std::move(r));
  link().ask<recipient_verified>(
      node_.verifier, std::chrono::seconds(node_.settings->get()->gateway_verify_seconds), std::move(question),
      [settle, shared](const recipient_verified& v) { settle(*shared, v.value.what); },
      [settle, shared] { settle(*shared, gateway::verified::unavailable); });
}

/// The account that has logged in, as it is now; "" when there is none or it may not log in any more.
std::string reception_host::dequeuer() const {
  if (!account_) return {};
  const auto now = node_.directory->get()->account(account_->id);
  return now && now->may_log_in() ? now->address : std::string();
}

void reception_host::log_dequeue(std::string_view event, const std::string& what, std::uint64_t messages) const {
  base::log_event(base::severity::info, event)
      .text("session", session_.facts().session_id)
      .text("peer", session_.facts().peer_address)
      .text("account", account_ ? account_->address : "")
      .text("node", what)
      .number("messages", static_cast<std::int64_t>(messages));
}

// RFC 1985 §5.3.
void reception_host::handle(const smtp::start_queue& q) {
  if (!has_volume(node_)) return session_.queue_answered({458, "4.3.2", "Unable to queue messages for node " + q.name + " here just now"});
  const auto rule = gateway::etrn_rule_named(node_.settings->get()->gateway_etrn);
  const auto choice = gateway::choose_for_etrn(*node_.delivery->get(), rule, target_of(q.what), q.name, dequeuer());
  if (choice.domains.empty())
    return session_.queue_answered(
        {459, "5.7.0", "Node " + q.name + (choice.known ? " not allowed: log in with an account that may ask" : " not allowed: no mail is kept for it")});
  waiting_ = true;
  link().ask<gateways_started>(
      node_.dispatch, dispatch_time, start_gateways{choice.domains, choice.trusted},
      [this, name = q.name](const gateways_started& s) {
        waiting_ = false;
        session_.tick(link().now());
        log_dequeue("gateway.etrn", name, s.messages);
        if (s.too_often && s.messages == 0) return session_.queue_answered({458, "4.7.0", "Unable to queue messages for node " + name + ": it was asked a moment ago"});
        if (s.messages == 0) return session_.queue_answered({251, "2.0.0", "OK, no messages waiting for node " + name});
        session_.queue_answered({253, "2.0.0", "OK, " + std::to_string(s.messages) + " pending messages for node " + name + " started"});
      },
      [this, name = q.name] {
        waiting_ = false;
        session_.tick(link().now());
        session_.queue_answered({458, "4.3.0", "Unable to queue messages for node " + name});
      });
}

// RFC 2645 §5.2.1.
void reception_host::handle(const smtp::turn_around& t) {
  if (!has_volume(node_)) return session_.refuse({451, "4.3.2", "Unable to process ATRN request here just now"});
  const auto choice = gateway::choose_for_atrn(*node_.delivery->get(), t.domains, dequeuer());
  if (choice.domains.empty()) return session_.refuse({450, "4.7.1", "ATRN request refused"});
  waiting_ = true;
  link().ask<customer_admitted>(
      node_.dispatch, dispatch_time, admit_customer{choice.domains},
      [this](const customer_admitted& a) {
        waiting_ = false;
        admitted_ = a;
        if (gone_) return give_back();
        session_.tick(link().now());
        if (a.connections.empty()) return session_.refuse({453, "4.2.0", "You have no mail"});
        session_.accept();
      },
      [this] {
        waiting_ = false;
        session_.tick(link().now());
        session_.refuse({451, "4.3.0", "Unable to process ATRN request now"});
      });
}

/// The connection goes on as a client of ours.
void reception_host::handle(const smtp::turned&) {
  log_dequeue("gateway.turned", account_ ? account_->address : "", admitted_.connections.size());
  auto session = std::make_shared<smtp::client_settings>();
  const auto& name = node_.settings->get()->queue_helo_name;
  session->host_name = name.empty() ? node_.host_name : name;
  session->tls = smtp::tls_use::none; // it is there already, or is not to be
  session->limits.mails = transactions_a_turn_max;
  auto parts = std::make_shared<delivery_parts>();
  parts->of = &node_;
  parts->dispatch = node_.dispatch;
  parts->record = admitted_.record;
  parts->connection = admitted_.connections.front();
  parts->further.assign(admitted_.connections.begin() + 1, admitted_.connections.end());
  parts->admitted = true;
  parts->session = std::move(session);
  parts->host = session_.facts().peer_address;
  parts->judge = [](const connection_facts&, const smtp::capabilities&) { return std::optional<way_failure>(); };
  parts->tls_broken = [](bool, std::string_view) { return way_failure{}; };
  admitted_.connections.clear();
  link().turn_over(std::make_unique<delivery_host>(std::move(parts), session_.facts(), link().now()));
}

void reception_host::give_back() {
  for (const auto c : admitted_.connections) {
    connection_over over;
    over.connection = c;
    caf::anon_send(node_.dispatch, std::move(over));
  }
  admitted_.connections.clear();
}

void reception_host::gone() {
  gone_ = true;
  give_back();
  entry_.leave();
}

} // namespace rookery::actors
