// Entering, leaving, nicks, and what is told of it. XEP-0045 §7.1 to §7.7, §7.14, §9.
#include "protocols/xmpp/muc/room.hpp"

#include "protocols/xml/writer.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp::muc {
namespace {

constexpr std::string_view occupant_id_space = "urn:xmpp:occupant-id:0";

/// What others get to see of a presence: all but what only a room says.
stanza_ptr payload_of(const element& presence, std::size_t octets_max) {
  element out("presence", space::client);
  for (const auto& c : presence.children) {
    if (c.is_text()) continue;
    const auto& e = c.inner();
    if (e.space == space::muc || e.space == space::muc_user || e.is("occupant-id", occupant_id_space) || e.is("delay", space::delay)) continue;
    out.children.push_back(c);
  }
  if (xml::to_text(out, space::client).size() > octets_max) out.children.clear();
  return std::make_shared<const element>(std::move(out));
}

} // namespace

void room::presence(const element& stanza, const jid& to, const sender& who, base::wall_time now) {
  const auto type = stanza.get("type");
  auto* o = find(who.from);
  if (type == "unavailable") {
    if (o == nullptr) return;
    const auto payload = payload_of(stanza, limits_.status_octets);
    return leave(*o, who.from, payload.get());
  }
  if (type == "error") { // §18.1.4 and XEP-0410: its client is no more there
    if (o != nullptr) lose(*o, who.from);
    return;
  }
  if (!type.empty()) return;
  if (o == nullptr) {
    if (to.resource.empty()) return refuse(stanza, who, condition::jid_malformed, "a nick is needed");
    if (stanza.child("x", space::muc) == nullptr) {
      // Not here, though it thinks so: it is told, and may enter again.
      element out("presence", space::client);
      out.set("type", "unavailable").set("from", to.text());
      auto& x = out.add("x", space::muc_user);
      x.add("item").set("affiliation", name(affiliation_of(who))).set("role", "none");
      x.add("status").set("code", "110");
      x.add("status").set("code", "333");
      return send_to(who.from, std::move(out));
    }
    return enter(stanza, to.resource, who, now);
  }
  if (!may_send(*o, now)) return refuse(stanza, who, condition::resource_constraint, "too many stanzas");
  if (!to.resource.empty() && to.resource != o->nick) return change_nick(*o, stanza, to.resource, who);
  if (stanza.child("x", space::muc) == nullptr) return update(*o, who.from, stanza);
  // It has lost its state and wants all of it again.
  const auto at = std::find_if(o->sessions.begin(), o->sessions.end(), [&](const session& s) { return s.full == who.from; });
  at->payload = payload_of(stanza, limits_.status_octets);
  welcome(*o, *at, stanza, now, {});
}

bool room::nick_is_anothers(const std::string& nick, const jid& bare) const {
  const auto at = nicks_.find(nick);
  if (at != nicks_.end() && at->second.bare != bare) return true;
  const auto whose = reserved_.find(nick);
  return whose != reserved_.end() && whose->second != bare;
}

std::optional<condition> room::refusal(const element& stanza, const std::string& nick, const sender& who) const {
  const auto rank = affiliation_of(who);
  if (locked_ && rank != affiliation::owner) return condition::item_not_found;
  if (rank == affiliation::outcast) return condition::forbidden;
  if (config_.members_only && rank < affiliation::member) return condition::registration_required;
  const auto* x = stanza.child("x", space::muc);
  if (!config_.password.empty() && !who.is_operator && (x == nullptr || x->child_text("password", space::muc) != config_.password))
    return condition::not_authorized;
  if (nick.size() > limits_.nick_octets) return condition::not_acceptable;
  if (nick_is_anothers(nick, who.from.bare())) return condition::conflict;
  const auto at = nicks_.find(nick);
  if (at != nicks_.end()) return at->second.sessions.size() >= limits_.sessions_a_nick ? std::optional(condition::conflict) : std::nullopt;
  const auto most = config_.users_max == 0 ? limits_.occupants : std::min<std::size_t>(config_.users_max, limits_.occupants);
  if (nicks_.size() >= most && rank < affiliation::admin) return condition::service_unavailable;
  return {};
}

