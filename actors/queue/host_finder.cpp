#include "actors/queue/host_finder.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using delivery::trouble;
using dns::answer_status;
using dns::record_type;

/// TLSA records of one host that are looked at.
constexpr std::size_t tlsas_max = 50;

std::optional<delivery::verdict> unanswered(const dns::answer& a, const std::string& what) {
  if (a.status == answer_status::bogus) return delivery::of_trouble(trouble::dns_bogus, what + ": " + a.why);
  if (a.status == answer_status::failed) return delivery::of_trouble(trouble::dns, what);
  return std::nullopt;
}

delivery::address_families families_of(const config::settings& s) {
  using delivery::address_families;
  static constexpr std::pair<std::string_view, address_families> words[] = {{"ipv4_first", address_families::ipv4_first},
                                                                            {"ipv6_only", address_families::ipv6_only},
                                                                            {"ipv4_only", address_families::ipv4_only}};
  for (const auto& [word, value] : words)
    if (s.queue_ip_versions == word) return value;
  return address_families::ipv6_first;
}

/// RFC 7672 §3.1: usages 2 and 3 with the full certificate or its key, whole or as SHA-2.
bool understood(const dns::tlsa& t) {
  return (t.usage == 2 || t.usage == 3) && t.selector <= 1 && t.matching <= 2 &&
         (t.matching == 0 || t.data.size() == (t.matching == 1 ? 32u : 64u));
}

/// What several answers about one host come to.
struct gathering {
  dns::answer a, aaaa;
  unsigned waiting = 2;
};

} // namespace

void host_finder::ask(std::string name, record_type type, std::function<void(const dns::answer&)> then) {
  self_.request(node_.resolver, resolver_time_max, dns_question{std::move(name), type})
      .then([then](const dns_answer& a) { then(*a.value); }, [then](const caf::error&) { then(dns::answer{}); });
}

void host_finder::find_hosts(const delivery::way& way, std::uint64_t seed, std::function<void(found_hosts)> then) {
  found_hosts out;
  if (way.what == delivery::way::kind::host) {
    out.named = true;
    out.hosts.push_back({way.hop.host});
    return then(std::move(out));
  }
  if (way.domain.starts_with('[')) { // an address literal in the recipient
    out.named = true;
    auto text = way.domain.substr(1, way.domain.size() - 2);
    if (base::istarts_with(text, "ipv6:")) text.erase(0, 5);
    out.hosts.push_back({std::move(text)});
    return then(std::move(out));
  }
  const bool signed_only = way.dnssec_required;
  ask(way.domain, record_type::mx, [this, domain = way.domain, signed_only, seed, then, out](const dns::answer& a) mutable {
    out.secure = a.secure;
    out.problem = unanswered(a, "the MX records of " + domain);
    if (!out.problem && signed_only && !a.secure)
      out.problem = delivery::of_trouble(trouble::dns_unsigned, "the answer for " + domain + " is not signed");
    if (!out.problem && a.status == answer_status::no_name)
      out.problem = delivery::of_trouble(trouble::no_domain, domain);
    if (out.problem) return then(std::move(out));
    std::vector<delivery::mx_record> records;
    for (auto& m : dns::mxs(a)) records.push_back({m.preference, std::move(m.host)});
    // An alias in place of the domain: RFC 5321 §5.1 takes the name it leads to.
    const auto order = delivery::order_hosts(a.canonical_name.empty() ? domain : a.canonical_name, records,
                                             [this](std::string_view host) { return base::iequals(host, node_.host_name); }, seed);
    switch (order.problem) {
    case delivery::host_problem::none: break;
    case delivery::host_problem::null_mx: out.problem = delivery::of_trouble(trouble::null_mx, "the domain " + domain + " takes no mail"); break;
    case delivery::host_problem::loop:
      out.problem = delivery::of_trouble(trouble::loop, "mail for " + domain + " leads back to this server, which does not know the domain");
      break;
    case delivery::host_problem::no_host: out.problem = delivery::of_trouble(trouble::no_host, "the domain " + domain + " has no host for mail"); break;
    }
    out.hosts = order.hosts;
    then(std::move(out));
  });
}

void host_finder::find_addresses(const std::string& host, std::uint16_t port, bool named, bool dane, std::uint64_t seed,
                                 std::function<void(found_addresses)> then) {
  if (delivery::usable_address(host, named)) {
    found_addresses out;
    out.addresses.push_back(host);
    return then(std::move(out));
  }
  auto both = std::make_shared<gathering>();
  const auto done = [this, host, port, named, dane, seed, both, then] {
    if (--both->waiting > 0) return;
    found_addresses out;
    delivery::host_addresses all{dns::addresses(record_type::a, both->a), dns::addresses(record_type::aaaa, both->aaaa)};
    out.secure = both->a.secure && both->aaaa.secure;
    out.tls_name = both->a.canonical_name.empty() ? host : both->a.canonical_name;
    delivery::address_rules rules;
    rules.families = families_of(*node_.settings->get());
    rules.loopback = named;
    // A family that nobody could tell us of is missed only when the other one is not there.
    out.addresses = delivery::order_addresses(all, rules, [](std::string_view) { return false; }, seed);
    if (out.addresses.empty()) {
      out.problem = unanswered(both->a, "the addresses of " + host);
      if (!out.problem) out.problem = unanswered(both->aaaa, "the addresses of " + host);
      if (!out.problem) out.problem = delivery::of_trouble(trouble::no_host, "the host " + host + " has no usable address");
      return then(std::move(out));
    }
    if (!dane || !out.secure) return then(std::move(out));
    ask_tlsa(std::move(out), host, port, then);
  };
  ask(host, record_type::a, [both, done](const dns::answer& a) {
    both->a = a;
    done();
  });
  ask(host, record_type::aaaa, [both, done](const dns::answer& a) {
    both->aaaa = a;
    done();
  });
}

void host_finder::ask_tlsa(found_addresses out, const std::string& host, std::uint16_t port, std::function<void(found_addresses)> then) {
  const auto name = "_" + std::to_string(port) + "._tcp." + out.tls_name;
  ask(name, record_type::tlsa, [this, out = std::move(out), host, port, then](const dns::answer& a) mutable {
    if (a.try_later()) out.tlsa = delivery::tlsa_state::failed;
    else if (a.status != answer_status::ok) out.tlsa = delivery::tlsa_state::none;
    else if (!a.secure) out.tlsa = delivery::tlsa_state::unasked;
    else {
      for (auto& t : dns::tlsas(a))
        if (understood(t) && out.tlsas.size() < tlsas_max) out.tlsas.push_back(std::move(t));
      out.tlsa = out.tlsas.empty() ? delivery::tlsa_state::unusable : delivery::tlsa_state::usable;
    }
    // RFC 7672 §2.2.2: none at the end of the aliases, so the host's own name is the base domain.
    if ((out.tlsa == delivery::tlsa_state::none || out.tlsa == delivery::tlsa_state::unasked) && out.tls_name != host) {
      out.tls_name = host;
      return ask_tlsa(std::move(out), host, port, std::move(then));
    }
    then(std::move(out));
  });
}

} // namespace rookery::actors
