// Messages to all, between two, of the room itself. XEP-0045 §7.4 to §7.9, §7.13, §8.1, §8.6; XEP-0359, 0421, 0425.
#include "protocols/xmpp/muc/room.hpp"

#include "base/text.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/date_time.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::xmpp::muc {
namespace {

constexpr std::string_view occupant_id_space = "urn:xmpp:occupant-id:0";
constexpr std::string_view moderation_space = "urn:xmpp:message-moderate:1";
constexpr std::string_view retraction_space = "urn:xmpp:message-retract:1";
constexpr std::string_view request_form = "http://jabber.org/protocol/muc#request";

/// Without what only the room says, and without addresses.
element cleaned(const element& stanza, const std::string& room_address) {
  auto out = stanza;
  for (const auto* a : {"from", "to"}) out.unset(a);
  std::erase_if(out.children, [&](const xml::node& n) {
    if (n.is_text()) return true;
    const auto& e = n.inner();
    return (e.is("stanza-id", space::stanza_ids) && e.get("by") == room_address) || e.is("occupant-id", occupant_id_space) ||
           e.space == space::muc_user || e.space == space::muc || (e.is("delay", space::delay) && e.get("from") == room_address);
  });
  return out;
}

/// §18.1.4: an error that only comes when the client is not there any more.
bool says_gone(const element& stanza) {
  const auto* error = stanza.child("error", space::client);
  if (error == nullptr) return false;
  static constexpr condition gone[] = {condition::gone, condition::item_not_found, condition::jid_malformed, condition::recipient_unavailable,
                                       condition::redirect, condition::remote_server_not_found, condition::remote_server_timeout,
                                       condition::service_unavailable};
  return std::any_of(std::begin(gone), std::end(gone), [&](condition c) { return error->child(name(c), space::stanzas) != nullptr; });
}

/// XEP-0334, and XEP-0313 §5.1.3: not what says nothing that lasts.
bool is_kept(const element& m) {
  if (m.child("no-store", space::hints) != nullptr || m.child("no-permanent-store", space::hints) != nullptr) return false;
  if (m.child("store", space::hints) != nullptr) return true;
  const auto all = m.elements();
  return std::any_of(all.begin(), all.end(), [](const element* e) {
    return e->space != space::chat_states && !e->is("thread", space::client) && !e->is("occupant-id", occupant_id_space);
  });
}

} // namespace

bool room::may_send(occupant& o, base::wall_time now) {
  if (limits_.stanzas_a_second == 0) return true;
  const double passed = now > o.counted ? std::chrono::duration<double>(now - o.counted).count() : 0;
  o.tokens = std::min<double>(limits_.burst_stanzas, o.tokens + passed * limits_.stanzas_a_second);
  o.counted = now;
  if (o.tokens < 1) return false;
  o.tokens -= 1;
  return true;
}

void room::message(const element& stanza, const jid& to, const sender& who, base::wall_time now) {
  const auto type = stanza.get("type");
  auto* o = find(who.from);
  if (type == "error") {
    if (o != nullptr && says_gone(stanza)) return lose(*o, who.from);
    // §7.5: a private message could not be brought; the sender of it learns it as from that occupant.
    if (o != nullptr && !to.resource.empty())
      if (const auto* other = with_nick(to.resource)) {
        auto out = cleaned(stanza, address_.text());
        out.set("from", at(o->nick).text());
        send_to(other->sessions.front().full, std::move(out));
      }
    return;
  }
  if (to.resource.empty()) {
    if (const auto* x = stanza.child("x", space::muc_user); x != nullptr && invitations(stanza, *x, who)) return;
    if (const auto* x = stanza.child("x", space::forms)) {
      const auto form = read_form(*x);
      if (form && o != nullptr && form->form_type() == request_form) return voice_form(stanza, *form, *o, who.from);
    }
    if (type != "groupchat") return refuse(stanza, who, condition::bad_request);
  }
  if (o == nullptr) return refuse(stanza, who, condition::not_acceptable, "you are not in the room");
  if (!may_send(*o, now)) return refuse(stanza, who, condition::resource_constraint, "too many stanzas");
  if (!to.resource.empty()) {
    if (type == "groupchat") return refuse(stanza, who, condition::bad_request);
    return private_message(stanza, to.resource, *o, who.from);
  }
  if (stanza.child("subject", space::client) != nullptr && stanza.child("body", space::client) == nullptr &&
      stanza.child("thread", space::client) == nullptr)
    return set_subject(stanza, *o, who.from, now);
  groupchat(stanza, *o, who.from, now);
}