void room::enter(const element& stanza, const std::string& nick, const sender& who, base::wall_time now) {
  std::vector<int> codes;
  const auto bare = who.from.bare();
  if (!exists_) {
    if (nick.size() > limits_.nick_octets) return refuse(stanza, who, condition::not_acceptable);
    exists_ = locked_ = true;
    const member_record owner{affiliation::owner, {}, {}};
    set_member(bare, owner);
    effects_.emplace_back(keep_document{});
    effects_.emplace_back(keep_member{bare, owner});
    codes.push_back(201);
  } else if (const auto no = refusal(stanza, nick, who)) {
    return refuse(stanza, who, *no);
  }
  session fresh{who.from, payload_of(stanza, limits_.status_octets)};
  auto [at, first] = nicks_.try_emplace(nick);
  auto& o = at->second;
  if (first) {
    o.nick = nick;
    o.bare = bare;
    o.rank = affiliation_of(who);
    o.part = role_for(o.rank);
    o.tokens = limits_.burst_stanzas;
    o.counted = now;
  }
  take_seat(o, fresh);
  if (first) tell_presence(o, {});
  welcome(o, fresh, stanza, now, std::move(codes));
}

/// §7.2.3: all others, then itself, then the history, then the subject.
void room::welcome(occupant& o, const session& to, const element& stanza, base::wall_time now, std::vector<int> codes) {
  const bool sees = config_.non_anonymous || o.part == role::moderator;
  const auto show = [&](occupant& other) {
    ++looked_at_;
    if (&other != &o) send_to(to.full, shown(other, sees));
  };
  if (config_.tell_visitors)
    for (auto& [nick, other] : nicks_) show(other);
  else
    for (auto* other : heard_) show(*other); // of an audience of thousands, only who has voice
  told self;
  if (config_.non_anonymous) self.codes.push_back(100);
  if (config_.archived) self.codes.push_back(170);
  self.codes.insert(self.codes.end(), codes.begin(), codes.end());
  tell_self(o, to.full, self);
  const auto* x = stanza.child("x", space::muc);
  send_history(to.full, x == nullptr ? nullptr : x->child("history", space::muc), now);
  send_subject(to.full);
}

void room::change_nick(occupant& o, const element& stanza, const std::string& nick, const sender& who) {
  if (nick.size() > limits_.nick_octets) return refuse(stanza, who, condition::not_acceptable);
  if (nicks_.contains(nick) || nick_is_anothers(nick, o.bare)) return refuse(stanza, who, condition::conflict);
  told old;
  old.available = false;
  old.codes = {303};
  old.new_nick = nick;
  tell_presence(o, old);
  for (const auto& s : o.sessions) tell_self(o, s.full, old);
  const bool heard = heard_.erase(&o) != 0;
  auto node = nicks_.extract(o.nick);
  node.key() = nick;
  auto& moved = nicks_.insert(std::move(node)).position->second; // its address stays
  moved.nick = nick;
  if (heard) heard_.insert(&moved);
  tell_presence(moved, {});
  for (const auto& s : moved.sessions) tell_self(moved, s.full, {});
}

void room::update(occupant& o, const jid& full, const element& stanza) {
  const auto at = std::find_if(o.sessions.begin(), o.sessions.end(), [&](const session& s) { return s.full == full; });
  at->payload = payload_of(stanza, limits_.status_octets);
  std::rotate(o.sessions.begin(), at, at + 1);
  tell_presence(o, {});
  for (const auto& s : o.sessions) tell_self(o, s.full, {});
}

void room::leave(occupant& o, const jid& full, const element* payload) {
  told t;
  t.available = false;
  t.payload = payload;
  const element nothing("presence", space::client);
  if (payload == nullptr) t.payload = &nothing;
  if (o.sessions.size() == 1) {
    tell_presence(o, t);
    tell_self(o, full, t);
    remove_sessions(o);
    nicks_.erase(o.nick);
    return nobody_left();
  }
  tell_self(o, full, t);
  const bool was_first = o.sessions.front().full == full;
  std::erase_if(o.sessions, [&](const session& s) { return s.full == full; });
  leave_seat(o, full);
  if (!was_first) return;
  tell_presence(o, {});
  for (const auto& s : o.sessions) tell_self(o, s.full, {});
}

void room::lose(occupant& o, const jid& full) {
  told t;
  t.codes = {333};
  if (o.sessions.size() == 1) return expel(o, std::move(t));
  leave(o, full, nullptr);
}

