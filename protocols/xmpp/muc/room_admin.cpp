// Roles, affiliations and their lists; requests between occupants. XEP-0045 §8, §9, §6, §13.
#include "protocols/xmpp/muc/room.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp::muc {
namespace {

constexpr std::string_view admin_space = "http://jabber.org/protocol/muc#admin";
constexpr std::string_view owner_space = "http://jabber.org/protocol/muc#owner";
constexpr std::string_view moderation_space = "urn:xmpp:message-moderate:1";

} // namespace

void room::iq(const element& stanza, const jid& to, const sender& who, base::wall_time now) {
  if (!to.resource.empty()) return iq_to_occupant(stanza, to.resource, who);
  if (!is_request(stanza)) return;
  const auto* child = stanza.first();
  if (child == nullptr) return refuse(stanza, who, condition::bad_request);
  const bool set = stanza.get("type") == "set";
  if (locked_ && affiliation_of(who) != affiliation::owner) return refuse(stanza, who, condition::item_not_found);
  if (child->is("query", admin_space)) return set ? admin_set(stanza, *child, who) : admin_get(stanza, *child, who);
  if (child->is("query", owner_space)) return set ? owner_set(stanza, *child, who) : owner_get(stanza, *child, who);
  if (child->is("query", space::disco_info) || child->is("query", space::disco_items))
    return set ? refuse(stanza, who, condition::bad_request) : disco(stanza, *child, who);
  if (child->is("query", space::registration)) return registration(stanza, *child, who);
  if (child->is("vCard", space::vcard_temp)) return vcard_request(stanza, *child, who);
  if (child->is("moderate", moderation_space) && set) return moderate(stanza, *child, who, now);
  if (child->is("ping", space::ping) && !set) return send_to(who.from, iq_result(stanza));
  refuse(stanza, who, condition::service_unavailable);
}

void room::iq_to_occupant(const element& stanza, const std::string& nick, const sender& who) {
  auto* o = find(who.from);
  auto* other = with_nick(nick);
  if (!is_request(stanza)) { // an answer: back to who asked
    const auto id = stanza.get("id");
    const auto at_iq = std::find_if(iqs_.begin(), iqs_.end(), [&](const pending_iq& p) { return p.new_id == id && o != nullptr && p.nick == o->nick; });
    if (at_iq == iqs_.end()) return;
    auto out = stanza;
    out.unset("to");
    out.set("from", at(o->nick).text()).set("id", at_iq->id);
    const auto back = at_iq->from;
    iqs_.erase(at_iq);
    return send_to(back, std::move(out));
  }
  if (o == nullptr) return refuse(stanza, who, condition::not_acceptable, "you are not in the room");
  // XEP-0410 §3: of itself, answered by the room.
  if (other == o && stanza.first() != nullptr && stanza.first()->is("ping", space::ping)) return send_to(who.from, iq_result(stanza));
  if (other == nullptr) return refuse(stanza, who, condition::item_not_found);
  if (config_.pm == private_messages::none) return refuse(stanza, who, condition::forbidden);
  if (iqs_.size() >= limits_.pending_iqs) iqs_.erase(iqs_.begin());
  auto out = stanza;
  const auto id = "r" + std::to_string(++iq_number_);
  out.unset("to");
  out.set("from", at(o->nick).text()).set("id", id);
  iqs_.push_back({id, std::string(stanza.get("id")), who.from, other->nick});
  // §17.3: a vCard is the account's, whichever client is here.
  const bool of_account = stanza.first() != nullptr && stanza.first()->space == space::vcard_temp;
  send_to(of_account ? other->bare : other->sessions.front().full, std::move(out));
}

void room::admin_get(const element& stanza, const element& query, const sender& who) {
  const auto* item = query.child("item", admin_space);
  if (item == nullptr) return refuse(stanza, who, condition::bad_request);
  const auto* o = find(who.from);
  const auto rank = affiliation_of(who);
  const bool moderator = o != nullptr && o->part == role::moderator;
  auto answer = iq_result(stanza);
  auto& out = answer.add("query", admin_space);
  if (const auto part = read_role(item->get("role"))) {
    if (!moderator && rank < affiliation::admin) return refuse(stanza, who, condition::forbidden);
    for (const auto& [nick, other] : nicks_)
      if (other.part == *part) {
        auto& row = out.add("item");
        row.set("affiliation", name(other.rank)).set("role", name(other.part)).set("nick", nick).set("jid", other.sessions.front().full.text());
      }
    return send_to(who.from, std::move(answer));
  }
  const auto wanted = read_affiliation(item->get("affiliation"));
  if (!wanted || *wanted == affiliation::none) return refuse(stanza, who, condition::bad_request);
  // Who may see the list of members: §9.5 leaves it to members-only rooms to show it.
  const bool open_list = *wanted != affiliation::outcast && (config_.members_see_list || (config_.members_only && config_.non_anonymous)) && o != nullptr;
  if (rank < affiliation::admin && !open_list && !(moderator && *wanted == affiliation::member)) return refuse(stanza, who, condition::forbidden);
  for (const auto& [address, m] : members_)
    if (m.rank == *wanted) {
      auto& row = out.add("item");
      row.set("affiliation", name(m.rank)).set("jid", address.text());
      if (!m.nick.empty()) row.set("nick", m.nick);
      if (!m.reason.empty() && *wanted == affiliation::outcast) row.add("reason").add_text(m.reason);
    }
  send_to(who.from, std::move(answer));
}

