/// What an entity is and can: identities and features, and their digest.
///
/// Source: XEP-0030 §3; XEP-0115 §5.
#pragma once

#include "protocols/xml/element.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rookery::xmpp {

struct disco_identity {
  std::string category, type, name;
};
struct disco_info {
  std::vector<disco_identity> identities;
  std::vector<std::string> features;
};

/// The query element of an answer; `node` as it was asked.
xml::element shown(const disco_info&, std::string_view node = {});
/// XEP-0115 §5.1 with SHA-1: the "ver" of an entity without extended information.
std::string caps_version(const disco_info&);

/// A server's domain, and an account that answers for itself.
disco_info server_info();
disco_info account_info();

/// Node of our caps.
inline constexpr std::string_view caps_node = "https://rookery.example/xmpp";

} // namespace rookery::xmpp