void room::expel(occupant& o, told t) {
  t.available = false;
  const element nothing("presence", space::client);
  t.payload = &nothing;
  const bool seen = config_.tell_visitors || o.part != role::visitor;
  give_part(o, role::none);
  // In order: those who stay hear of it, then it does, and hears no more.
  const auto sessions = o.sessions;
  if (seen) tell_presence(o, t);
  for (const auto& s : sessions) tell_self(o, s.full, t);
  remove_sessions(o);
  nicks_.erase(o.nick);
  nobody_left();
}

void room::nobody_left() {
  if (!nicks_.empty()) return;
  // §10.1: a room that was never set up goes with the last one, like any temporary room.
  if (config_.persistent && !locked_) {
    effects_.emplace_back(emptied{});
    return;
  }
  exists_ = locked_ = false;
  effects_.emplace_back(destroyed{});
}

element room::presence_of(const occupant& o, bool with_address, const told& t, bool self) const {
  element out = t.payload != nullptr ? *t.payload
                : t.available && !o.sessions.empty() ? *o.sessions.front().payload : element("presence", space::client);
  out.set("from", at(o.nick).text());
  if (!t.available) out.set("type", "unavailable");
  out.add("occupant-id", occupant_id_space).set("id", occupant_id(o.bare));
  auto& x = out.add("x", space::muc_user);
  auto& item = x.add("item");
  item.set("affiliation", name(o.rank));
  item.set("role", name(t.available || !t.new_nick.empty() ? o.part : role::none));
  if (with_address) item.set("jid", o.sessions.empty() ? o.bare.text() : o.sessions.front().full.text());
  if (!t.new_nick.empty()) item.set("nick", t.new_nick);
  if (!t.actor.empty()) item.add("actor").set("nick", t.actor);
  if (!t.reason.empty()) item.add("reason").add_text(t.reason);
  if (self) x.add("status").set("code", "110");
  for (const auto code : t.codes) x.add("status").set("code", std::to_string(code));
  if (t.extra != nullptr) x.add(*t.extra);
  return out;
}

/// To all but its own sessions.
void room::tell_presence(occupant& o, const told& t) {
  if (config_.tell_visitors || o.part != role::visitor) tell_others(o, t);
}

void room::tell_others(occupant& o, const told& t) {
  std::vector<jid> own;
  for (const auto& s : o.sessions) own.push_back(s.full);
  const bool as_it_is = t.available && t.codes.empty() && t.new_nick.empty() && t.payload == nullptr && t.extra == nullptr &&
                        t.actor.empty() && t.reason.empty() && !o.sessions.empty();
  const auto stanza = [&](bool with_address) {
    return as_it_is ? shown(o, with_address) : std::make_shared<const element>(presence_of(o, with_address, t, false));
  };
  if (config_.non_anonymous) return send_all(stanza(true), everybody_.all(), std::move(own));
  if (!moderators_.empty()) send_all(stanza(true), moderators_.all(), own);
  if (!others_.empty()) send_all(stanza(false), others_.all(), std::move(own));
}

void room::change_part(occupant& o, role part, told t) {
  if (!config_.tell_visitors && part == role::visitor && o.part != role::visitor) {
    const element nothing("presence", space::client);
    told away = t;
    away.available = false;
    away.payload = &nothing;
    tell_presence(o, away);
  }
  give_part(o, part);
  tell_presence(o, t);
  for (const auto& s : o.sessions) tell_self(o, s.full, t);
}

void room::show_visitors(bool shown) {
  const element nothing("presence", space::client);
  told t;
  t.available = shown;
  if (!shown) t.payload = &nothing;
  for (auto& [nick, o] : nicks_)
    if (o.part == role::visitor) tell_others(o, t);
}

std::size_t room::visitors_told() const {
  // All but the visitors are in `heard_`.
  return (nicks_.size() - heard_.size()) * sessions_.size();
}

const stanza_ptr& room::shown(occupant& o, bool with_address) const {
  auto& known = o.seen[with_address ? 1 : 0];
  const auto& front = o.sessions.front();
  if (!known.stanza || known.payload != front.payload || known.rank != o.rank || known.part != o.part || known.nick != o.nick || known.full != front.full)
    known = {std::make_shared<const element>(presence_of(o, with_address, {}, false)), front.payload, front.full, o.nick, o.rank, o.part};
  return known.stanza;
}

void room::tell_self(const occupant& o, const jid& full, const told& t) { send_to(full, presence_of(o, true, t, true)); }

} // namespace rookery::xmpp::muc
