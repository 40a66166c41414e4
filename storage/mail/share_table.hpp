/// Which accounts of a shard have mailboxes for whom: what a guest's list of other users' folders begins with.
///
/// The shard's thread changes it with set_rights; any thread asks. Lines that deny are not in it.
#pragma once

#include "base/id.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::mail {

class share_table {
public:
  /// Accounts with a mailbox in whose list of rights `who` stands, ascending.
  std::vector<base::account_id> owners(std::string_view who) const;
  /// All identifiers that begin with `prefix`, in order.
  std::vector<std::string> identifiers(std::string_view prefix) const;
  /// Grows with every change.
  std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }

  void put(const std::string& who, base::account_id);
  void remove(const std::string& who, base::account_id);

private:
  mutable std::mutex lock_;
  std::map<std::string, std::map<std::uint64_t, std::uint32_t>, std::less<>> owners_; ///< account, its mailboxes
  std::atomic<std::uint64_t> version_{0};
};

} // namespace rookery::storage::mail
