// Setting up and destroying; what a room says of itself; nicks that are registered; its card. XEP-0045 §6, §7.10, §10.
#include "protocols/xmpp/muc/room.hpp"

#include "protocols/xml/writer.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp::muc {
namespace {

constexpr std::string_view owner_space = "http://jabber.org/protocol/muc#owner";
constexpr std::string_view register_form = "http://jabber.org/protocol/muc#register";

} // namespace

void room::owner_get(const element& stanza, const element& query, const sender& who) {
  if (affiliation_of(who) != affiliation::owner) return refuse(stanza, who, condition::forbidden);
  if (query.first() != nullptr) return refuse(stanza, who, condition::bad_request);
  auto answer = iq_result(stanza);
  answer.add("query", owner_space).add(to_element(config_form(config_, static_cast<std::uint32_t>(limits_.occupants))));
  send_to(who.from, std::move(answer));
}

void room::owner_set(const element& stanza, const element& query, const sender& who) {
  if (affiliation_of(who) != affiliation::owner) return refuse(stanza, who, condition::forbidden);
  if (const auto* d = query.child("destroy", owner_space)) {
    destroy(d->child_text("reason", owner_space), d->get("jid"), d->child_text("password", owner_space));
    return send_to(who.from, iq_result(stanza));
  }
  const auto* x = query.child("x", space::forms);
  const auto form = x != nullptr ? read_form(*x) : std::nullopt;
  if (!form) return refuse(stanza, who, condition::bad_request);
  if (form->type == "cancel") {
    send_to(who.from, iq_result(stanza));
    if (locked_) destroy({}, {}); // §10.1.3
    return;
  }
  if (form->type != "submit") return refuse(stanza, who, condition::bad_request);
  if (!configure(*form)) return refuse(stanza, who, condition::not_acceptable);
  send_to(who.from, iq_result(stanza));
}

bool room::configure(const data_form& form) {
  auto config = read_config(form, config_);
  if (!config || config->users_max > limits_.occupants) return false;
  if (config->tell_visitors != config_.tell_visitors && visitors_told() > limits_.presences_a_change) return false;
  const bool was_locked = std::exchange(locked_, false);
  if (was_locked || *config != config_) take_config(std::move(*config));
  return true;
}

void room::take_config(room_config config) {
  const auto was = std::exchange(config_, std::move(config));
  effects_.emplace_back(keep_document{});
  if (was == config_) return;
  std::vector<int> codes;
  if (was.archived != config_.archived) codes.push_back(config_.archived ? 170 : 171);
  if (was.non_anonymous != config_.non_anonymous) codes.push_back(config_.non_anonymous ? 172 : 173);
  codes.push_back(104);
  announce(codes);
  // Nobody stays in a list whose leaving will not be told, also who is put out at once.
  if (was.tell_visitors && !config_.tell_visitors) show_visitors(false);
  if (config_.members_only && !was.members_only) {
    std::vector<std::string> strangers;
    for (const auto& [nick, o] : nicks_)
      if (o.rank < affiliation::member) strangers.push_back(nick);
    for (const auto& nick : strangers) {
      told t;
      t.codes = {322};
      if (auto* o = with_nick(nick)) expel(*o, std::move(t));
    }
  }
  if (!was.tell_visitors && config_.tell_visitors) show_visitors(true);
}

void room::destroy(std::string_view reason, std::string_view alternate, std::string_view password) {
  element d("destroy", space::muc_user);
  if (const auto to = read_jid(alternate)) d.set("jid", to->text());
  if (!password.empty()) d.add("password").add_text(password.substr(0, limits_.reason_octets));
  if (!reason.empty()) d.add("reason").add_text(reason.substr(0, limits_.reason_octets));
  const element nothing("presence", space::client);
  for (auto& [nick, o] : nicks_) {
    told t;
    t.available = false;
    t.extra = &d;
    t.payload = &nothing;
    o.rank = affiliation::none;
    // Each hears of itself alone: §10.9.
    for (const auto& s : o.sessions) tell_self(o, s.full, t);
  }
  heard_.clear();
  nicks_.clear();
  sessions_.clear();
  for (auto* group : {&everybody_, &moderators_, &others_}) group->clear();
  exists_ = locked_ = false;
  effects_.emplace_back(destroyed{});
}

element room::info() const {
  element out("query", space::disco_info);
  auto& identity = out.add("identity");
  identity.set("category", "conference").set("type", "text");
  if (!config_.name.empty()) identity.set("name", config_.name);
  const auto feature = [&](std::string_view var) { out.add("feature").set("var", var); };
  for (const auto var : {space::muc, space::disco_info, space::disco_items, space::registration, space::vcard_temp, space::stanza_ids, space::ping})
    feature(var);
  for (const auto* var : {"http://jabber.org/protocol/muc#stable_id", "http://jabber.org/protocol/muc#self-ping-optimization",
                          "http://jabber.org/protocol/muc#request", "urn:xmpp:occupant-id:0", "urn:xmpp:message-moderate:1",
                          "urn:xmpp:message-retract:1"})
    feature(var);
  feature(config_.persistent ? "muc_persistent" : "muc_temporary");
  feature(config_.listed ? "muc_public" : "muc_hidden");
  feature(config_.members_only ? "muc_membersonly" : "muc_open");
  feature(config_.moderated ? "muc_moderated" : "muc_unmoderated");
  feature(config_.non_anonymous ? "muc_nonanonymous" : "muc_semianonymous");
  feature(config_.password.empty() ? "muc_unsecured" : "muc_passwordprotected");
  if (config_.archived) {
    feature(space::archive);
    feature("urn:xmpp:message-retract:1#tombstone");
  }
  data_form f;
  f.type = "result";
  f.hidden("http://jabber.org/protocol/muc#roominfo");
  f.text("muc#roominfo_description", "Description", config_.description);
  f.text("muc#roominfo_subject", "Subject", subject_);
  f.text("muc#roominfo_lang", "Language", config_.language);
  f.text("muc#roominfo_occupants", "Occupants", std::to_string(nicks_.size()));
  f.text("muc#roomconfig_roomname", "Name", config_.name);
  f.flag("muc#roominfo_changesubject", "Everybody may set the subject", config_.anyone_sets_subject);
  f.text("muc#maxhistoryfetch", "Messages that who enters gets at most", std::to_string(config_.history));
  out.add(to_element(f));
  return out;
}

