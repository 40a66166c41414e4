/// The picture of a person in its two forms: published items, and the PHOTO of a vCard with its digest in presence.
///
/// Source: XEP-0084 (avatars), XEP-0153 (vCard-based avatars), XEP-0398 (conversion).
#pragma once

#include "protocols/xml/element.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp::pubsub {

inline constexpr std::string_view avatar_data_node = "urn:xmpp:avatar:data";
inline constexpr std::string_view avatar_metadata_node = "urn:xmpp:avatar:metadata";
inline constexpr std::string_view vcard4_node = "urn:xmpp:vcard4";
inline constexpr std::string_view vcard4_space = "urn:ietf:params:xml:ns:vcard-4.0";
inline constexpr std::string_view vcard_update_space = "vcard-temp:x:update";

struct avatar {
  std::string type;               ///< "image/png"
  std::string octets;
  std::string id;                 ///< SHA-1 of the octets in hex: the items' id
};

/// The PHOTO of a vCard (vcard-temp). Nothing: there is none, or it is no base64.
std::optional<avatar> photo_of(const xml::element& vcard);
/// Puts the picture in, or with nothing takes it away.
void set_photo(xml::element& vcard, const std::optional<avatar>&);

xml::element avatar_data(const avatar&);
xml::element avatar_metadata(const avatar&);
/// The metadata says that this picture is the present one: its id and type. Nothing: there is none (§4.2: without info).
struct avatar_reference {
  std::string id, type;
};
std::optional<avatar_reference> present_avatar(const xml::element& metadata);
/// From a published data element. Nothing when it is no base64, or not that of the id.
std::optional<avatar> read_avatar(const xml::element& data, const avatar_reference&);

/// XEP-0398 §3: presence of a client that says nothing of the picture (or that it does not know it) gets the digest.
void add_photo_digest(xml::element& presence, std::string_view id);

} // namespace rookery::xmpp::pubsub