void room::groupchat(const element& stanza, occupant& o, const jid& full, base::wall_time now) {
  if (o.part < role::participant) return refuse(stanza, {full}, condition::forbidden);
  auto out = cleaned(stanza, address_.text());
  out.set("from", at(o.nick).text());
  out.add("occupant-id", occupant_id_space).set("id", occupant_id(o.bare));
  tell_message(std::move(out), now, true, stanza.child("body", space::client) != nullptr);
}

void room::tell_message(element out, base::wall_time now, bool keep, bool remember) {
  keep = keep && config_.archived && is_kept(out);
  const auto micro = static_cast<std::uint64_t>(std::max<std::int64_t>(0, base::to_milliseconds(now))) * 1000;
  const auto id = std::max(last_id_ + 1, micro);
  if (keep || remember) last_id_ = id;
  if (keep) out.add("stanza-id", space::stanza_ids).set("id", std::to_string(id)).set("by", address_.text());
  auto shared = std::make_shared<const element>(std::move(out));
  if (keep) effects_.emplace_back(keep_message{id, now, shared});
  if (remember) history_.add(id, now, shared);
  send_all(std::move(shared), everybody_.all());
}

void room::set_subject(const element& stanza, occupant& o, const jid& full, base::wall_time now) {
  if (o.part != role::moderator && (!config_.anyone_sets_subject || o.part < role::participant))
    return refuse(stanza, {full}, condition::forbidden);
  auto text = stanza.child_text("subject", space::client);
  if (text.size() > limits_.subject_octets) return refuse(stanza, {full}, condition::not_acceptable);
  subject_ = std::move(text);
  subject_by_ = at(o.nick).text();
  subject_time_ = now;
  effects_.emplace_back(keep_document{});
  auto out = cleaned(stanza, address_.text());
  out.set("from", subject_by_);
  out.add("occupant-id", occupant_id_space).set("id", occupant_id(o.bare));
  tell_message(std::move(out), now, true, false);
}

void room::private_message(const element& stanza, const std::string& nick, occupant& o, const jid& full) {
  const bool allowed = config_.pm == private_messages::anyone || (config_.pm == private_messages::participants && o.part >= role::participant) ||
                       (config_.pm == private_messages::moderators && o.part == role::moderator);
  auto* other = with_nick(nick);
  // §7.5: moderators can always be asked.
  if (!allowed && !(other != nullptr && other->part == role::moderator && config_.pm != private_messages::none))
    return refuse(stanza, {full}, condition::forbidden);
  if (other == nullptr) return refuse(stanza, {full}, condition::item_not_found);
  auto out = cleaned(stanza, address_.text());
  out.set("from", at(o.nick).text());
  out.add("occupant-id", occupant_id_space).set("id", occupant_id(o.bare));
  out.add("x", space::muc_user);
  auto all = std::make_shared<std::vector<jid>>();
  for (const auto& s : other->sessions) all->push_back(s.full);
  send_all(std::make_shared<const element>(std::move(out)), all);
}

