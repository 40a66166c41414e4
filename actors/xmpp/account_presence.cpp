#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/pubsub/vcard_avatar.hpp"

#include <charconv>

namespace rookery::actors {
namespace {

/// Addresses outside the roster that see a client's presence.
constexpr std::size_t directed_max = 1'000;

/// RFC 6121 §4.7.2.3
int priority_of(const xmpp::element& presence) {
  const auto text = presence.child_text("priority", xmpp::space::client);
  int priority = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), priority);
  return read.ec == std::errc() && priority >= -128 && priority <= 127 ? priority : 0;
}

xmpp::element subscription_stanza(std::string_view type, const xmpp::jid& from, const xmpp::jid& to) {
  auto e = xmpp::make_presence(type);
  e.set("from", from.text()).set("to", to.text());
  return e;
}

} // namespace

void chat_account::route_presence(const xmpp::element& presence, const xmpp::jid& from, const xmpp::jid& to) {
  auto e = std::make_shared<xmpp::element>(presence);
  e->set("from", from.text()).set("to", to.text());
  router_.route({std::move(e), from, to, nullptr, nullptr, {}, 0});
}

/// The same for all: encoded once, and one message to each other home.
void chat_account::route_presence(const xmpp::element& presence, const xmpp::jid& from, const std::vector<xmpp::jid>& to) {
  if (to.empty()) return;
  auto e = presence;
  e.set("from", from.text());
  router_.route_shared(std::make_shared<const shared_stanza>(std::make_shared<const xmpp::element>(std::move(e)), from), to, {});
}

/// Who was served there is gone, and has not said so; a room that was has no occupants any more.
void chat_account::forget_home(std::uint64_t volume) {
  in_order([this, volume] {
    for (const auto& [contact, item] : roster_) {
      if (!item.to || blocks_.count(contact) != 0 || router_.away(contact) != volume) continue;
      const auto gone = subscription_stanza("unavailable", contact, bare_);
      for (auto& c : clients_)
        if (c->available) deliver(*c, gone);
    }
    for (auto& c : clients_)
      for (auto at = c->directed.begin(); at != c->directed.end();) {
        if (router_.away(*at) != volume) {
          ++at;
          continue;
        }
        auto gone = subscription_stanza("unavailable", *at, c->address);
        if (!router_.find(*at) && !at->is_bare()) { // XEP-0045 §17.3: as from a service that was shut down
          auto& x = gone.add("x", xmpp::space::muc_user);
          x.add("item").set("affiliation", "none").set("role", "none");
          for (const auto* code : {"110", "332"}) x.add("status").set("code", code);
        }
        deliver(*c, gone);
        at = c->directed.erase(at);
      }
  });
}

void chat_account::send_presence(client& c, client_stanza& s) {
  auto& e = *s.what;
  const auto type = std::string(e.get("type"));
  if (const auto step = xmpp::subscription_step_of(type)) return send_subscription(c, s, *step);
  if (!s.to.empty()) {
    // Directed (RFC 6121 §4.6)
    if (blocked(s.to)) return refuse(c, e, xmpp::condition::not_acceptable);
    if (type == "probe") return; // RFC 6121 §4.3.1: only servers ask
    if (type == "unavailable") c.directed.erase(s.to);
    else if (type.empty() && c.directed.size() < directed_max) c.directed.insert(s.to);
    if (type.empty()) xmpp::pubsub::add_photo_digest(e, photo_);
    return router_.route({s.what, c.address, s.to, s.receipt, nullptr, {}, 0});
  }
  if (type == "unavailable") return go_offline(c, e);
  if (!type.empty()) return;
  const bool first = !c.available;
  c.available = true;
  c.priority = priority_of(e);
  xmpp::pubsub::add_photo_digest(e, photo_);
  c.presence = s.what;
  broadcast(c, e, first);
  look_at_caps(c, e);
  if (c.priority >= 0) give_offline(c);
}

/// RFC 6121 §4.2.2, §4.4.2; with `first` also §4.2.3 and §4.3.1.
void chat_account::broadcast(client& c, const xmpp::element& presence, bool first) {
  std::vector<xmpp::jid> seers, seen;
  for (const auto& [contact, item] : roster_) {
    if (blocks_.count(contact) != 0) continue;
    if (item.from) seers.push_back(contact);
    if (first && item.to) seen.push_back(contact);
  }
  route_presence(presence, c.address, seers);
  if (first) route_presence(xmpp::make_presence("probe"), c.address, seen);
  auto own = presence;
  own.set("to", bare_.text());
  for (auto& other : clients_)
    if (other->available) deliver(*other, own);
  if (!first) return;
  for (const auto& other : clients_) {
    if (other.get() == &c || !other->available || !other->presence) continue;
    auto theirs = *other->presence;
    theirs.set("to", c.address.text());
    deliver(c, theirs);
  }
  // RFC 6121 §3.1.3: questions that wait for an answer.
  for (const auto& [contact, item] : roster_) {
    if (!item.pending_in) continue;
    auto ask = subscription_stanza("subscribe", contact, bare_);
    if (!item.request.empty()) ask.add("status").add_text(item.request);
    deliver(c, ask);
  }
}

