/// Rows that were changed and not yet written, laid over the tree.
///
/// The shard's thread changes and flushes; any thread reads. Errors of the disk while
/// reading throw base::broken.
#pragma once

#include "storage/tree/tree.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

class pending_rows {
public:
  explicit pending_rows(const tree& below) : below_(below) {}

  void put(std::string key, std::string value);
  void remove(std::string key);
  /// Rows of the tree that begin with `prefix` go with the next flush. Until then they are
  /// still seen here: only for families that are not asked for again.
  void remove_all(std::string prefix);

  std::optional<std::string> get(std::string_view key) const;
  using visitor = std::function<bool(std::string_view, std::string_view)>;
  /// Keys in [from, to) in order, until `each` returns false. `each` may call this object,
  /// but not change it.
  void scan(std::string_view from, std::string_view to, const visitor& each) const;
  void scan(const std::string& prefix, const visitor& each) const;
  /// The same keys from the last to the first.
  void scan_back(std::string_view from, std::string_view to, const visitor& each) const;

  /// Adds all changes to `batch`; they are forgotten with `written`.
  void collect(tree::batch& batch) const;
  void written();

  /// The first key behind all keys that begin with `prefix`.
  static std::string behind(std::string prefix);

private:
  using changed_rows = std::vector<std::pair<std::string, std::optional<std::string>>>;
  /// At most `rows_at_once` of those in [from, to): the first, or with `back` the last; the other end of what
  /// is looked at moves to where they end. A reader far behind the writer thus copies little.
  changed_rows some(std::string& from, std::string& to, bool back) const;

  const tree& below_;
  mutable std::shared_mutex lock_;
  std::map<std::string, std::optional<std::string>, std::less<>> rows_;
  std::vector<std::string> prefixes_;
};

/// The value of a result of the tree; throws base::broken when the disk failed.
template <class T>
T must(base::result<T> r) {
  if (!r.ok()) throw base::broken("tree: " + r.error().log.value);
  return std::move(r).value();
}
inline void must(base::result<void> r) {
  if (!r.ok()) throw base::broken("tree: " + r.error().log.value);
}

} // namespace rookery::storage
