/// Finds the copies of a message in an account, wherever its user has put them.
#pragma once

#include "actors/node.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

struct found_copy {
  base::mailbox_id mailbox;
  std::uint32_t uid = 0;
  bool seen = false;
};

/// By the identity of the stored body (`bodies`: 32 octets each). What was saved before `from` is passed over;
/// the newest messages of a mailbox are looked at first, so that a recent message costs a page or two. Nothing
/// when the account's shard does not answer. Blocks: only in a thread that may wait.
std::optional<std::vector<found_copy>> find_copies(node&, base::account_id, const std::vector<std::string>& bodies, base::wall_time from);

} // namespace rookery::actors
