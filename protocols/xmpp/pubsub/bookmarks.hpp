/// Bookmarks of rooms in their two forms: items of a node, and one storage element.
///
/// Source: XEP-0402 §3, §6 (items of urn:xmpp:bookmarks:1, their ids are the rooms); XEP-0048 §3 (storage:bookmarks).
#pragma once

#include "protocols/xml/element.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::xmpp::pubsub {

inline constexpr std::string_view bookmarks_node = "urn:xmpp:bookmarks:1";
inline constexpr std::string_view storage_space = "storage:bookmarks";

/// A room's address and its conference element of bookmarks_node.
using bookmark = std::pair<std::string, xml::element>;

/// Rooms whose address cannot be read are left out; of one that is named twice the first counts.
std::vector<bookmark> read_storage(const xml::element& storage);
xml::element to_storage(const std::vector<bookmark>&);
/// What has to be published and what to be retracted so that `now` becomes `wanted`. Extensions, which a storage
/// element does not have, stay.
struct bookmark_changes {
  std::vector<bookmark> published;
  std::vector<std::string> retracted;
};
bookmark_changes differences(const std::vector<bookmark>& now, const std::vector<bookmark>& wanted);

} // namespace rookery::xmpp::pubsub
