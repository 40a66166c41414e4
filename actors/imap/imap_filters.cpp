// Searches by the names that users gave them (RFC 5466).
#include "actors/imap/imap_host.hpp"
#include "base/text.hpp"
#include "protocols/imap/filter.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// A shard that does not answer in this time is not going to.
constexpr std::chrono::seconds shard_time{30};

} // namespace

void imap_host::expand_filters(imap::search_program& program, std::function<void()> then) {
  // The server's annotations are kept with the account.
  link().ask<found_metadata>(
      node_.shard_actor(entry_.id()), shard_time, find_metadata{entry_.id(), {base::mailbox_id{}}, entry_.id()},
      [this, &program, then](const found_metadata& f) {
        const auto& entries = f.of->front();
        const auto find = [&entries](std::string_view name) -> std::optional<std::string> {
          const auto at = std::find_if(entries.begin(), entries.end(), [name](const auto& e) { return e.first == name; });
          return at == entries.end() ? std::nullopt : std::optional(at->second);
        };
        const imap::parse_limits limits{&settings_->limits, true, session_.mode().uid_only};
        if (const auto unknown = imap::expand_filters(program, find, limits))
          return end_no("UNDEFINED-FILTER " + *unknown, "There is no such filter, or it cannot be searched by");
        then();
      },
      [this] { end_unavailable(); });
}

} // namespace rookery::actors
