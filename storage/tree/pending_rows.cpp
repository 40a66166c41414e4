#include "storage/tree/pending_rows.hpp"

#include <mutex>
#include <utility>

namespace rookery::storage {
namespace {

/// Copied out under the lock for one piece of a scan.
constexpr std::size_t rows_at_once = 128;

} // namespace

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
  const auto end = behind(prefix);
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

pending_rows::changed_rows pending_rows::some(std::string& from, std::string& to, bool back) const {
  changed_rows out;
  const std::shared_lock hold(lock_);
  const auto first = rows_.lower_bound(from);
  const auto last = rows_.lower_bound(to);
  if (back) {
    auto at = last;
    while (at != first && out.size() < rows_at_once) out.emplace_back(*--at);
    if (at != first) from = at->first;
  } else {
    auto at = first;
    for (; at != last && out.size() < rows_at_once; ++at) out.emplace_back(*at);
    if (at != last) to = at->first;
  }
  return out;
}

void pending_rows::scan(std::string_view from, std::string_view to, const visitor& each) const {
  bool more = from < to;
  for (std::string begin(from); more && begin < to;) {
    // Pending rows first: what is flushed meanwhile is then seen in the tree as well, never lost.
    std::string end(to);
    const auto changed = some(begin, end, false);
    auto next = changed.begin();
    const auto changed_before = [&](std::string_view key) {
      for (; more && next != changed.end() && next->first < key; ++next)
        if (next->second) more = each(next->first, *next->second);
      return more;
    };
    must(below_.scan(begin, end, [&](std::string_view key, std::string_view value) {
      if (!changed_before(key)) return false;
      if (next != changed.end() && next->first == key) {
        if (next->second) more = each(key, *next->second);
        ++next;
      } else {
        more = each(key, value);
      }
      return more;
    }));
    if (more) changed_before(end);
    begin = std::move(end);
  }
}

void pending_rows::scan(const std::string& prefix, const visitor& each) const {
  scan(prefix, behind(prefix), each);
}

void pending_rows::scan_back(std::string_view from, std::string_view to, const visitor& each) const {
  bool more = from < to;
  for (std::string end(to); more && from < end;) {
    std::string begin(from);
    const auto changed = some(begin, end, true);
    auto next = changed.begin();
    const auto changed_behind = [&](std::string_view key) {
      for (; more && next != changed.end() && next->first > key; ++next)
        if (next->second) more = each(next->first, *next->second);
      return more;
    };
    must(below_.scan_back(begin, end, [&](std::string_view key, std::string_view value) {
      if (!changed_behind(key)) return false;
      if (next != changed.end() && next->first == key) {
        if (next->second) more = each(key, *next->second);
        ++next;
      } else {
        more = each(key, value);
      }
      return more;
    }));
    for (; more && next != changed.end(); ++next)
      if (next->second) more = each(next->first, *next->second);
    end = std::move(begin);
  }
}

std::string pending_rows::behind(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

void pending_rows::collect(tree::batch& batch) const {
  const std::shared_lock hold(lock_);
  for (const auto& prefix : prefixes_)
    must(below_.scan(prefix, behind(prefix), [&](std::string_view key, std::string_view) {
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

} // namespace rookery::storage
