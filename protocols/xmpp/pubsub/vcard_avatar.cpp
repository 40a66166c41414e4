#include "protocols/xmpp/pubsub/vcard_avatar.hpp"

#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>

namespace rookery::xmpp::pubsub {
namespace {

std::string hex_digest(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char c : base::sha1(octets)) {
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

/// Clients break the lines of base64.
std::optional<std::string> decoded(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  auto octets = encoding::base64_decode(text);
  if (octets && octets->empty()) return {};
  return octets;
}

/// What the picture begins with says what it is, if the vCard does not.
std::string type_of_octets(std::string_view octets) {
  if (octets.starts_with("\x89PNG")) return "image/png";
  if (octets.starts_with("\xff\xd8")) return "image/jpeg";
  if (octets.starts_with("GIF8")) return "image/gif";
  if (octets.starts_with("RIFF") && octets.substr(0, 16).find("WEBP") != std::string_view::npos) return "image/webp";
  return "image/png";
}

} // namespace

std::optional<avatar> photo_of(const xml::element& vcard) {
  const auto* photo = vcard.child("PHOTO", space::vcard_temp);
  if (photo == nullptr) return {};
  auto octets = decoded(photo->child_text("BINVAL", space::vcard_temp));
  if (!octets) return {};
  auto type = photo->child_text("TYPE", space::vcard_temp);
  if (type.find('/') == std::string::npos) type = type_of_octets(*octets);
  auto id = hex_digest(*octets);
  return avatar{std::move(type), std::move(*octets), std::move(id)};
}

void set_photo(xml::element& vcard, const std::optional<avatar>& a) {
  vcard.remove("PHOTO", space::vcard_temp);
  if (!a) return;
  auto& photo = vcard.add("PHOTO", space::vcard_temp);
  photo.add("TYPE").add_text(a->type);
  photo.add("BINVAL").add_text(encoding::base64_encode(a->octets));
}

xml::element avatar_data(const avatar& a) { return {"data", avatar_data_node, encoding::base64_encode(a.octets)}; }

xml::element avatar_metadata(const avatar& a) {
  xml::element m("metadata", avatar_metadata_node);
  m.add("info").set("id", a.id).set("type", a.type).set("bytes", std::to_string(a.octets.size()));
  return m;
}

std::optional<avatar_reference> present_avatar(const xml::element& metadata) {
  for (const auto* i : metadata.elements("info", avatar_metadata_node))
    // One with a URL is elsewhere (XEP-0084 §4.2.1).
    if (!i->has("url") && !i->get("id").empty()) return avatar_reference{std::string(i->get("id")), std::string(i->get("type"))};
  return {};
}

std::optional<avatar> read_avatar(const xml::element& data, const avatar_reference& r) {
  if (!data.is("data", avatar_data_node)) return {};
  auto octets = decoded(data.text());
  if (!octets) return {};
  auto id = hex_digest(*octets);
  auto wanted = r.id;
  std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (id != wanted) return {};
  return avatar{r.type.empty() ? type_of_octets(*octets) : r.type, std::move(*octets), std::move(id)};
}

void add_photo_digest(xml::element& presence, std::string_view id) {
  if (id.empty()) return;
  if (auto* x = presence.child("x", vcard_update_space)) {
    auto* photo = x->child("photo", vcard_update_space);
    if (photo != nullptr && !photo->text().empty()) return; // the client knows
    x->remove("photo", vcard_update_space);
    x->add("photo").add_text(id);
    return;
  }
  presence.add("x", vcard_update_space).add("photo").add_text(id);
}

} // namespace rookery::xmpp::pubsub
