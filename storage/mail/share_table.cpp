#include "storage/mail/share_table.hpp"

namespace rookery::storage::mail {

std::vector<base::account_id> share_table::owners(std::string_view who) const {
  std::vector<base::account_id> out;
  const std::lock_guard hold(lock_);
  const auto found = owners_.find(who);
  if (found != owners_.end())
    for (const auto& [account, mailboxes] : found->second) out.emplace_back(account);
  return out;
}

std::vector<std::string> share_table::identifiers(std::string_view prefix) const {
  std::vector<std::string> out;
  const std::lock_guard hold(lock_);
  for (auto at = owners_.lower_bound(prefix); at != owners_.end() && at->first.starts_with(prefix); ++at)
    out.push_back(at->first);
  return out;
}

void share_table::put(const std::string& who, base::account_id account) {
  const std::lock_guard hold(lock_);
  ++owners_[who][account.value];
  version_.fetch_add(1, std::memory_order_release);
}

void share_table::remove(const std::string& who, base::account_id account) {
  const std::lock_guard hold(lock_);
  const auto found = owners_.find(who);
  if (found == owners_.end()) return;
  const auto at = found->second.find(account.value);
  if (at == found->second.end()) return;
  if (--at->second == 0) found->second.erase(at);
  if (found->second.empty()) owners_.erase(found);
  version_.fetch_add(1, std::memory_order_release);
}

} // namespace rookery::storage::mail
