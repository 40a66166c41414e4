#include "actors/queue/verifier_actor.hpp"

#include "actors/queue/destination_actor.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "base/log.hpp"

#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

namespace rookery::actors {
namespace {

using gateway::verification;
using gateway::verified;
using promise_of = caf::typed_response_promise<recipient_verified>;

/// One address that is asked for, by all who want to know.
struct question {
  std::string address;
  std::vector<promise_of> askers;
};

/// The server of one gateway while it is asked.
struct server {
  way_ptr way;
  caf::actor destination;
  std::deque<question> waiting;
  std::size_t connections = 0;
};

/// A connection to it, from `open_connection` to `connection_over`.
struct asking {
  std::string gateway;
  std::uint64_t transaction = 0;             ///< under way; 0: none
  question what;
};

class verifier_state {
public:
  static inline const char* name = "verifier_actor";

  void begin(caf::event_based_actor* self, std::shared_ptr<verifier_parts> parts) {
    self_ = self;
    parts_ = std::move(parts);
  }

  caf::result<recipient_verified> ask(const verify_recipient& v) {
    if (auto known = cache_.find(v.address, now())) return recipient_verified{std::move(*known)};
    auto promise = self_->make_response_promise<recipient_verified>();
    if (auto* same = find(v)) {
      same->askers.push_back(promise);
      return promise;
    }
    const auto view = of().delivery->get();
    const auto gateway = view->gateway(v.gateway);
    if (gateway == nullptr || waiting_ >= verifications_waiting_max) {
      promise.deliver(recipient_verified{{verified::unavailable, "too many recipients are being asked for"}});
      return promise;
    }
    auto& s = servers_[v.gateway];
    if (!s.way) {
      delivery::route_question q;
      q.domain = v.gateway;
      q.queue = gateway->queue;
      s.way = std::make_shared<const delivery::way>(delivery::choose(*view, q, {}));
      auto to = std::make_shared<destination_parts>();
      to->of = &of();
      to->destination = s.way->key;
      to->dispatch = to->record = caf::actor_cast<caf::actor>(self_);
      to->reactors = parts_->reactors;
      to->time = std::chrono::seconds(of().settings->get()->gateway_verify_seconds);
      s.destination = spawn_destination(*self_, std::move(to));
    }
    s.waiting.push_back({v.address, {promise}});
    ++waiting_;
    open(v.gateway, s);
    return promise;
  }

  given_work take(const take_work& t) {
    const auto at = connections_.find(t.connection);
    if (at == connections_.end()) return stop();
    auto& s = servers_.at(at->second.gateway);
    if (s.waiting.empty()) return {};
    at->second.what = std::move(s.waiting.front());
    at->second.transaction = ++last_number_;
    s.waiting.pop_front();
    --waiting_;
    auto message = std::make_shared<storage::queue::envelope>();
    message->recipients.emplace_back().address = at->second.what.address;
    given_work out;
    out.what = queueing::take_result::work;
    out.work.number = at->second.transaction;
    out.work.recipients = {0};
    out.message = std::move(message);
    out.verify_only = true;
    by_transaction_.emplace(at->second.transaction, t.connection);
    return out;
  }

  void answered(const attempt_result& r) {
    const auto number = by_transaction_.find(r.transaction);
    if (number == by_transaction_.end()) return;
    auto& c = connections_.at(number->second);
    by_transaction_.erase(number);
    verification v;
    if (!r.recipients.empty()) {
      const auto& as = r.recipients.front().as;
      v.what = as.what == delivery::fate::done ? verified::known : as.what == delivery::fate::failed ? verified::unknown : verified::unavailable;
      v.answer = as.answer;
    }
    settle(c, std::move(v));
  }

  void over(const connection_over& o) {
    const auto at = connections_.find(o.connection);
    if (at == connections_.end()) return;
    auto c = std::move(at->second);
    connections_.erase(at);
    by_transaction_.erase(c.transaction);
    if (c.transaction != 0) settle(c, {verified::unavailable, "the connection was lost"});
    auto& s = servers_.at(c.gateway);
    --s.connections;
    if (o.how != queueing::close_reason::finished && s.connections == 0) {
      cache_.put_down(c.gateway, o.why.as.answer, now());
      base::log_event(base::severity::info, "gateway.not_verified").text("gateway", c.gateway).text("why", o.why.as.answer);
      waiting_ -= s.waiting.size();
      for (auto& q : std::exchange(s.waiting, {})) answer(q, {verified::unavailable, o.why.as.answer});
    }
    open(c.gateway, s);
    if (s.connections > 0 || !s.waiting.empty()) return;
    self_->send(s.destination, destination_idle{});
    servers_.erase(c.gateway);
  }

private:
  node& of() const { return *parts_->of; }
  base::instant now() const { return of().clock->now(); }
  static given_work stop() {
    given_work out;
    out.what = queueing::take_result::stop;
    return out;
  }

  /// Somebody asks for this address already.
  question* find(const verify_recipient& v) {
    const auto at = servers_.find(v.gateway);
    if (at == servers_.end()) return nullptr;
    for (auto& q : at->second.waiting)
      if (q.address == v.address) return &q;
    for (auto& [number, c] : connections_)
      if (c.transaction != 0 && c.what.address == v.address) return &c.what;
    return nullptr;
  }

  void open(const std::string& domain, server& s) {
    while (s.connections < verifying_connections_max && s.connections < s.waiting.size()) {
      const auto number = ++last_number_;
      connections_.emplace(number, asking{domain, 0, {}});
      ++s.connections;
      open_connection o;
      o.slot.connection = number;
      o.slot.destination = s.way->key;
      o.way = s.way;
      self_->send(s.destination, std::move(o));
    }
  }

  void settle(asking& c, verification v) {
    c.transaction = 0;
    const auto& values = *of().settings->get();
    cache_.put(c.what.address, v, {std::chrono::seconds(values.gateway_verify_keep_seconds), std::chrono::seconds(values.gateway_verify_keep_unknown_seconds)}, now());
    auto q = std::exchange(c.what, {});
    answer(q, v);
  }

  static void answer(question& q, const verification& v) {
    for (auto& p : q.askers) p.deliver(recipient_verified{v});
  }

  caf::event_based_actor* self_ = nullptr;
  std::shared_ptr<verifier_parts> parts_;
  gateway::verification_cache cache_;
  std::map<std::string, server> servers_;    ///< by gateway; only while something is asked
  std::unordered_map<queueing::connection_number, asking> connections_;
  std::unordered_map<std::uint64_t, queueing::connection_number> by_transaction_;
  std::size_t waiting_ = 0;
  std::uint64_t last_number_ = 0;
};

caf::behavior verifier_actor(caf::stateful_actor<verifier_state>* self, std::shared_ptr<verifier_parts> parts) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  auto& st = self->state;
  st.begin(self, std::move(parts));
  return {[&st](const verify_recipient& v) { return st.ask(v); },
          [&st](const take_work& t) { return st.take(t); },
          [&st](const attempt_result_ptr& r) { st.answered(*r); },
          [&st](const connection_over& o) { st.over(o); }};
}

} // namespace

caf::actor spawn_verifier(caf::actor_system& system, std::shared_ptr<verifier_parts> parts) {
  return system.spawn<caf::detached + caf::hidden>(verifier_actor, std::move(parts));
}

} // namespace rookery::actors