std::variant<room::order, condition> room::read_order(const element& item, const sender&) const {
  order out;
  out.reason = item.child_text("reason", admin_space).substr(0, limits_.reason_octets);
  out.nick = item.get("nick");
  if (item.has("role")) {
    out.part = read_role(item.get("role"));
    if (!out.part) return condition::bad_request;
    if (out.nick.empty()) return condition::bad_request;
    if (item.has("affiliation") && !item.has("jid")) return condition::bad_request; // §8: one of the two
    return out;
  }
  out.rank = read_affiliation(item.get("affiliation"));
  if (!out.rank) return condition::bad_request;
  if (item.has("jid")) {
    const auto address = read_jid(item.get("jid"));
    if (!address) return condition::jid_malformed;
    out.address = address->bare();
    out.new_nick = out.nick;
    out.nick.clear();
    return out;
  }
  const auto at_nick = nicks_.find(out.nick);
  if (at_nick == nicks_.end()) return condition::item_not_found;
  out.address = at_nick->second.bare;
  return out;
}

/// §5.1.1, §5.2.1: who may do what to whom.
std::optional<condition> room::refusal(const order& w, const sender& who) const {
  const auto* o = find(who.from);
  const auto rank = affiliation_of(who);
  if (w.part) {
    if (rank < affiliation::admin && (o == nullptr || o->part != role::moderator)) return condition::forbidden;
    const auto at_nick = nicks_.find(w.nick);
    if (at_nick == nicks_.end()) return condition::item_not_found;
    const auto& target = at_nick->second;
    if (target.part == role::moderator || *w.part == role::moderator) {
      // Moderators are made and unmade by admins; what an admin or owner is by rank stays.
      if (rank < affiliation::admin && (*w.part == role::moderator || target.rank >= affiliation::admin)) return condition::not_allowed;
      if (rank < affiliation::admin && *w.part != role::none) return condition::not_allowed;
      if (target.rank >= affiliation::admin && *w.part != role::moderator && *w.part != role::none) return condition::not_allowed;
    }
    if (target.rank > rank) return condition::not_allowed;
    return {};
  }
  const auto was = affiliation_of(w.address);
  if (rank < affiliation::admin) return condition::forbidden;
  if (rank == affiliation::admin && (was >= affiliation::admin || *w.rank >= affiliation::admin)) return condition::not_allowed;
  if (was == affiliation::owner && *w.rank != affiliation::owner && owners() < 2) return condition::conflict; // §9.10
  if (*w.rank == affiliation::outcast && w.address == who.from.bare()) return condition::conflict;
  if (!w.new_nick.empty() && nick_is_anothers(w.new_nick, w.address)) return condition::conflict;
  if (!members_.contains(w.address) && members_.size() >= limits_.affiliations) return condition::resource_constraint;
  return {};
}

void room::admin_set(const element& stanza, const element& query, const sender& who) {
  const auto items = query.elements("item", admin_space);
  if (items.empty() || items.size() > limits_.items_a_request) return refuse(stanza, who, condition::bad_request);
  std::vector<order> orders;
  for (const auto* item : items) {
    auto read = read_order(*item, who);
    if (const auto* fault = std::get_if<condition>(&read)) return refuse(stanza, who, *fault);
    orders.push_back(std::move(std::get<order>(read)));
    if (const auto no = refusal(orders.back(), who)) return refuse(stanza, who, *no);
  }
  // One after the other is allowed, but not all together: a room keeps an owner.
  std::size_t lost = 0;
  for (const auto& w : orders) lost += w.rank && *w.rank != affiliation::owner && affiliation_of(w.address) == affiliation::owner;
  if (lost > 0 && lost >= owners()) return refuse(stanza, who, condition::conflict);
  const auto* o = find(who.from);
  const auto actor = o == nullptr ? std::string() : o->nick;
  for (const auto& w : orders) carry_out(w, actor);
  send_to(who.from, iq_result(stanza));
}

void room::carry_out(const order& w, const std::string& actor) {
  if (w.rank) return apply_affiliation(w.address, *w.rank, w.new_nick, w.reason, actor);
  auto* o = with_nick(w.nick);
  if (o == nullptr) return;
  told t;
  t.actor = actor;
  t.reason = w.reason;
  if (*w.part == role::none) {
    t.codes = {307};
    return expel(*o, std::move(t));
  }
  change_part(*o, *w.part, std::move(t));
}

bool room::set_affiliation(const jid& bare, affiliation rank, std::string_view reason) {
  if (affiliation_of(bare) == affiliation::owner && rank != affiliation::owner && owners() < 2) return false;
  if (!members_.contains(bare) && members_.size() >= limits_.affiliations) return false;
  apply_affiliation(bare, rank, {}, std::string(reason.substr(0, limits_.reason_octets)), {});
  return true;
}

void room::apply_affiliation(const jid& bare, affiliation rank, const std::string& nick, const std::string& reason, const std::string& actor) {
  const auto known = members_.find(bare);
  auto m = known == members_.end() ? member_record{} : known->second;
  m.rank = rank;
  if (!nick.empty()) m.nick = nick;
  if (rank < affiliation::member) m.nick.clear(); // a reserved nick is a member's
  m.reason = rank == affiliation::outcast ? reason : std::string();
  effects_.emplace_back(keep_member{bare, m});
  set_member(bare, std::move(m));
  std::vector<std::string> here;
  for (const auto& [its_nick, o] : nicks_)
    if (o.bare == bare) here.push_back(its_nick);
  for (const auto& its_nick : here) {
    auto* o = with_nick(its_nick);
    if (o == nullptr) continue;
    o->rank = rank;
    told t;
    t.actor = actor;
    t.reason = reason;
    if (rank == affiliation::outcast || (rank == affiliation::none && config_.members_only)) {
      t.codes = {rank == affiliation::outcast ? 301 : 321};
      expel(*o, std::move(t));
      continue;
    }
    change_part(*o, role_for(rank), std::move(t));
  }
}

} // namespace rookery::xmpp::muc
