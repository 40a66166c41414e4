#include "storage/tree/memory_tree.hpp"

#include <mutex>
#include <utility>

namespace rookery::storage {

void memory_disk::apply(const tree::batch& batch, rows& to) {
  for (const auto& change : batch.changes) {
    if (change.value) to.insert_or_assign(change.key, *change.value);
    else to.erase(change.key);
  }
}

void memory_disk::crash(std::size_t kept) {
  const std::unique_lock hold(lock_);
  for (std::size_t i = 0; i < unsynced_.size() && i < kept; ++i) apply(unsynced_[i], synced_);
  unsynced_.clear();
  now_ = synced_;
}

std::size_t memory_disk::unsynced() const {
  const std::shared_lock hold(lock_);
  return unsynced_.size();
}

void memory_disk::refuse_after(std::size_t writes) {
  const std::unique_lock hold(lock_);
  refusing_ = true;
  writes_left_ = writes;
}

void memory_disk::accept_again() {
  const std::unique_lock hold(lock_);
  refusing_ = false;
}

memory_disk::rows memory_disk::content() const {
  const std::shared_lock hold(lock_);
  return now_;
}

void memory_disk::overwrite(std::string_view key, std::string value) {
  const std::unique_lock hold(lock_);
  now_.insert_or_assign(std::string(key), value);
  synced_.insert_or_assign(std::string(key), std::move(value));
}

void memory_disk::erase(std::string_view key) {
  const std::unique_lock hold(lock_);
  now_.erase(std::string(key));
  synced_.erase(std::string(key));
}

class memory_tree final : public tree {
public:
  explicit memory_tree(std::shared_ptr<memory_disk> disk) : disk_(std::move(disk)) {}

  base::result<std::optional<std::string>> get(std::string_view key) const override {
    const std::shared_lock hold(disk_->lock_);
    const auto found = disk_->now_.find(key);
    if (found == disk_->now_.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }

  base::result<void> scan(std::string_view from, std::string_view to,
                          const std::function<bool(std::string_view, std::string_view)>& each) const override {
    // Copied first: `each` may read this tree, and the rows are those of one moment.
    std::vector<std::pair<std::string, std::string>> rows;
    {
      const std::shared_lock hold(disk_->lock_);
      for (auto at = disk_->now_.lower_bound(from); at != disk_->now_.end() && at->first < to; ++at)
        rows.emplace_back(*at);
    }
    for (const auto& [key, value] : rows)
      if (!each(key, value)) break;
    return {};
  }

  base::result<void> write(const batch& changes, bool durable) override {
    const std::unique_lock hold(disk_->lock_);
    if (disk_->refusing_) {
      if (disk_->writes_left_ == 0) return base::fail(base::error_kind::io, "Disk error", "memory tree: refused");
      --disk_->writes_left_;
    }
    memory_disk::apply(changes, disk_->now_);
    disk_->unsynced_.push_back(changes);
    if (durable) {
      for (const auto& each : disk_->unsynced_) memory_disk::apply(each, disk_->synced_);
      disk_->unsynced_.clear();
    }
    return {};
  }

private:
  std::shared_ptr<memory_disk> disk_;
};

std::unique_ptr<tree> open_memory_tree(std::shared_ptr<memory_disk> disk) {
  return std::make_unique<memory_tree>(std::move(disk));
}

base::result<void> tree::scan_back(std::string_view from, std::string_view to,
                                   const std::function<bool(std::string_view, std::string_view)>& each) const {
  std::vector<std::pair<std::string, std::string>> rows;
  const auto read = scan(from, to, [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  });
  if (!read) return read;
  for (auto at = rows.rbegin(); at != rows.rend(); ++at)
    if (!each(at->first, at->second)) break;
  return {};
}

std::unique_ptr<tree> tree::in_memory() {
  return open_memory_tree(std::make_shared<memory_disk>());
}

} // namespace rookery::storage
