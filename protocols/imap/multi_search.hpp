/// ESEARCH: one search over many mailboxes.
///
/// Source: RFC 7377.
#pragma once

#include "protocols/imap/notify.hpp"
#include "protocols/imap/search.hpp"

#include <string_view>
#include <vector>

namespace rookery::imap {

struct multi_search {
  bool uid = true;                     ///< always
  bool selected = false;               ///< the selected mailbox is searched: asked for, or nothing was said
  std::vector<notify_group> sources;   ///< the others; their events mean nothing
  search what;                         ///< answered in UIDs

  bool covers(std::string_view mailbox, bool subscribed, bool own = true) const noexcept;
  /// Can mailboxes of other users be among them?
  bool beyond_own() const noexcept;
};

} // namespace rookery::imap
