/// Which accounts of a mail shard changed since somebody last looked: from the threads that apply
/// commands to the indexer. Thread-safe; costs a short lock a batch, and a message only when the board was empty.
#pragma once

#include "storage/log/commit_group.hpp"
#include "storage/shard/machine.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rookery::actors {

class change_board {
public:
  /// Beyond so many accounts only "any of them" is remembered.
  static constexpr std::size_t accounts_max = 100'000;

  struct changes {
    std::vector<base::account_id> accounts;
    bool any = false; ///< more than these
  };

  /// `f` is called, in the thread that changes, when there is something again. Set before the first change.
  void wake_with(std::function<void()> f) { wake_ = std::move(f); }

  /// Before the pictures are published: whatever they show was before `applied`.
  void reached(storage::log_position applied) noexcept { position_.store(applied.packed(), std::memory_order_release); }
  storage::log_position position() const noexcept { return storage::log_position::unpacked(position_.load(std::memory_order_acquire)); }

  void changed(const std::vector<storage::notice>& notices) {
    if (notices.empty()) return;
    bool first = false;
    {
      const std::lock_guard hold(lock_);
      first = accounts_.empty() && !any_;
      for (const auto& n : notices) add(n.account);
    }
    if (first && wake_) wake_();
  }
  void changed(base::account_id account) { changed(std::vector<storage::notice>{{account, {}}}); }

  changes take() {
    changes out;
    const std::lock_guard hold(lock_);
    out.accounts.assign(accounts_.begin(), accounts_.end());
    out.any = std::exchange(any_, false);
    accounts_.clear();
    return out;
  }
  std::size_t waiting() const {
    const std::lock_guard hold(lock_);
    return accounts_.size();
  }

private:
  void add(base::account_id account) {
    if (accounts_.size() < accounts_max) accounts_.insert(account);
    else if (!accounts_.contains(account)) any_ = true;
  }

  std::function<void()> wake_;
  std::atomic<std::uint64_t> position_{0};
  mutable std::mutex lock_;
  std::unordered_set<base::account_id> accounts_;
  bool any_ = false;
};

} // namespace rookery::actors
