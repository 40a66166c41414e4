#include "protocols/xmpp/message_rules.hpp"

#include "protocols/xmpp/date_time.hpp"

#include <algorithm>

namespace rookery::xmpp {
namespace {

constexpr std::string_view retraction = "urn:xmpp:message-retract:1";
constexpr std::string_view reactions = "urn:xmpp:reactions:0";
constexpr std::string_view direct_invitation = "jabber:x:conference";
constexpr std::string_view encryption = "urn:xmpp:eme:0";

bool has_space(const element& e, std::string_view wanted) noexcept { return e.child("", wanted) != nullptr; }
bool has_hint(const element& e, std::string_view hint) noexcept { return e.child(hint, space::hints) != nullptr; }

bool is_talk(const element& e) noexcept {
  const auto type = type_of(e);
  return type == message_type::chat || type == message_type::normal;
}

bool is_invitation(const element& e) noexcept {
  const auto* x = e.child("x", space::muc_user);
  return has_space(e, direct_invitation) || (x != nullptr && x->child("invite", space::muc_user) != nullptr);
}

bool has_content(const element& e) noexcept {
  return e.child("body", space::client) != nullptr || has_space(e, encryption) || has_space(e, retraction) || is_invitation(e);
}

} // namespace

message_type type_of(const element& message) noexcept {
  const auto type = message.get("type");
  if (type == "chat") return message_type::chat;
  if (type == "groupchat") return message_type::groupchat;
  if (type == "headline") return message_type::headline;
  if (type == "error") return message_type::error;
  return message_type::normal;
}

bool belongs_in_archive(const element& e) noexcept {
  if (!is_talk(e) || has_hint(e, "no-store") || has_hint(e, "no-permanent-store")) return false;
  return has_content(e) || has_hint(e, "store") || has_space(e, reactions) || e.child("received", space::receipts) != nullptr ||
         (has_space(e, space::markers) && e.child("markable", space::markers) == nullptr);
}

bool is_kept_for_later(const element& e) noexcept {
  return is_talk(e) && !has_hint(e, "no-store") && (has_content(e) || has_hint(e, "store") || e.child("received", space::receipts) != nullptr);
}

bool is_copied(const element& e) noexcept {
  if (!is_talk(e) || e.child("private", space::carbons) != nullptr || has_hint(e, "no-copy")) return false;
  // XEP-0280 §6.1: messages of rooms go to each client by themselves.
  if (e.child("x", space::muc_user) != nullptr && !is_invitation(e)) return false;
  return type_of(e) == message_type::chat || has_content(e) || has_space(e, space::receipts) || has_space(e, space::chat_states) ||
         has_space(e, space::markers);
}

std::string_view retracted_id(const element& e) noexcept {
  const auto* r = is_talk(e) ? e.child("retract", retraction) : nullptr;
  return r == nullptr ? std::string_view() : r->get("id");
}

bool is_taken_back(const element& archived, std::string_view id, const jid& author) noexcept {
  if (archived.name != "message" || id.empty() || type_of(archived) == message_type::groupchat) return false;
  const auto* origin = archived.child("origin-id", space::stanza_ids);
  if (archived.get("id") != id && (origin == nullptr || origin->get("id") != id)) return false;
  // A retraction is taken back by nobody, a tombstone has nothing left.
  if (archived.child("retract", retraction) != nullptr || archived.child("retracted", retraction) != nullptr) return false;
  const auto from = read_jid(archived.get("from"));
  return from && from->same_bare(author);
}

element tombstone(const element& archived, const element& taken_back_by, base::wall_time when) {
  element e("message", archived.space);
  for (const auto* a : {"from", "to", "type", "id"})
    if (archived.has(a)) e.set(a, archived.get(a));
  if (const auto* origin = archived.child("origin-id", space::stanza_ids)) e.add(*origin);
  auto& r = e.add("retracted", retraction).set("stamp", date_time(when));
  if (taken_back_by.has("id")) r.set("id", taken_back_by.get("id"));
  return e;
}

void drop_stanza_ids(element& message, std::string_view by) {
  std::erase_if(message.children, [by](const xml::node& n) {
    if (n.is_text() || !n.inner().is("stanza-id", space::stanza_ids)) return false;
    const auto who = read_jid(n.inner().get("by"));
    return !who || who->text() == by;
  });
}

void add_stanza_id(element& message, std::string_view id, std::string_view by) {
  message.add("stanza-id", space::stanza_ids).set("id", id).set("by", by);
}

void add_delay(element& stanza, base::wall_time when, std::string_view from) {
  stanza.add("delay", space::delay).set("from", from).set("stamp", date_time(when));
}

element forwarded(const element& stanza, const base::wall_time* when) {
  element e("forwarded", space::forward);
  if (when != nullptr) e.add("delay", space::delay).set("stamp", date_time(*when));
  e.add(stanza);
  return e;
}

element carbon(const element& message, std::string_view kind, const jid& client) {
  element e("message", space::client);
  e.set("from", client.bare_text()).set("to", client.text());
  if (message.has("type")) e.set("type", message.get("type"));
  e.add(kind, space::carbons).add(forwarded(message));
  return e;
}

} // namespace rookery::xmpp
