#include "actors/xmpp/federation/remote_domain.hpp"

#include "actors/xmpp/federation/stream_attempt.hpp"
#include "actors/xmpp/router.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace rookery::actors {
namespace {

using xmpp::federation::domain_pair;
using xmpp::federation::key_verdict;
using xmpp::federation::peer_errand;

using look_atom = caf::atom_constant<caf::atom("peerlook")>;
using over_atom = caf::atom_constant<caf::atom("peerover")>;

/// Stanzas, and their octets, that wait for a stream to this domain; more are refused.
constexpr std::size_t waiting_max = 1'000;
constexpr std::size_t waiting_octets_max = 4u << 20;
/// Those that were handed to a stream and are not known to have arrived.
constexpr std::size_t in_flight_max = 20'000;
constexpr std::size_t in_flight_octets_max = 16u << 20;
/// A stream comes about within this, or what waits is answered.
constexpr std::chrono::seconds opening_time{60};
/// After a failure the domain is not tried for so long, twice as long after each further one.
constexpr std::chrono::seconds pause_first{5}, pause_most{120};
/// Questions about keys that are under way.
constexpr std::size_t keys_max = 20;
constexpr std::chrono::seconds idle_time{30};

class remote_domain final : public caf::event_based_actor {
public:
  remote_domain(caf::actor_config& cfg, peer_service* service, std::string domain)
      : caf::event_based_actor(cfg), service_(*service), domain_(std::move(domain)) {}
  const char* name() const override { return "remote_domain"; }

protected:
  caf::behavior make_behavior() override {
    set_default_handler(caf::drop);
    set_error_handler([](caf::error&) {});
    delayed_send(this, idle_time, look_atom::value);
    return {[this](const routed_stanza_ptr& s) {
              ++taken_;
              take(s);
            },
            [this](const peer_ready& r) {
              ++taken_;
              ready(r);
            },
            [this](const peer_gone& g) {
              ++taken_;
              gone(g);
            },
            [this](const ask_key& k) {
              ++taken_;
              ask(k);
            },
            [this](const key_verdict_seen& k) {
              ++taken_;
              judged(k.stream, k.what);
            },
            [this](const attempt_task& t) { (*t.run)(); },
            [this](over_atom, std::uint64_t number) { failed(number, "it took too long", xmpp::condition::remote_server_timeout); },
            [this](look_atom) { look_idle(); }};
  }

private:
  struct parcel {
    routed_stanza_ptr what;
    xmpp::stanza_octets octets;
  };
  /// Between one domain of ours and this one.
  struct lane {
    std::deque<parcel> waiting;
    std::deque<parcel> in_flight;          ///< handed to the stream, and not known to have arrived
    std::uint64_t stream = 0;              ///< 0: there is none
    caf::actor connection;
    std::shared_ptr<carrying_progress> progress;
    std::uint64_t handed = 0;              ///< to this stream
    std::uint64_t opening = 0;             ///< number of the attempt
    base::instant not_before{};
    std::chrono::seconds pause = pause_first;
    std::string why;
    xmpp::condition says = xmpp::condition::remote_server_timeout;
  };
  struct key_question {
    domain_pair between;
    caf::actor connection;
  };

  void take(const routed_stanza_ptr& s) {
    auto& l = lanes_[s->from.domain];
    parcel p{s, std::make_shared<const std::string>(xml::to_text(*s->what, xmpp::space::client))};
    if (l.connection) {
      settle(l);
      if (l.in_flight.size() >= in_flight_max || flying_octets_ + p.octets->size() > in_flight_octets_max)
        return service_.router().refuse(*s, xmpp::condition::resource_constraint, "The other server is too slow");
      return carry(l, std::move(p));
    }
    if (!l.opening && service_.of().clock->now() < l.not_before) return service_.router().refuse(*s, l.says, l.why);
    if (waiting_ >= waiting_max || waiting_octets_ + p.octets->size() > waiting_octets_max)
      return service_.router().refuse(*s, xmpp::condition::resource_constraint, "Too much waits for the other server");
    keep(l, std::move(p));
    if (!l.opening) open(s->from.domain, l);
  }

  void keep(lane& l, parcel p) {
    ++waiting_;
    waiting_octets_ += p.octets->size();
    l.waiting.push_back(std::move(p));
  }
  parcel unkeep(lane& l) {
    auto p = std::move(l.waiting.front());
    l.waiting.pop_front();
    --waiting_;
    waiting_octets_ -= p.octets->size();
    return p;
  }

  void carry(lane& l, parcel p) {
    ++l.handed;
    flying_octets_ += p.octets->size();
    send(l.connection, carry_stanza{p.octets, l.progress});
    l.in_flight.push_back(std::move(p));
  }
  void settle(lane& l) {
    if (!l.progress) return;
    const auto arrived = l.progress->arrived.load(std::memory_order_acquire);
    while (l.handed - l.in_flight.size() < arrived) land(l);
  }
  parcel land(lane& l) {
    auto p = std::move(l.in_flight.front());
    l.in_flight.pop_front();
    flying_octets_ -= p.octets->size();
    return p;
  }

  void open(const std::string& ours, lane& l) {
    const auto number = l.opening = service_.next_number();
    start(number, {{ours, domain_}, {}, {}});
  }
  void start(std::uint64_t number, peer_errand errand) {
    const auto attempt = std::make_shared<stream_attempt>(
        *this, service_, number, std::move(errand), [this, number](const std::string& why, xmpp::condition says) { failed(number, why, says); });
    attempts_.emplace(number, attempt);
    delayed_send(this, opening_time, over_atom::value, number);
    attempt->begin();
  }

