#include "actors/xmpp/links/link_item.hpp"

#include "base/codec.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <utility>

namespace rookery::actors {
namespace {

/// They were within a client's bounds once; what we have added comes on top.
constexpr xml::limits bounds{.stanza_octets = cluster::stream_body_octets_max, .depth = 60, .attributes = 200, .namespaces = 1'000, .elements = 40'000};
constexpr std::size_t wishes_max = 10'000;

std::optional<xmpp::jid> address(base::decoder& in) {
  const auto text = in.bytes();
  return in.ok() ? xmpp::read_jid(text) : std::nullopt;
}

} // namespace

std::string encode(const link_item& i) {
  std::string text;
  base::encoder out(text);
  out.u64(i.number);
  out.u8(static_cast<std::uint8_t>(i.kind));
  out.bytes(i.from.text());
  out.varint(i.to.size());
  for (const auto& to : i.to) out.bytes(to.text());
  out.bytes(i.news_of);
  out.u8(i.wishes ? 1 : 0);
  if (i.wishes) {
    out.varint(i.wishes->size());
    for (const auto& w : *i.wishes) out.bytes(w);
  }
  out.bytes(i.what ? xml::to_text(*i.what) : std::string());
  if (text.size() > cluster::stream_body_octets_max) text.clear();
  return text;
}

std::optional<link_item> read_link_item(std::string_view text) {
  base::decoder in(text);
  link_item i;
  i.number = in.u64();
  const auto kind = in.u8();
  if (kind < 1 || kind > 3) return {};
  i.kind = static_cast<link_item::how>(kind);
  auto from = address(in);
  const auto addresses = in.varint();
  if (!from || addresses == 0 || addresses > link_addresses_max || (i.kind != link_item::how::shared && addresses != 1)) return {};
  i.from = std::move(*from);
  for (std::uint64_t n = 0; n < addresses; ++n) {
    auto to = address(in);
    if (!to) return {};
    i.to.push_back(std::move(*to));
  }
  i.news_of = in.bytes();
  if (in.u8() != 0) {
    const auto wishes = in.varint();
    if (wishes > wishes_max) return {};
    i.wishes.emplace();
    for (std::uint64_t n = 0; n < wishes && in.ok(); ++n) i.wishes->emplace(in.bytes());
  }
  const auto stanza = in.bytes();
  if (!in.done()) return {};
  if (i.wishes && i.kind != link_item::how::shared && stanza.empty()) return i;
  auto parsed = xml::parse(stanza, bounds);
  auto* e = std::get_if<xml::element>(&parsed);
  if (e == nullptr || (e->name != "message" && e->name != "presence" && e->name != "iq")) return {};
  i.what = std::make_shared<const xmpp::element>(std::move(*e));
  return i;
}

std::string encode_link_ack(std::uint64_t next) {
  std::string text;
  base::encoder(text).u64(next);
  return text;
}

std::optional<std::uint64_t> read_link_ack(std::string_view text) {
  base::decoder in(text);
  const auto next = in.u64();
  return in.done() ? std::optional(next) : std::nullopt;
}

} // namespace rookery::actors
