#include "actors/queue/destination_actor.hpp"

#include "actors/net/connector.hpp"
#include "actors/net/tls_link.hpp"
#include "actors/queue/client_tls.hpp"
#include "actors/queue/delivery_host.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/host_finder.hpp"
#include "actors/queue/session_count.hpp"
#include "actors/queue/sts_actor.hpp"
#include "actors/system/held_session.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace rookery::actors {
namespace {

/// A host that did not answer is tried behind the others for this time.
constexpr std::chrono::seconds bad_time{300};
constexpr std::chrono::milliseconds dial_time{30'000};
/// Longer than the node's own time for a policy that is new.
constexpr std::chrono::minutes sts_time{12};
constexpr std::uint32_t transactions_a_session_max = 10'000; ///< dispatch decides earlier

/// From a dial that came to nothing.
struct dial_failed {
  queueing::connection_number connection = 0;
  std::string why;
};

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::dial_failed)

namespace rookery::actors {
namespace {

using delivery::trouble;

delivery::sts_state state_of(const sts_answer& a) {
  switch (a.what) {
  case sts_answer::state::none: return delivery::sts_state::none;
  case sts_answer::state::unavailable: return delivery::sts_state::unavailable;
  case sts_answer::state::testing: return delivery::sts_state::testing;
  case sts_answer::state::enforce: return delivery::sts_state::enforce;
  }
  return delivery::sts_state::none;
}

/// One address of one host.
struct target {
  std::string host, address;
  delivery::tls_demand demand;
  std::vector<dns::tlsa> tlsas;
  std::string tls_name;
  const char* dns = "";            ///< for the logs: were the answers that led to it validated?
  session_count count;
};

/// A connection that is to come about: walks along the targets.
struct attempt {
  way_ptr way;
  std::vector<target> targets;     ///< those found so far
  std::deque<delivery::mail_host> hosts; ///< not looked at yet
  std::set<std::string> put_back;  ///< hosts whose addresses are not validated, behind others of their preference
  std::size_t next = 0;
  bool in_the_clear = false;       ///< the present target a second time, without TLS
  bool named = false, mx_secure = false;
  sts_answer sts;                  ///< what the domain asks of its hosts
  std::optional<way_failure> last;
};

class destination_state {
public:
  static inline const char* name = "destination_actor";

  void begin(caf::event_based_actor* self, std::shared_ptr<destination_parts> parts) {
    self_ = self;
    parts_ = std::move(parts);
    finder_.emplace(*self, *parts_->of);
  }

  void open(const open_connection& o) {
    const auto number = o.slot.connection;
    attempts_[number].way = o.way;
    finder_->find_hosts(*o.way, seed(), [this, number](found_hosts found) { have_hosts(number, std::move(found)); });
  }

  void unfit(const connection_unfit& u) {
    const auto at = attempts_.find(u.connection);
    if (at == attempts_.end()) return;
    auto& a = at->second;
    if (u.why.in_the_clear && !a.in_the_clear) {
      a.in_the_clear = true;
      return dial_now(u.connection, a);
    }
    failed(u.connection, a, u.why);
  }

  void dial_came_to_nothing(const dial_failed& d) {
    const auto at = attempts_.find(d.connection);
    if (at == attempts_.end()) return;
    auto& a = at->second;
    const auto& t = a.targets[a.next];
    failed(d.connection, a, {delivery::of_trouble(trouble::unreachable, t.host + " (" + t.address + "): " + d.why), t.host, true, false});
  }

  void ready(const connection_ready& r) {
    const auto at = attempts_.find(r.connection);
    if (at == attempts_.end()) return;
    bad_.erase(at->second.targets[at->second.next].address);
    attempts_.erase(at);
    leave();
  }

