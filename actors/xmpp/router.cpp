#include "actors/xmpp/router.hpp"

#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/domain_answers.hpp"
#include "protocols/charset/idna.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr std::size_t known_homes_max = 100'000;

} // namespace

void handled_counter::finish(std::uint32_t number) {
  caf::weak_actor_ptr whom;
  {
    const std::lock_guard hold(lock_);
    open_[number - handled_] = 0;
    if (open_.front() != 0) return;
    while (!open_.empty() && open_.front() == 0) {
      open_.pop_front();
      ++handled_;
    }
    if (told_) return;
    told_ = true;
    whom = listener_;
  }
  if (const auto strong = caf::actor_cast<caf::actor>(whom)) caf::anon_send(strong, stanzas_handled{});
}

bool chat_router::serves(std::string_view domain) const {
  const auto ascii = charset::domain_to_ascii(domain);
  const auto directory = node_.directory->get();
  const auto* record = ascii ? directory->domain(*ascii) : nullptr;
  return record != nullptr && record->enabled;
}

chat_limits chat_router::limits(std::string_view domain) const {
  const auto ascii = charset::domain_to_ascii(domain);
  return rules()->limits(ascii ? *ascii : std::string(domain));
}

routing::account_ptr chat_router::find(const xmpp::jid& j) const {
  if (j.local.empty() || !serves(j.domain)) return nullptr;
  auto found = node_.directory->get()->account(login_name(j.local, j.domain));
  return found && found->state == routing::account_state::enabled && rules()->may_chat(*found) ? found : nullptr;
}

xmpp::jid chat_router::address_of(const routing::account_record& a) {
  const auto sides = routing::sides(a.address);
  const auto escaped = xmpp::escape_local(sides.local);
  return {xmpp::normal_local(escaped).value_or(escaped), charset::domain_to_unicode(sides.domain), {}};
}

std::string chat_router::login_name(std::string_view user, std::string_view domain) {
  if (user.find('@') != std::string_view::npos) return std::string(user);
  return xmpp::unescape_local(user) + "@" + charset::domain_to_ascii(domain).value_or(std::string(domain));
}

bool chat_router::may_register(std::string_view peer_address) {
  const auto network = xmpp::network_of(peer_address);
  const std::lock_guard hold(registering_);
  return registrations_.take(network, node_.clock->now(), node_.settings->get()->chat_registrations_an_hour);
}

void chat_router::add_service(service s) { services_.push_back(std::move(s)); }

std::uint64_t chat_router::away(const xmpp::jid& to) const {
  const auto homes = homes_of(node_);
  if (homes->alone()) return 0;
  std::uint64_t home = 0;
  if (const auto account = find(to)) {
    home = homes->volume_of(*account);
  } else if (const auto* known = service_at(to.domain); known != nullptr && known->at_home) {
    const auto domain = charset::domain_to_ascii(std::string_view(to.domain).substr(known->prefix.size() + 1));
    if (domain) home = homes->volume_of_domain(*domain);
  }
  return home == volume_of_node(node_) ? 0 : home;
}

/// The same for many.
std::uint64_t chat_router::known_away(const xmpp::jid& to) {
  auto bare = to.bare();
  const auto homes = homes_of(node_);
  auto directory = node_.directory->get();
  {
    const std::lock_guard hold(known_lock_);
    if (known_.homes != homes || known_.directory != directory || known_.of.size() > known_homes_max) known_ = {homes, std::move(directory), {}};
    if (const auto at = known_.of.find(bare); at != known_.of.end()) return at->second;
  }
  const auto home = away(bare);
  const std::lock_guard hold(known_lock_);
  if (known_.homes == homes) known_.of.emplace(std::move(bare), home);
  return home;
}

void chat_router::arrive(routed_stanza s, bool news) {
  if (away(s.to) != 0) {
    // Its sender has heard something else of who is where; what says nothing by itself is let go.
    if (s.what && !news) refuse(s, xmpp::condition::remote_server_timeout);
    return;
  }
  if (news) return route_news(std::move(s));
  if (s.what || find(s.to)) route_here(std::move(s));
}

void chat_router::arrive_shared(const shared_stanza_ptr& s, const std::vector<xmpp::jid>& to) {
  for (const auto* one : give_shared(s, to, {})) arrive({s->element_for(*one), s->from(), *one, nullptr, nullptr, {}, 0, {}, nullptr}, false);
}

void chat_router::tell_home_lost(std::uint64_t volume) const {
  for (const auto& [address, actor] : accounts()) caf::anon_send(actor, home_lost{volume});
}

void chat_router::route(routed_stanza s) {
  if (others_)
    if (const auto volume = away(s.to)) return others_->send(volume, std::move(s));
  route_here(std::move(s));
}

void chat_router::route_here(routed_stanza s) {
  if (!s.to.local.empty()) {
    if (serves(s.to.domain)) {
      if (const auto account = get(s.to.bare())) {
        caf::anon_send(account, std::make_shared<const routed_stanza>(std::move(s)));
        return;
      }
      return refuse(s, xmpp::condition::service_unavailable);
    }
  } else if (serves(s.to.domain)) {
    return answer(s);
  }
  if (const auto* known = service_at(s.to.domain)) return known->take(std::make_shared<const routed_stanza>(std::move(s)));
  if (outside_) return outside_(std::move(s));
  refuse(s, xmpp::condition::remote_server_not_found);
}

