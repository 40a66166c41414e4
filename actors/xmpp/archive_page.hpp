/// A page of an account's or a room's archive, as whoever asks gets it. XEP-0313.
#pragma once

#include "protocols/xmpp/archive_query.hpp"
#include "storage/chat/chat_view.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

struct archive_page {
  storage::chat::stream_page page;
  bool unknown_id = false;             ///< one that the question names is not there (any more): item-not-found
  std::optional<std::uint64_t> count;  ///< of all, if nothing narrows
  std::vector<xmpp::element> messages; ///< in the order of the answer; "from" and "to" are not set

  /// Behind the messages.
  xmpp::element fin() const;
};

/// In a reader's thread. `with`: what entries were kept with, if the question asks for one; `fits`: is a stanza of whom it asks for?
archive_page read_archive_page(const xmpp::archive_query&, const storage::chat::chat_view&, const std::string& owner, const std::string& with,
                               const std::function<bool(const xmpp::element&)>& fits);

} // namespace rookery::actors
