#include "actors/xmpp/federation/stream_attempt.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "actors/net/connector.hpp"
#include "actors/net/tls_link.hpp"
#include "actors/xmpp/federation/peer_host.hpp"
#include "base/crypto/crypto.hpp"
#include "protocols/charset/idna.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr std::uint16_t standard_port = 5269;
constexpr std::chrono::seconds dial_time{10};

bool is_address(std::string_view domain) {
  return domain.starts_with('[') || domain.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::uint64_t some_seed() {
  std::uint64_t out = 0;
  for (const unsigned char c : base::random_octets(8)) out = out << 8 | c;
  return out;
}

} // namespace

/// In the actor, unless the attempt was let go.
void stream_attempt::post(std::function<void()> what) {
  caf::anon_send(caf::actor_cast<caf::actor>(&self_),
                 attempt_task{std::make_shared<std::function<void()>>([me = shared_from_this(), what = std::move(what)] {
                   if (!me->over_) what();
                 })});
}

void stream_attempt::begin() {
  const auto ascii = charset::domain_to_ascii(errand_.between.theirs);
  if (!ascii || is_address(*ascii)) {
    why_ = "this is no domain that has servers";
    return post([this] { fail(); });
  }
  ascii_ = *ascii;
  const bool taken = service_.of().readers->run([me = shared_from_this(), self = caf::actor_cast<caf::actor>(&self_)] {
    const auto found = me->service_.tls_of(me->errand_.between.ours);
    caf::anon_send(self, attempt_task{std::make_shared<std::function<void()>>([me, found] {
                     me->tls_ = found;
                     if (!me->over_) me->find_targets();
                   })});
  });
  if (taken) return;
  why_ = "too busy";
  says_ = xmpp::condition::resource_constraint;
  post([this] { fail(); });
}

void stream_attempt::ask(std::string name, dns::record_type type, std::function<void(const dns::answer&)> answered) {
  self_.request(service_.of().resolver, resolver_time_max, dns_question{std::move(name), type})
      .then([me = shared_from_this(), answered](const dns_answer& a) { if (!me->over_) answered(*a.value); },
            [me = shared_from_this(), answered](const caf::error&) { if (!me->over_) answered({}); });
}

void stream_attempt::find_targets() {
  ask("_xmpps-server._tcp." + ascii_, dns::record_type::srv, [this](const dns::answer& direct) {
    ask("_xmpp-server._tcp." + ascii_, dns::record_type::srv, [this, direct](const dns::answer& usual) { targets_found(direct, usual); });
  });
}

void stream_attempt::targets_found(const dns::answer& direct, const dns::answer& usual) {
  const auto with_tls = dns::srvs(direct);
  auto all = dns::srvs(usual);
  all.insert(all.end(), with_tls.begin(), with_tls.end());
  const bool said = !all.empty();
  std::erase_if(all, [](const dns::srv& s) { return s.host.empty(); });
  for (const auto& s : dns::in_order(std::move(all), some_seed()))
    if (targets_.size() < targets_max)
      targets_.push_back({s.host, s.port, std::find(with_tls.begin(), with_tls.end(), s) != with_tls.end()});
  if (!said && usual.try_later()) {
    why_ = "the name servers do not answer";
    says_ = xmpp::condition::remote_server_timeout;
    return fail();
  }
  // RFC 6120 §3.2.2
  if (!said) targets_.push_back({ascii_, standard_port, false});
  next_target();
}

void stream_attempt::next_target() {
  if (targets_.empty()) return fail();
  now_ = std::move(targets_.front());
  targets_.pop_front();
  ask(now_.host, dns::record_type::aaaa, [this](const dns::answer& six) {
    ask(now_.host, dns::record_type::a, [this, six](const dns::answer& four) {
      addresses_.clear();
      for (const auto& [type, answer] : {std::pair{dns::record_type::aaaa, &six}, std::pair{dns::record_type::a, &four}})
        for (auto& a : dns::addresses(type, *answer))
          if (addresses_.size() < target_addresses_max) addresses_.push_back(std::move(a));
      if (addresses_.empty()) {
        why_ = now_.host + " has no address";
        if (four.try_later()) says_ = xmpp::condition::remote_server_timeout;
      }
      next_address();
    });
  });
}

void stream_attempt::next_address() {
  if (addresses_.empty()) return next_target();
  net::dial to;
  to.address = std::move(addresses_.front());
  addresses_.pop_front();
  to.port = now_.port;
  to.time = dial_time;
  const auto failed = [me = shared_from_this()](std::string_view why) {
    me->post([me, why = std::string(why)] { me->go_on(why, xmpp::condition::remote_server_timeout); });
  };
  auto service = std::make_shared<net::listener>();
  service->service = "xmpp-server";
  service->implicit_tls = now_.direct;
  service->make = [&peers = service_, number = number_, errand = errand_, settings = service_.settings(false)](const connection_facts& facts) {
    return std::make_unique<peer_host>(peers, settings, facts, number, errand);
  };
  service->make_tls = [context = now_.direct ? tls_.direct : tls_.after_starttls, name = ascii_]() -> std::unique_ptr<net::layer> {
    if (!context) return nullptr;
    tls::peer_check check;
    check.mode = tls::check_mode::chain;
    return std::make_unique<net::tls_link>(context, name, check); // RFC 6120 §5.4.3.1, XEP-0368: the domain, not the host
  };
  service->not_opened = failed;
  net::connect(*service_.of().system, service_.next_reactor(), std::move(to), std::move(service), failed);
}

void stream_attempt::go_on(const std::string& why, xmpp::condition says) {
  if (over_) return;
  why_ = why;
  says_ = says;
  next_address();
}

void stream_attempt::fail() {
  if (std::exchange(over_, true)) return;
  failed_(why_, says_);
}

} // namespace rookery::actors