/// §7.8.2, §7.8.4. False: it is neither.
bool room::invitations(const element& stanza, const element& x, const sender& who) {
  const auto all = x.elements("invite", space::muc_user);
  for (const auto* i : all) invite(stanza, *i, who, find(who.from));
  if (!all.empty()) return true;
  const auto* decline = x.child("decline", space::muc_user);
  if (decline == nullptr) return false;
  const auto to = read_jid(decline->get("to"));
  if (!to) {
    refuse(stanza, who, condition::jid_malformed);
    return true;
  }
  // Only those hear of it who are here: a room is no way to write to strangers.
  for (const auto& [nick, o] : nicks_)
    if (o.bare == to->bare()) {
      auto out = make_message("");
      out.set("from", address_.text());
      auto& d = out.add("x", space::muc_user).add("decline");
      d.set("from", who.from.bare_text());
      if (const auto reason = decline->child_text("reason", space::muc_user); !reason.empty())
        d.add("reason").add_text(std::string_view(reason).substr(0, limits_.reason_octets));
      auto list = std::make_shared<std::vector<jid>>();
      for (const auto& s : o.sessions) list->push_back(s.full);
      send_all(std::make_shared<const element>(std::move(out)), list);
    }
  return true;
}

void room::invite(const element& stanza, const element& invitation, const sender& who, occupant* o) {
  const auto rank = affiliation_of(who);
  if (o == nullptr && rank < affiliation::admin) return refuse(stanza, who, condition::not_acceptable, "you are not in the room");
  const bool trusted = rank >= affiliation::admin || (o != nullptr && o->part == role::moderator);
  if (!trusted && (config_.members_only || !config_.password.empty()) && !config_.members_invite) return refuse(stanza, who, condition::forbidden);
  if (o != nullptr && o->part == role::visitor) return refuse(stanza, who, condition::forbidden);
  const auto to = read_jid(invitation.get("to"));
  if (!to || to->local.empty()) return refuse(stanza, who, condition::jid_malformed);
  if (affiliation_of(to->bare()) == affiliation::outcast) return refuse(stanza, who, condition::not_allowed);
  auto out = make_message("");
  out.set("from", address_.text());
  if (stanza.has("id")) out.set("id", stanza.get("id"));
  auto& x = out.add("x", space::muc_user);
  auto& i = x.add("invite");
  i.set("from", o != nullptr ? at(o->nick).text() : who.from.bare_text());
  if (config_.non_anonymous || o == nullptr) i.set("from", who.from.text());
  if (const auto reason = invitation.child_text("reason", space::muc_user); !reason.empty())
    i.add("reason").add_text(std::string_view(reason).substr(0, limits_.reason_octets));
  if (const auto* thread = invitation.child("continue", space::muc_user)) i.add(*thread);
  if (!config_.password.empty()) x.add("password").add_text(config_.password);
  // XEP-0249, for clients that know only that.
  auto& direct = out.add("x", "jabber:x:conference");
  direct.set("jid", address_.text());
  if (!config_.password.empty()) direct.set("password", config_.password);
  // §9.3: who is invited to a members-only room must get in.
  if (config_.members_only && affiliation_of(to->bare()) == affiliation::none && members_.size() < limits_.affiliations)
    apply_affiliation(to->bare(), affiliation::member, {}, {}, {});
  send_to(to->is_bare() ? *to : to->bare(), std::move(out));
}

/// §7.13 and §8.6: a request for voice goes to the moderators as a form, whose answer gives it.
void room::voice_form(const element& stanza, const data_form& form, occupant& o, const jid& full) {
  if (form.type != "submit") return refuse(stanza, {full}, condition::bad_request);
  const auto* allow = form.find("muc#request_allow");
  if (allow == nullptr) {
    if (o.part != role::visitor) return refuse(stanza, {full}, condition::not_allowed);
    data_form ask;
    ask.type = "form";
    ask.title = "Request for voice";
    ask.hidden(request_form);
    ask.fields.push_back({"muc#role", "list-single", "Role", {"participant"}, {{"participant", "Participant"}}, false});
    ask.text("muc#jid", "Address", o.sessions.front().full.text(), "jid-single");
    ask.text("muc#roomnick", "Nick", o.nick);
    ask.flag("muc#request_allow", "Give voice to this occupant", false);
    auto out = make_message("");
    out.set("from", address_.text());
    out.add(to_element(ask));
    return send_all(std::make_shared<const element>(std::move(out)), moderators_.all());
  }
  if (o.part != role::moderator) return refuse(stanza, {full}, condition::forbidden);
  const auto* nick = form.find("muc#roomnick");
  auto* whom = nick == nullptr ? nullptr : with_nick(nick->value());
  if (!read_flag(allow->value()).value_or(false) || whom == nullptr || whom->part != role::visitor) return;
  order give;
  give.part = role::participant;
  give.nick = whom->nick;
  carry_out(give, o.nick);
}