void room::disco(const element& stanza, const element& query, const sender& who) {
  auto answer = iq_result(stanza);
  const auto node = query.get("node");
  if (query.space == space::disco_items) {
    auto& out = answer.add("query", space::disco_items);
    if (config_.listed || find(who.from) != nullptr)
      for (const auto& [nick, o] : nicks_) out.add("item").set("jid", at(nick).text());
    return send_to(who.from, std::move(answer));
  }
  if (node == "x-roomuser-item") { // §7.12: the nick that is reserved for who asks
    auto& out = answer.add("query", space::disco_info);
    out.set("node", node);
    const auto m = members_.find(who.from.bare());
    if (m != members_.end() && !m->second.nick.empty())
      out.add("identity").set("category", "conference").set("type", "text").set("name", m->second.nick);
    return send_to(who.from, std::move(answer));
  }
  if (!node.empty()) return refuse(stanza, who, condition::item_not_found);
  answer.add(info());
  send_to(who.from, std::move(answer));
}

/// §7.10: a nick is reserved for who may enter; the owner's list shows it.
void room::registration(const element& stanza, const element& query, const sender& who) {
  const auto bare = who.from.bare();
  const auto rank = affiliation_of(who);
  if (rank == affiliation::outcast || (config_.members_only && rank < affiliation::member)) return refuse(stanza, who, condition::not_allowed);
  const auto m = members_.find(bare);
  const auto reserved = m == members_.end() ? std::string() : m->second.nick;
  if (stanza.get("type") == "get") {
    auto answer = iq_result(stanza);
    auto& out = answer.add("query", space::registration);
    if (!reserved.empty()) {
      out.add("registered");
      out.add("username").add_text(reserved);
    }
    data_form f;
    f.type = "form";
    f.title = "Reserve a nick";
    f.hidden(register_form);
    f.text("muc#register_roomnick", "Nick", reserved);
    f.fields.back().required = true;
    out.add(to_element(f));
    return send_to(who.from, std::move(answer));
  }
  if (query.child("remove", space::registration) != nullptr) {
    if (m != members_.end() && !reserved.empty()) {
      auto record = m->second;
      record.nick.clear();
      // Who was a member for its nick alone is one no more.
      effects_.emplace_back(keep_member{bare, record});
      set_member(bare, std::move(record));
    }
    return send_to(who.from, iq_result(stanza));
  }
  const auto* x = query.child("x", space::forms);
  const auto form = x != nullptr ? read_form(*x) : std::nullopt;
  const auto* nick_field = form ? form->find("muc#register_roomnick") : nullptr;
  if (nick_field == nullptr) return refuse(stanza, who, condition::bad_request);
  const auto nick = normal_resource(nick_field->value());
  if (!nick || nick->size() > limits_.nick_octets) return refuse(stanza, who, condition::not_acceptable);
  if (nick_is_anothers(*nick, bare)) return refuse(stanza, who, condition::conflict);
  if (m == members_.end() && members_.size() >= limits_.affiliations) return refuse(stanza, who, condition::resource_constraint);
  auto record = m == members_.end() ? member_record{} : m->second;
  record.nick = *nick;
  const bool raised = record.rank == affiliation::none;
  if (raised) record.rank = affiliation::member;
  effects_.emplace_back(keep_member{bare, record});
  set_member(bare, std::move(record));
  send_to(who.from, iq_result(stanza));
  if (raised)
    for (auto& [its_nick, o] : nicks_)
      if (o.bare == bare) {
        o.rank = affiliation::member;
        change_part(o, std::max(o.part, role_for(o.rank)), {});
      }
}

/// XEP-0486: a room's picture is that of its card.
void room::vcard_request(const element& stanza, const element& v, const sender& who) {
  if (stanza.get("type") == "get") {
    if (vcard_.name.empty()) return refuse(stanza, who, condition::item_not_found);
    auto answer = iq_result(stanza);
    answer.add(vcard_);
    return send_to(who.from, std::move(answer));
  }
  if (affiliation_of(who) != affiliation::owner) return refuse(stanza, who, condition::forbidden);
  if (xml::to_text(v).size() > limits_.vcard_octets) return refuse(stanza, who, condition::policy_violation);
  vcard_ = v;
  effects_.emplace_back(keep_vcard{});
  send_to(who.from, iq_result(stanza));
  announce({104});
}

} // namespace rookery::xmpp::muc
