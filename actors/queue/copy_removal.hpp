/// Takes copies of a recalled message out of the mailboxes of one account.
#pragma once

#include "actors/queue/copy_finder.hpp"
#include "policy/recall/recall.hpp"
#include "storage/log/commit_group.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace rookery::actors {

class copy_removal {
public:
  copy_removal(base::account_id account, bool also_read) : account_(account), also_read_(also_read) {}
  /// What becomes of the account's copies.
  recall::fate judge(const std::vector<found_copy>&);
  bool nothing_to_do() const noexcept { return uids_.empty(); }
  /// One command a mailbox; `complete` says whether its result shows that all of them went.
  std::vector<storage::shard_command> commands(node&, base::wall_time now) const;
  /// `results` are those of `commands`, in their order: false when a user was quicker with some of them.
  bool complete(const storage::command_result* results, std::size_t count) const;

private:
  base::account_id account_;
  bool also_read_;
  std::map<base::mailbox_id, std::set<std::uint32_t>> uids_;
};

} // namespace rookery::actors
