/// What a client says of its abilities in its presence, and the answer that explains it.
///
/// Source: XEP-0115 §5.1, §5.4 (digest and its check), §6.2; XEP-0163 §4.2 ("+notify").
#pragma once

#include "protocols/xml/element.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace rookery::xmpp {

/// Nodes of news that one client may wish for; further ones count for nothing.
inline constexpr std::size_t wished_nodes_max = 100;

struct entity_caps {
  std::string hash, node, version;
  /// The node of disco#info by which it is asked for.
  std::string query_node() const { return node + "#" + version; }
};
/// Of a presence stanza. Nothing when it says nothing, or in the form without a hash (§3 of version 1.3).
std::optional<entity_caps> caps_of(const xml::element& presence);
/// The digest of a whole disco#info answer, with languages and forms. Nothing: it is ill-formed by §5.4, or has a doublet.
std::optional<std::string> caps_digest(const xml::element& query);
/// The nodes whose news the entity wishes for, without "+notify".
std::set<std::string> wished_nodes(const xml::element& query);

} // namespace rookery::xmpp
