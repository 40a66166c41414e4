#include "actors/queue/waiting.hpp"

#include "actors/queue/delivery_settings.hpp"
#include "actors/relay/homes.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::queue::envelope;

delivery::relay smart_host_of(const config::settings& s) {
  delivery::relay out;
  const auto named = config::read_host_and_port(s.queue_smart_host, 25);
  if (!named || s.queue_smart_host.empty()) return out;
  out.host = named->host;
  out.port = named->port;
  static constexpr std::pair<std::string_view, delivery::tls_use> words[] = {{"never", delivery::tls_use::never},
                                                                             {"required", delivery::tls_use::required},
                                                                             {"verified", delivery::tls_use::verified}};
  for (const auto& [word, use] : words)
    if (s.queue_smart_host_tls == word) out.tls = use;
  return out;
}

std::optional<delivery::relay> own_route(const envelope& e) {
  if (e.route.host.empty()) return std::nullopt;
  delivery::relay out;
  out.host = e.route.host;
  out.port = e.route.port;
  out.tls = static_cast<delivery::tls_use>(e.route.tls);
  out.tls_at_once = e.route.tls_at_once;
  out.login = e.route.login;
  out.sealed_password = e.route.sealed_password;
  return out;
}

/// Canonical, or as it stands when it is an address literal or no name.
std::string domain_of(const std::string& address) {
  const auto at = address.rfind('@');
  const auto written = at == std::string::npos ? std::string_view() : std::string_view(address).substr(at + 1);
  if (auto canonical = routing::canonical_domain(written)) return std::move(*canonical);
  return base::to_lower(written);
}

/// The other volume to which a recipient's mail goes whole. Nothing: it is delivered, or parted, here.
std::optional<std::uint64_t> home_elsewhere(const routing_pictures& p, const routing::directory_view& directory, const std::string& address) {
  if (!p.homes || p.homes->alone()) return {};
  const auto to = directory.resolve(address);
  if (to.what != routing::resolved::found || to.accounts.empty() || !to.remote.empty()) return {};
  const auto volume = p.homes->volume_of(*to.accounts.front().account);
  for (const auto& a : to.accounts)
    if (p.homes->volume_of(*a.account) != volume) return {};
  const auto* place = p.homes->place(volume);
  if (volume == p.volume && place != nullptr && place->local) return {};
  return volume;
}

queueing::priority urgency_of(const envelope& e) {
  if (e.priority > 0) return queueing::priority::urgent;
  return e.priority < 0 || e.origin == storage::queue::message_origin::list ? queueing::priority::bulk : queueing::priority::normal;
}

} // namespace

routing_pictures pictures_of(const node& n) {
  const auto settings = n.settings->get();
  return {n.directory->get(), n.delivery->get(), settings, retry_settings_of(*settings), smart_host_of(*settings), homes_of(n), volume_of_node(n)};
}

bool other_ways(const routing_pictures& a, const routing_pictures& b) {
  if (a.view != b.view || a.homes != b.homes || a.volume != b.volume || a.settings->queue_smart_host != b.settings->queue_smart_host ||
      a.settings->queue_smart_host_tls != b.settings->queue_smart_host_tls)
    return true;
  const auto& before = a.directory->domains();
  const auto& after = b.directory->domains();
  return before.size() != after.size() ||
         !std::equal(before.begin(), before.end(), after.begin(), [](const auto& x, const auto& y) { return x.first == y.first; });
}

bool may_leave(const envelope& e) {
  return !e.held && e.queue != "holding" && e.queue != "bad" && e.queue != "quarantine" && e.queue != system_queue;
}

queueing::waiting_message waiting_of(const envelope& e, const routing_pictures& p, const routing::directory_view& directory,
                                     std::vector<std::pair<std::string, way_ptr>>& ways) {
  queueing::waiting_message out;
  out.id = e.id;
  out.queue = e.queue;
  out.sender = e.sender;
  out.account = e.account;
  out.urgency = urgency_of(e);
  const auto own = own_route(e);
  std::vector<std::pair<std::string, way_ptr>> by_domain; // of this message
  for (std::uint32_t i = 0; i < e.recipients.size(); ++i) {
    const auto& r = e.recipients[i];
    if (r.state != storage::queue::recipient_state::waiting) continue;
    auto domain = domain_of(r.address);
    const auto home = own ? std::nullopt : home_elsewhere(p, directory, r.address);
    if (home) domain = delivery::home_way(*home).key;
    auto known = std::find_if(by_domain.begin(), by_domain.end(), [&](const auto& d) { return d.first == domain; });
    if (known == by_domain.end()) {
      delivery::route_question q;
      q.domain = domain;
      q.ours = directory.domain(domain) != nullptr;
      q.queue = e.queue;
      q.own = own ? &*own : nullptr;
      q.require_tls = e.requiretls;
      q.tls_optional = e.tls_optional;
      q.dnssec_required = e.dnssec == storage::queue::dnssec_wish::required;
      q.dnssec_requested = e.dnssec == storage::queue::dnssec_wish::requested;
      auto way = std::make_shared<const delivery::way>(home ? delivery::home_way(*home) : delivery::choose(*p.view, q, p.smart_host));
      if (std::none_of(ways.begin(), ways.end(), [&](const auto& w) { return w.first == way->key; })) ways.emplace_back(way->key, way);
      known = by_domain.emplace(by_domain.end(), domain, std::move(way));
    }
    const auto due = std::max(r.next_attempt, e.hold_until);
    auto facts = waiting_facts_of(e, r);
    if (known->second->on_request) facts.wants_delay = false; // it waits because it is to wait
    const auto deadline = delivery::next_deadline(facts, p.retry);
    const auto part = std::find_if(out.parts.begin(), out.parts.end(), [&](const auto& w) {
      return w.destination == known->second->key && w.due == due && w.deadline == deadline;
    });
    if (part != out.parts.end()) {
      part->recipients.push_back(i);
      part->tried = part->tried || r.attempts > 0;
      continue;
    }
    queueing::waiting_part fresh;
    fresh.destination = known->second->key;
    fresh.recipients.push_back(i);
    fresh.due = due;
    fresh.deadline = deadline;
    fresh.tried = r.attempts > 0;
    out.parts.push_back(std::move(fresh));
  }
  return out;
}

std::optional<std::string> sender_stopped(const envelope& e, const routing::directory_view& directory) {
  if (e.account.value == 0) return std::nullopt;
  const auto account = directory.account(e.account);
  if (!account || account->state != routing::account_state::frozen) return std::nullopt;
  return "the account " + account->address + " is frozen";
}

} // namespace rookery::actors