  void idle() {
    idle_ = true;
    leave();
  }

private:
  node& of() const { return *parts_->of; }
  static std::uint64_t seed() {
    std::uint64_t out = 0;
    for (const char c : base::random_octets(8)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }

  void have_hosts(queueing::connection_number number, found_hosts found) {
    const auto at = attempts_.find(number);
    if (at == attempts_.end()) return;
    auto& a = at->second;
    if (found.problem) return give_up(number, {std::move(*found.problem), {}, false, false});
    a.named = found.named;
    a.mx_secure = found.secure;
    a.hosts.assign(found.hosts.begin(), found.hosts.end());
    if (!follows_sts(a)) return next_host(number);
    self_->request(of().sts, sts_time, sts_question{a.way->domain})
        .then([this, number](const sts_answer& sts) { have_policy(number, sts); },
              [this, number](const caf::error&) { have_policy(number, {}); });
  }

  bool follows_sts(const attempt& a) const {
    return !a.named && a.way->what == delivery::way::kind::mx && !a.way->domain.empty() && of().settings->get()->queue_mta_sts &&
           !(a.way->route && !a.way->route->mta_sts);
  }

  void have_policy(queueing::connection_number number, const sts_answer& sts) {
    const auto at = attempts_.find(number);
    if (at == attempts_.end()) return;
    at->second.sts = sts;
    // RFC 8460 §4.3: a policy that could not be had is a failure of its own, beside what the session brings.
    if (!sts.failure.empty() && counts_sessions(of(), *at->second.way, at->second.named))
      session_count(of(), at->second.way->domain, delivery::tls_policy::sts).tell(sts.failure);
    next_host(number);
  }

  /// Asks for the next host's addresses when those found so far are used up.
  void next_host(queueing::connection_number number) {
    auto& a = attempts_.at(number);
    if (a.hosts.empty()) {
      if (!a.last) {
        a.last = way_failure{delivery::of_trouble(trouble::no_host, "no host of " + parts_->destination + " may be used"), {}, false, false};
      }
      return give_up(number, std::move(*a.last));
    }
    const auto next = a.hosts.front();
    const auto& host = next.name;
    a.hosts.pop_front();
    const bool dane = of().settings->get()->queue_dane && (a.mx_secure || a.named) &&
                      !(a.way->route && a.way->route->dane == delivery::dane_use::ignored);
    finder_->find_addresses(host, a.way->hop.port, a.named || !a.way->hop.host.empty(), dane, seed(), [this, number, next](found_addresses found) {
      have_addresses(number, next, std::move(found));
    });
  }

  /// What it comes to if no host is left: a failure that may pass with time is not replaced by one for good.
  static void keep(attempt& a, way_failure why) {
    if (!a.last || a.last->as.what == delivery::fate::failed || why.as.what != delivery::fate::failed) a.last = std::move(why);
  }

  void have_addresses(queueing::connection_number number, const delivery::mail_host& of_domain, found_addresses found) {
    const auto& host = of_domain.name;
    const auto at = attempts_.find(number);
    if (at == attempts_.end()) return;
    auto& a = at->second;
    if (found.problem) {
      keep(a, {std::move(*found.problem), host, true, false});
      return next_host(number);
    }
    if (a.way->dnssec_required && !found.secure && !delivery::usable_address(host, true)) {
      keep(a, {delivery::of_trouble(trouble::dns_unsigned, "the addresses of " + host + " are not signed, and must be"), host, true, false});
      return next_host(number);
    }
    const bool asked = !delivery::usable_address(host, true); // a written address asks nobody
    const bool validated = found.secure && (a.named || a.mx_secure);
    if (a.way->dnssec_requested && asked && !validated) {
      if (!found.secure && put_behind(a, of_domain)) return next_host(number);
      base::log_event(base::severity::notice, "delivery.not_validated").text("destination", parts_->destination).text("host", host);
    }
    delivery::tls_facts facts;
    facts.route = a.way->tls;
    facts.tls_at_once = a.way->hop.tls_at_once;
    if (a.way->route) facts.dane = a.way->route->dane;
    if (!of().settings->get()->queue_dane) facts.dane = delivery::dane_use::ignored;
    facts.named = a.named;
    facts.mx_secure = a.mx_secure;
    facts.host_secure = found.secure;
    facts.tlsa = found.tlsa;
    facts.require_tls = a.way->require_tls;
    facts.tls_optional = a.way->tls_optional;
    facts.follow_sts = follows_sts(a);
    facts.sts = state_of(a.sts);
    facts.sts_names_host = a.sts.policy && mailauth::covers(*a.sts.policy, host);
    const auto demand = delivery::demand_for(facts);
    if (demand.skip) {
      count_for(a, demand, host, {}, found).tell(delivery::counted_as(demand, {}));
      keep(a, {delivery::of_trouble(demand.otherwise, host + " does not fulfil what is asked of TLS"), host, true, false});
      return next_host(number);
    }
    const char* dns = !asked ? "" : validated ? "validated" : "not validated";
    for (auto& address : found.addresses) {
      auto count = count_for(a, demand, host, address, found);
      a.targets.push_back({host, std::move(address), demand, found.tlsas, found.tls_name, dns, std::move(count)});
    }
    // Addresses that did not answer lately come last.
    const auto now = base::system_clock().now();
    std::stable_partition(a.targets.begin() + static_cast<std::ptrdiff_t>(a.next), a.targets.end(), [&](const target& t) {
      const auto bad = bad_.find(t.address);
      return bad == bad_.end() || bad->second < now;
    });
    dial_now(number, a);
  }

  /// Where validated answers are requested, a host without them waits for the others of its preference (RFC 5321 §5.1
  /// leaves their order to us). False: it is its turn now.
  static bool put_behind(attempt& a, const delivery::mail_host& host) {
    const auto behind = std::find_if(a.hosts.begin(), a.hosts.end(), [&](const auto& h) { return h.preference != host.preference; });
    if (behind == a.hosts.begin() || !a.put_back.insert(host.name).second) return false;
    a.hosts.insert(behind, host);
    return true;
  }

  session_count count_for(const attempt& a, const delivery::tls_demand& demand, const std::string& host, const std::string& address,
                          const found_addresses& found) {
    if (!counts_sessions(of(), *a.way, a.named)) return {};
    session_count out(of(), a.way->domain, demand.policy);
    if (demand.policy == delivery::tls_policy::sts && a.sts.policy) out.follow(*a.sts.policy);
    if (demand.policy == delivery::tls_policy::dane)
      out.follow("_" + std::to_string(a.way->hop.port) + "._tcp." + found.tls_name, host, found.tlsas);
    out.between(host, address.empty() ? std::string() : source_for(address, *a.way), address);
    return out;
  }

  void failed(queueing::connection_number number, attempt& a, way_failure why) {
    bad_[a.targets[a.next].address] = base::system_clock().now() + bad_time;
    const bool more = why.next_host;
    a.in_the_clear = false;
    ++a.next;
    if (!more) return give_up(number, std::move(why));
    keep(a, std::move(why));
    if (a.next < a.targets.size()) return dial_now(number, a);
    next_host(number);
  }

  void give_up(queueing::connection_number number, way_failure why) {
    attempts_.erase(number);
    connection_over over;
    over.connection = number;
    over.how = queueing::close_reason::failed;
    over.why = std::move(why);
    over.unreached = true;
    self_->send(parts_->dispatch, std::move(over));
    leave();
  }

  std::string source_for(const std::string& address, const delivery::way& way) {
    std::vector<std::string> ours;
    if (way.route && !way.route->source_addresses.empty()) ours = way.route->source_addresses;
    else
      for (const auto word : base::split(of().settings->get()->queue_source_addresses, ' '))
        if (!word.empty()) ours.emplace_back(word);
    const bool six = address.find(':') != std::string::npos;
    std::erase_if(ours, [six](const std::string& o) { return (o.find(':') != std::string::npos) != six; });
    return ours.empty() ? std::string() : ours[turn_ % ours.size()];
  }

  base::result<std::shared_ptr<const smtp::client_settings>> session_for(const target& t, const attempt& a) {
    auto out = std::make_shared<smtp::client_settings>();
    const auto settings = of().settings->get();
    out->host_name = a.way->route && !a.way->route->helo_name.empty() ? a.way->route->helo_name
                     : !settings->queue_helo_name.empty()             ? settings->queue_helo_name
                                                                      : of().host_name;
    out->lmtp = a.way->hop.lmtp;
    out->limits.mails = transactions_a_session_max;
    if (const auto step = parts_->time) out->times = {*step, *step, *step, *step, *step, *step, *step, out->times.quit};
    auto& times = out->times;
    for (auto* time : {&times.greeting, &times.hello, &times.mail, &times.recipient, &times.data_begin, &times.data_block, &times.data_end, &times.quit})
      *time = std::min(*time, std::chrono::seconds(settings->queue_answer_seconds));
    switch (t.demand.start) {
    case delivery::tls_start::never: out->tls = smtp::tls_use::none; break;
    case delivery::tls_start::when_offered: out->tls = a.in_the_clear ? smtp::tls_use::none : smtp::tls_use::when_offered; break;
    case delivery::tls_start::required: out->tls = smtp::tls_use::required; break;
    case delivery::tls_start::at_once: out->tls = smtp::tls_use::implicit; break;
    }
    if (const auto login = delivery::login_for(*of().delivery->get(), *a.way, t.host)) {
      auto password = of().secrets ? of().secrets->open(login->sealed_password, delivery::password_purpose) : std::nullopt;
      if (!password) return base::fail(base::error_kind::invalid, "the password for " + t.host + " cannot be read");
      out->credentials = sasl::client_credentials{login->name, std::move(*password), {}};
      out->allow_plaintext_auth = login->without_tls;
    }
    return std::shared_ptr<const smtp::client_settings>(std::move(out));
  }

  void dial_now(queueing::connection_number number, attempt& a) {
    const auto& t = a.targets[a.next];
    auto session = session_for(t, a);
    if (!session)
      return failed(number, a, {delivery::of_trouble(trouble::no_credentials, session.error().client.value), t.host, true, false});
    auto tls = tls_for(t.demand, {t.host, t.tls_name, a.named ? std::string() : a.way->domain, t.tlsas}, of().settings->get()->tls_ca_file);
    if (!tls) return failed(number, a, {delivery::of_trouble(trouble::local, tls.error().client.value), t.host, true, false});

    auto parts = std::make_shared<delivery_parts>();
    parts->of = parts_->of;
    parts->dispatch = parts_->dispatch;
    parts->record = parts_->record;
    parts->destination = caf::actor_cast<caf::actor>(self_);
    parts->connection = number;
    parts->lent = parts_->lent;
    parts->session = std::move(*session);
    parts->host = t.host;
    parts->return_path = a.way->return_path;
    if (a.way->dnssec_required || a.way->dnssec_requested) parts->dns = t.dns;
    // A second connection because the first one's TLS broke is not counted again.
    const auto count = a.in_the_clear ? session_count() : t.count;
    parts->judge = [demand = t.demand, host = t.host, count](const connection_facts& f, const smtp::capabilities& c) {
      count.tell(delivery::counted_as(demand, result_of(f, c)));
      return judge_peer(demand, host, f, c);
    };
    parts->tls_broken = [demand = t.demand, host = t.host, count](bool offered, std::string_view why) {
      delivery::tls_result broken;
      broken.offered = offered;
      count.tell(delivery::counted_as(demand, broken));
      return tls_broken(demand, host, offered, why);
    };
    auto service = std::make_shared<net::listener>();
    service->service = "delivery";
    service->implicit_tls = t.demand.start == delivery::tls_start::at_once;
    service->make_tls = [tls = std::move(*tls)] { return std::make_unique<net::tls_link>(tls.context, tls.server_name, tls.check); };
    service->make = [parts](const connection_facts& f) {
      return hold(std::make_unique<delivery_host>(parts, f, parts->of->clock->now()), *parts->of);
    };
    const auto tell = [self = caf::actor_cast<caf::actor>(self_), number](std::string_view why) {
      caf::anon_send(self, dial_failed{number, std::string(why)});
    };
    service->not_opened = tell;
    net::dial d;
    d.address = t.address;
    d.port = a.way->hop.port;
    d.source = source_for(t.address, *a.way);
    d.time = parts_->time ? std::min<std::chrono::milliseconds>(dial_time, *parts_->time) : dial_time;
    auto& reactor = *(*parts_->reactors)[turn_++ % parts_->reactors->size()];
    net::connect(*of().system, reactor, std::move(d), std::move(service), tell);
  }

  void leave() {
    if (idle_ && attempts_.empty()) self_->quit();
  }

  caf::event_based_actor* self_ = nullptr;
  std::shared_ptr<destination_parts> parts_;
  std::optional<host_finder> finder_;
  std::map<queueing::connection_number, attempt> attempts_;
  std::map<std::string, base::instant> bad_;   ///< addresses that did not answer, and until when they come last
  std::size_t turn_ = 0;
  bool idle_ = false;
};

caf::behavior destination_actor(caf::stateful_actor<destination_state>* self, std::shared_ptr<destination_parts> parts) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  auto& st = self->state;
  st.begin(self, std::move(parts));
  return {[&st](const open_connection& o) { st.open(o); },
          [&st](const connection_ready& r) { st.ready(r); },
          [&st](const connection_unfit& u) { st.unfit(u); },
          [&st](const dial_failed& d) { st.dial_came_to_nothing(d); },
          [&st](destination_idle) { st.idle(); }};
}

} // namespace

caf::actor spawn_destination(caf::local_actor& parent, std::shared_ptr<destination_parts> parts) {
  return parent.spawn<caf::hidden>(destination_actor, std::move(parts));
}

} // namespace rookery::actors