const chat_router::service* chat_router::service_at(std::string_view domain) const {
  for (const auto& known : services_)
    if (domain.size() > known.prefix.size() && domain.starts_with(known.prefix) && domain[known.prefix.size()] == '.' &&
        serves(domain.substr(known.prefix.size() + 1)))
      return &known;
  return nullptr;
}

bool chat_router::is_ours(std::string_view domain) const { return serves(domain) || service_at(domain) != nullptr; }

/// To the domain itself: our own clients ask it through their accounts.
void chat_router::answer(const routed_stanza& s) {
  if (!xmpp::is_request(*s.what)) return refuse(s, xmpp::condition::service_unavailable);
  auto answer = answer_of_domain(node_, *this, s.to.domain, *s.what);
  if (const auto* why = std::get_if<xmpp::condition>(&answer)) return refuse(s, *why);
  if (auto* e = std::get_if<xmpp::element>(&answer)) return static_cast<void>(route(std::move(*e), s.receipt));
  refuse(s, xmpp::condition::service_unavailable);
}

void chat_router::route_shared(const shared_stanza_ptr& s, const std::vector<xmpp::jid>& to, const std::vector<xmpp::jid>& except) {
  const auto others = give_shared(s, to, except);
  std::map<std::uint64_t, std::vector<xmpp::jid>> elsewhere;
  const bool alone = !others_ || homes_of(node_)->alone();
  for (const auto* one : others) {
    if (const auto volume = alone ? 0 : known_away(*one)) elsewhere[volume].push_back(*one);
    else route_here({s->element_for(*one), s->from(), *one, nullptr, nullptr, {}, 0, {}, nullptr});
  }
  for (auto& [volume, some] : elsewhere) others_->send_shared(volume, s, std::move(some));
}

/// To clients of accounts in use here; gives who is none.
std::vector<const xmpp::jid*> chat_router::give_shared(const shared_stanza_ptr& s, const std::vector<xmpp::jid>& to, const std::vector<xmpp::jid>& except) {
  std::vector<const xmpp::jid*> others;
  {
    // Who is in use has an actor: one look, no questions to the directory.
    const std::lock_guard hold(lock_);
    for (const auto& one : to) {
      if (!except.empty() && std::find(except.begin(), except.end(), one) != except.end()) continue;
      const auto known = one.resource.empty() ? accounts_.end() : accounts_.find(one.bare());
      if (known == accounts_.end()) {
        others.push_back(&one);
        continue;
      }
      ++known->second.handed;
      caf::anon_send(known->second.actor, deliver_shared{s, one.resource});
    }
  }
  return others;
}

void chat_router::route_news(routed_stanza s) {
  if (others_ && s.origin.volume == 0)
    if (const auto volume = away(s.to)) return others_->send_news(volume, std::move(s));
  caf::actor account;
  {
    const std::lock_guard hold(lock_);
    const auto known = accounts_.find(s.to.bare());
    if (known == accounts_.end()) return;
    ++known->second.handed;
    account = known->second.actor;
  }
  caf::anon_send(account, std::make_shared<const routed_stanza>(std::move(s)));
}

bool chat_router::route(xmpp::element stanza, receipt_ptr receipt) {
  auto from = xmpp::read_jid(stanza.get("from")), to = xmpp::read_jid(stanza.get("to"));
  if (!from || !to) return false;
  route({std::make_shared<const xmpp::element>(std::move(stanza)), std::move(*from), std::move(*to), std::move(receipt), nullptr, {}, 0});
  return true;
}

void chat_router::refuse(const routed_stanza& s, xmpp::condition why, std::string_view text) {
  if (s.along) caf::anon_send(s.sender, message_sent{s.token, 0});
  // RFC 6121 §8.1.1: presence to nobody is dropped.
  if (xmpp::is_answer(*s.what) || s.what->name == "presence") return;
  routed_stanza back;
  back.what = std::make_shared<const xmpp::element>(xmpp::error_reply(*s.what, why, text));
  back.from = s.to;
  back.to = s.from;
  back.receipt = s.receipt;
  route(std::move(back));
}

caf::actor chat_router::account(const xmpp::jid& bare) { return get(bare); }

caf::actor chat_router::get(const xmpp::jid& bare) {
  const auto record = find(bare);
  if (!record || address_of(*record) != bare || !at_home(node_, *record)) return {};
  const std::lock_guard hold(lock_);
  auto& known = accounts_[bare];
  // An account that was removed and made again is another one.
  if (!known.actor || known.id != record->id) known = {spawn_chat_account(*node_.system, node_, *this, bare, record->id), record->id, 0};
  ++known.handed;
  return known.actor;
}

std::vector<std::pair<xmpp::jid, caf::actor>> chat_router::accounts() const {
  const std::lock_guard hold(lock_);
  std::vector<std::pair<xmpp::jid, caf::actor>> all;
  all.reserve(accounts_.size());
  for (const auto& [address, e] : accounts_) all.emplace_back(address, e.actor);
  return all;
}

bool chat_router::retire(const xmpp::jid& bare, std::uint64_t taken) {
  const std::lock_guard hold(lock_);
  const auto known = accounts_.find(bare);
  if (known == accounts_.end()) return true;
  if (known->second.handed != taken) return false;
  accounts_.erase(known);
  return true;
}

} // namespace rookery::actors