void room::send_history(const jid& full, const element* wish, base::wall_time now) {
  for (const auto* m : history_.for_entrant(read_history_wish(wish, now), std::min<std::size_t>(config_.history, limits_.history_messages))) {
    auto out = *m->stanza;
    out.add("delay", space::delay).set("from", address_.text()).set("stamp", date_time(m->time));
    send_to(full, std::move(out));
  }
}

/// §7.2.15: always, also when there is none.
void room::send_subject(const jid& full) {
  auto out = make_message("groupchat");
  out.set("from", subject_by_.empty() ? address_.text() : subject_by_);
  out.add("subject").add_text(subject_);
  if (!subject_by_.empty()) out.add("delay", space::delay).set("from", address_.text()).set("stamp", date_time(subject_time_));
  send_to(full, std::move(out));
}

/// XEP-0425 §3: a moderator takes a message back, for all and from the archive.
void room::moderate(const element& stanza, const element& wish, const sender& who, base::wall_time now) {
  const auto* o = find(who.from);
  if (affiliation_of(who) < affiliation::admin && (o == nullptr || o->part != role::moderator)) return refuse(stanza, who, condition::forbidden);
  std::uint64_t id = 0;
  for (const char c : wish.get("id")) {
    if (c < '0' || c > '9' || id > last_id_) return refuse(stanza, who, condition::item_not_found);
    id = id * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (id == 0 || id > last_id_) return refuse(stanza, who, condition::item_not_found);
  if (wish.child("retract", retraction_space) == nullptr) return refuse(stanza, who, condition::feature_not_implemented);
  const auto reason = wish.child_text("reason", moderation_space).substr(0, limits_.reason_octets);
  element moderated("moderated", moderation_space);
  if (o != nullptr) {
    moderated.set("by", at(o->nick).text());
    moderated.add("occupant-id", occupant_id_space).set("id", occupant_id(o->bare));
  }
  element retracted("retracted", retraction_space);
  retracted.set("id", std::to_string(id)).set("stamp", date_time(now));
  retracted.add(moderated);
  if (!reason.empty()) retracted.add("reason").add_text(reason);
  if (const auto* old = history_.find(id)) {
    auto tombstone = make_message("groupchat");
    tombstone.set("from", old->stanza->get("from"));
    if (old->stanza->has("id")) tombstone.set("id", old->stanza->get("id"));
    tombstone.add(retracted);
    history_.replace(id, std::make_shared<const element>(std::move(tombstone)));
  }
  effects_.emplace_back(replace_message{id, retracted});
  auto out = make_message("groupchat");
  out.set("from", address_.text()).set("id", "retract-" + std::to_string(id));
  auto& retract = out.add("retract", retraction_space);
  retract.set("id", std::to_string(id));
  retract.add(std::move(moderated));
  if (!reason.empty()) retract.add("reason").add_text(reason);
  tell_message(std::move(out), now, true, false);
  send_to(who.from, iq_result(stanza));
}

/// §10.2.1: something of the configuration is another.
void room::announce(const std::vector<int>& codes) {
  auto out = make_message("groupchat");
  out.set("from", address_.text());
  auto& x = out.add("x", space::muc_user);
  for (const auto c : codes) x.add("status").set("code", std::to_string(c));
  send_all(std::make_shared<const element>(std::move(out)), everybody_.all());
}

} // namespace rookery::xmpp::muc