  void ready(const peer_ready& r) {
    auto& l = lanes_[r.ours];
    if (const auto at = attempts_.find(r.stream); at != attempts_.end()) {
      at->second->let_go();
      attempts_.erase(at);
      if (l.opening == r.stream) l.opening = 0;
    }
    if (l.connection) {
      // A second one, unless it is theirs and they use it.
      if (l.stream != r.stream) send(r.connection, close_stream{"there is another stream"});
      return;
    }
    l.stream = r.stream;
    l.connection = r.connection;
    l.progress = std::make_shared<carrying_progress>();
    l.handed = 0;
    l.pause = pause_first;
    l.not_before = {};
    while (!l.waiting.empty()) carry(l, unkeep(l));
  }

  void gone(const peer_gone& g) {
    if (const auto at = attempts_.find(g.stream); at != attempts_.end()) {
      const auto attempt = at->second;
      return attempt->go_on(g.why, g.says);
    }
    for (auto& [ours, l] : lanes_) {
      if (l.stream != g.stream) continue;
      settle(l);
      const auto taken = l.progress->taken.load(std::memory_order_acquire);
      const bool useless = !l.in_flight.empty() && taken == 0;
      // These may have arrived: sent again they might be there twice.
      while (l.handed - l.in_flight.size() < taken) lost(*land(l).what);
      l.stream = 0;
      l.connection = {};
      l.progress = nullptr;
      // What it did not take goes first, over another one.
      while (!l.in_flight.empty()) {
        auto p = std::move(l.in_flight.back());
        l.in_flight.pop_back();
        flying_octets_ -= p.octets->size();
        ++waiting_;
        waiting_octets_ += p.octets->size();
        l.waiting.push_front(std::move(p));
      }
      if (l.waiting.empty() || l.opening) continue;
      if (useless) give_back(ours, l, g.why, g.says);
      else open(ours, l);
    }
  }

  void lost(const routed_stanza& s) {
    static auto& unanswered = base::counter_named("rookery_federation_unacknowledged_total", "", "Stanzas to other servers whose stream ended before they were acknowledged");
    unanswered.add();
    service_.router().refuse(s, xmpp::condition::remote_server_timeout, "The stream to the other server ended before it was acknowledged; it may have arrived");
  }

  void failed(std::uint64_t number, const std::string& why, xmpp::condition says) {
    const auto at = attempts_.find(number);
    if (at == attempts_.end()) return;
    at->second->let_go();
    const auto ours = at->second->errand().between.ours;
    attempts_.erase(at);
    if (keys_.contains(number)) return judged(number, key_verdict::unreachable);
    auto& l = lanes_[ours];
    if (l.opening != number) return;
    l.opening = 0;
    if (!l.connection) give_back(ours, l, why, says);
  }

  void give_back(const std::string& ours, lane& l, const std::string& why, xmpp::condition says) {
    static auto& failures = base::counter_named("rookery_federation_failures_total", "", "Streams to other servers that did not come about");
    failures.add();
    base::log_event(base::severity::info, "federation.failed").text("domain", domain_).text("ours", ours).text("why", why)
        .number("stanzas", static_cast<std::int64_t>(l.waiting.size()));
    l.why = why;
    l.says = says;
    l.not_before = service_.of().clock->now() + l.pause;
    l.pause = std::min(l.pause * 2, pause_most);
    while (!l.waiting.empty()) service_.router().refuse(*unkeep(l).what, says, why);
  }

  void ask(const ask_key& k) {
    if (keys_.size() >= keys_max) return send(k.connection, key_answer{k.between, key_verdict::unreachable});
    const auto number = service_.next_number();
    keys_.emplace(number, key_question{k.between, k.connection});
    start(number, {k.between, k.id, k.key});
  }

  void judged(std::uint64_t number, key_verdict what) {
    const auto at = keys_.find(number);
    if (at == keys_.end()) return;
    send(at->second.connection, key_answer{at->second.between, what});
    keys_.erase(at);
    if (const auto attempt = attempts_.find(number); attempt != attempts_.end()) {
      attempt->second->let_go();
      attempts_.erase(attempt);
    }
  }

  void look_idle() {
    const auto now = service_.of().clock->now();
    for (auto& [ours, l] : lanes_) settle(l);
    std::erase_if(lanes_, [now](const auto& row) {
      const auto& l = row.second;
      return !l.connection && !l.opening && l.waiting.empty() && now >= l.not_before;
    });
    if (lanes_.empty() && attempts_.empty() && service_.retire(domain_, taken_)) return quit();
    delayed_send(this, idle_time, look_atom::value);
  }

  peer_service& service_;
  const std::string domain_;
  std::map<std::string, lane> lanes_;
  std::map<std::uint64_t, std::shared_ptr<stream_attempt>> attempts_;
  std::map<std::uint64_t, key_question> keys_;
  std::size_t waiting_ = 0, waiting_octets_ = 0, flying_octets_ = 0;
  std::uint64_t taken_ = 0;
};

} // namespace

caf::actor spawn_remote_domain(caf::actor_system& system, peer_service& service, std::string domain) {
  return system.spawn<remote_domain, caf::hidden>(&service, std::move(domain));
}

} // namespace rookery::actors