/// RFC 6121 §4.5.2
void chat_account::go_offline(client& c, const xmpp::element& unavailable) {
  const bool was = c.available;
  c.available = false;
  c.presence = nullptr;
  c.wishes = nullptr;
  c.caps_version.clear();
  std::vector<xmpp::jid> seers;
  if (was)
    for (const auto& [contact, item] : roster_)
      if (item.from && blocks_.count(contact) == 0) {
        seers.push_back(contact);
        c.directed.erase(contact);
      }
  seers.insert(seers.end(), c.directed.begin(), c.directed.end());
  route_presence(unavailable, c.address, seers);
  c.directed.clear();
  if (!was) return;
  auto own = unavailable;
  own.set("to", bare_.text());
  for (auto& other : clients_)
    if (other->available) deliver(*other, own);
}

/// The user says something about a subscription to a contact (RFC 6121 §3, outbound).
void chat_account::send_subscription(client& c, client_stanza& s, xmpp::subscription_step step) {
  const auto contact = s.to.bare();
  if (contact.empty() || contact == bare_) return;
  if (blocked(contact)) return refuse(c, *s.what, xmpp::condition::not_acceptable);
  if (shared_.count(contact) != 0) return; // who shares a group sees each other anyway
  if (own_roster_.count(contact) == 0 && own_roster_.size() >= router_.limits(bare_.domain).contacts_max)
    return refuse(c, *s.what, xmpp::condition::resource_constraint);
  auto item = own_item(contact);
  const auto outcome = xmpp::say(item, step);
  auto onward = std::make_shared<xmpp::element>(*s.what);
  onward->set("from", bare_.text()).set("to", contact.text());
  const auto go = [this, outcome, contact, onward, receipt = s.receipt] {
    if (outcome.pass_on) router_.route({onward, bare_, contact, receipt, nullptr, {}, 0});
    if (outcome.shows) {
      show_presence(contact, false);
      grant_remotes(contact);
    }
    if (outcome.hides) show_presence(contact, true);
  };
  if (!outcome.changed) return go();
  store_item(item, [this, item, go](bool stored) {
    if (!stored) return;
    if (item.listed) push_item(item.contact);
    go();
  });
}

/// Present presence of all clients, or its end.
void chat_account::show_presence(const xmpp::jid& to, bool hide) {
  for (const auto& c : clients_)
    if (c->available && c->presence) route_presence(hide ? xmpp::make_presence("unavailable") : *c->presence, c->address, to);
}

void chat_account::receive_presence(const routed_stanza& r) {
  const auto type = r.what->get("type");
  if (const auto step = xmpp::subscription_step_of(type)) return receive_subscription(r, *step);
  if (type == "probe") {
    // RFC 6121 §4.3.2
    const auto item = roster_.find(r.from.bare());
    const bool may = r.from.same_bare(bare_) || (item != roster_.end() && item->second.from);
    if (!may) return route_presence(xmpp::make_presence("unsubscribed"), bare_, r.from.bare());
    bool any = false;
    for (const auto& c : clients_) {
      if (!c->available || !c->presence) continue;
      any = true;
      route_presence(*c->presence, c->address, r.from);
    }
    if (!any) route_presence(xmpp::make_presence("unavailable"), bare_, r.from);
    return;
  }
  look_at_remote(r);
  const auto what = r.what;
  if (!r.to.is_bare()) {
    in_order([this, what, resource = r.to.resource] {
      if (auto* c = find_resource(resource)) deliver(*c, *what);
    });
    return;
  }
  in_order([this, what] {
    for (auto& c : clients_)
      if (c->available) deliver(*c, *what);
  });
}

/// A contact says something about a subscription (RFC 6121 §3, inbound).
void chat_account::receive_subscription(const routed_stanza& r, xmpp::subscription_step step) {
  const auto contact = r.from.bare();
  if (contact == bare_) return;
  if (shared_.count(contact) != 0) {
    if (step == xmpp::subscription_step::subscribe) route_presence(xmpp::make_presence("subscribed"), bare_, contact);
    return;
  }
  if (own_roster_.count(contact) == 0 && own_roster_.size() >= router_.limits(bare_.domain).contacts_max) return;
  auto item = own_item(contact);
  const auto outcome = xmpp::hear(item, step);
  if (item.pending_in && step == xmpp::subscription_step::subscribe && outcome.changed) {
    item.request = r.what->child_text("status", xmpp::space::client);
    if (item.request.size() > xmpp::roster_limits{}.name_octets) item.request.clear();
  }
  auto told = std::make_shared<xmpp::element>(*r.what);
  told->set("from", contact.text()).set("to", bare_.text());
  const auto go = [this, outcome, contact, told, step] {
    if (outcome.answer) route_presence(xmpp::make_presence("subscribed"), bare_, contact);
    if (outcome.pass_on)
      for (auto& c : clients_)
        if (c->available || c->wants_roster) deliver(*c, *told);
    if (outcome.shows) {
      show_presence(contact, false);
      grant_remotes(contact);
    }
    if (outcome.hides) show_presence(contact, true);
    // Who sees the contact from now on hears what is new of him.
    if (step == xmpp::subscription_step::subscribed && outcome.changed)
      for (const auto& c : clients_)
        if (c->available && c->wishes && !c->wishes->empty()) ask_last_items(*c, contact, c->wishes);
  };
  if (!outcome.changed) return go();
  const auto receipt = r.receipt;
  store_item(item, [this, item, go, step, receipt, answered = outcome.answer](bool stored) {
    if (!stored) return;
    go();
    // RFC 6121 §3.1.3: an open question is nothing that a roster shows.
    if (item.listed && (answered || step != xmpp::subscription_step::subscribe)) push_item(item.contact);
  });
}

} // namespace rookery::actors
