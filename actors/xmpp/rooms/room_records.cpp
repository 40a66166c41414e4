#include "actors/xmpp/rooms/room_records.hpp"

#include "base/codec.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "storage/chat/limits.hpp"
#include "storage/chat/owner.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;

constexpr std::uint8_t version = 1;
constexpr std::size_t records_a_page = 1000;
constexpr std::uint8_t listed_bit = 1, persistent_bit = 2;

/// What we wrote ourselves: within what a record may have.
std::optional<xmpp::element> parsed(std::string_view octets) {
  xml::limits l;
  l.stanza_octets = storage::chat::stanza_octets_max;
  l.tag_octets = storage::chat::stanza_octets_max;
  auto read = xml::parse(octets, l);
  auto* e = std::get_if<xmpp::element>(&read);
  return e == nullptr ? std::nullopt : std::optional(std::move(*e));
}

} // namespace

std::string encode(const room_entry& r) {
  std::string out;
  base::encoder e(out);
  e.u8(version);
  e.u8(static_cast<std::uint8_t>((r.listed ? listed_bit : 0) | (r.persistent ? persistent_bit : 0)));
  e.bytes(r.title);
  return out;
}

std::optional<room_entry> read_room_entry(std::string_view octets) {
  base::decoder d(octets);
  if (d.u8() != version) return {};
  const auto bits = d.u8();
  room_entry r;
  r.title = d.bytes();
  r.listed = (bits & listed_bit) != 0;
  r.persistent = (bits & persistent_bit) != 0;
  return d.done() ? std::optional(std::move(r)) : std::nullopt;
}

std::string encode(const xmpp::muc::member_record& m) {
  std::string out;
  base::encoder e(out);
  e.u8(version);
  e.u8(static_cast<std::uint8_t>(m.rank));
  e.bytes(m.nick);
  e.bytes(m.reason);
  return out;
}

std::optional<xmpp::muc::member_record> read_member(std::string_view octets) {
  base::decoder d(octets);
  if (d.u8() != version) return {};
  const auto rank = d.u8();
  xmpp::muc::member_record m;
  m.nick = d.bytes();
  m.reason = d.bytes();
  if (!d.done() || rank > static_cast<std::uint8_t>(xmpp::muc::affiliation::owner)) return {};
  m.rank = static_cast<xmpp::muc::affiliation>(rank);
  return m;
}

xmpp::muc::stanza_ptr read_stanza(const std::string& octets) {
  auto e = parsed(octets);
  return e ? std::make_shared<const xmpp::element>(std::move(*e)) : nullptr;
}

std::string tombstone(const xmpp::element& was, const xmpp::element& retracted) {
  auto out = xmpp::make_message("groupchat");
  for (const auto* name : {"from", "id"})
    if (was.has(name)) out.set(name, was.get(name));
  for (const auto* e : was.elements())
    if (e->is("stanza-id", xmpp::space::stanza_ids) || e->name == "occupant-id") out.add(*e);
  out.add(retracted);
  return xml::to_text(out);
}

kept_room read_room(const storage::chat::chat_view& view, const xmpp::jid& address, std::size_t messages_max) {
  kept_room out;
  const auto name = address.bare_text();
  const auto owner = storage::chat::room_owner(name);
  const auto facts = view.find(owner);
  if (!facts) return out;
  out.last_id = facts->archive.last_id;
  for (const auto& r : view.records(owner, record_kind::setting, records_a_page)) out.arrived.emplace_back(r.key, r.value);
  const auto document = view.record(owner, record_kind::room, {});
  if (!document) return out;
  out.document = parsed(document->value);
  if (!out.document) out.faults.push_back("the document cannot be read");
  std::string after;
  for (;;) {
    const auto page = view.records(owner, record_kind::affiliation, records_a_page, after);
    for (const auto& r : page) {
      auto bare = xmpp::read_jid(r.key);
      auto member = read_member(r.value);
      if (bare && member) out.members.emplace_back(std::move(*bare), std::move(*member));
      else out.faults.push_back("the record of " + r.key + " cannot be read");
    }
    if (page.size() < records_a_page) break;
    after = page.back().key;
  }
  if (const auto card = view.record(owner, record_kind::vcard, {})) out.vcard = parsed(card->value);
  storage::chat::stream_query last;
  last.backwards = true;
  last.max = messages_max;
  for (auto& e : view.page(owner, storage::chat::stream_kind::archive, last).entries) {
    auto stanza = read_stanza(e.stanza);
    if (stanza && (stanza->child("body", xmpp::space::client) != nullptr || stanza->child("retracted", "urn:xmpp:message-retract:1") != nullptr))
      out.messages.push_back({e.id, e.time, std::move(stanza)});
  }
  return out;
}

bool restore(xmpp::muc::room& to, kept_room k) {
  if (!k.document || !to.restore(*k.document)) return false;
  for (auto& [bare, member] : k.members) to.restore_member(bare, std::move(member));
  if (k.vcard) to.restore_vcard(std::move(*k.vcard));
  for (auto& m : k.messages) to.restore_message(m.id, m.time, std::move(m.stanza));
  to.restore_last_id(k.last_id);
  return true;
}

} // namespace rookery::actors
