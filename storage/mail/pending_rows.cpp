#include "storage/mail/pending_rows.hpp"

#include "storage/mail/keys.hpp"

#include <mutex>
#include <utility>

namespace rookery::storage::mail {

void pending_rows::put(std::string key, std::string value) {
  const std::unique_lock hold(lock_);
  rows_.insert_or_assign(std::move(key), std::move(value));
}

void pending_rows::remove(std::string key) {
  const std::unique_lock hold(lock_);
  rows_.insert_or_assign(std::move(key), std::nullopt);
}

void pending_rows::remove_all(std::string prefix) {
  const std::unique_lock hold(lock_);
  const auto end = key::behind(prefix);
  rows_.erase(rows_.lower_bound(prefix), rows_.lower_bound(end));
  prefixes_.push_back(std::move(prefix));
}

std::optional<std::string> pending_rows::get(std::string_view key) const {
  {
    const std::shared_lock hold(lock_);
    const auto found = rows_.find(key);
    if (found != rows_.end()) return found->second;
  }
  return must(below_.get(key));
}

void pending_rows::scan(std::string_view from, std::string_view to, const visitor& each) const {
  // Pending rows first: what is flushed meanwhile is then seen in the tree as well, never lost.
  std::vector<std::pair<std::string, std::optional<std::string>>> changed;
  {
    const std::shared_lock hold(lock_);
    for (auto at = rows_.lower_bound(from); at != rows_.end() && at->first < to; ++at) changed.emplace_back(*at);
  }
  auto next = changed.begin();
  bool more = true;
  const auto changed_before = [&](std::string_view key) {
    for (; more && next != changed.end() && next->first < key; ++next)
      if (next->second) more = each(next->first, *next->second);
    return more;
  };
  must(below_.scan(from, to, [&](std::string_view key, std::string_view value) {
    if (!changed_before(key)) return false;
    if (next != changed.end() && next->first == key) {
      if (next->second) more = each(key, *next->second);
      ++next;
    } else {
      more = each(key, value);
    }
    return more;
  }));
  if (more) changed_before(to);
}

void pending_rows::scan(const std::string& prefix, const visitor& each) const {
  scan(prefix, key::behind(prefix), each);
}

void pending_rows::collect(tree::batch& batch) const {
  const std::shared_lock hold(lock_);
  for (const auto& prefix : prefixes_)
    must(below_.scan(prefix, key::behind(prefix), [&](std::string_view key, std::string_view) {
      batch.remove(std::string(key));
      return true;
    }));
  for (const auto& [key, value] : rows_) {
    if (value) batch.put(key, *value);
    else batch.remove(key);
  }
}

void pending_rows::written() {
  std::map<std::string, std::optional<std::string>, std::less<>> rows;
  const std::unique_lock hold(lock_);
  rows_.swap(rows);
  prefixes_.clear();
}

} // namespace rookery::storage::mail
