/// The tree's twin in memory, over a disk that can lose and refuse.
///
/// It keeps LevelDB's promise and no more: batches are atomic; a batch written
/// without `durable` may be lost in a crash, but then all later ones are lost too;
/// a durable write makes all earlier ones durable.
#pragma once

#include "storage/tree/tree.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

/// What outlives the process in a test. Trees opened over it see its present content.
class memory_disk {
public:
  using rows = std::map<std::string, std::string, std::less<>>;

  /// Forgets all but the first `kept` of the batches that were not synced. The tree
  /// that was open must be gone.
  void crash(std::size_t kept);
  /// Batches since the last durable write.
  std::size_t unsynced() const;
  /// After `writes` more writes each write is refused with an error of the disk.
  void refuse_after(std::size_t writes);
  void accept_again();
  /// All rows as they are now.
  rows content() const;
  /// Changes a row behind the machine's back: damage.
  void overwrite(std::string_view key, std::string value);
  void erase(std::string_view key);

private:
  friend class memory_tree;
  static void apply(const tree::batch&, rows&);

  mutable std::shared_mutex lock_;
  rows now_;
  rows synced_;
  std::vector<tree::batch> unsynced_;
  bool refusing_ = false;
  std::size_t writes_left_ = 0;
};

std::unique_ptr<tree> open_memory_tree(std::shared_ptr<memory_disk>);

} // namespace rookery::storage
