#include "actors/queue/copy_removal.hpp"

#include "storage/mail/command.hpp"

#include <utility>

namespace rookery::actors {

recall::fate copy_removal::judge(const std::vector<found_copy>& found) {
  recall::recall_rules rules;
  rules.also_read = also_read_;
  auto out = recall::fate::not_found;
  for (const auto& copy : found) {
    const auto f = recall::of_mailbox_copy(true, copy.seen, rules);
    if (f != recall::fate::kept_read) uids_[copy.mailbox].insert(copy.uid);
    out = recall::of_several(out, f);
  }
  return out;
}

std::vector<storage::shard_command> copy_removal::commands(node& n, base::wall_time now) const {
  std::vector<storage::shard_command> out;
  for (const auto& [mailbox, uids] : uids_) {
    storage::mail::expunge e;
    e.mailbox = mailbox;
    e.uids.emplace();
    for (const auto uid : uids) e.uids->emplace_back(uid, uid);
    e.even_undeleted = true;
    e.unseen_only = !also_read_;
    storage::shard_command c;
    c.shard = n.shard_of(account_);
    c.payload = storage::mail::encode({account_, now, std::move(e)});
    out.push_back(std::move(c));
  }
  return out;
}

bool copy_removal::complete(const storage::command_result* results, std::size_t count) const {
  if (count < uids_.size()) return false;
  for (const auto& [mailbox, uids] : uids_)
    if ((results++)->uids.size() != uids.size()) return false;
  return true;
}

} // namespace rookery::actors
