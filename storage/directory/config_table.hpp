/// An immutable picture of the whole configuration, read from any thread.
///
/// Documents of a kind lie in leaves, sorted by key; a change copies one leaf and
/// the list of leaves, so that two pictures share all that did not change.
#pragma once

#include "base/clock.hpp"
#include "storage/directory/config_command.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::directory {

struct document {
  document_kind kind{};
  std::string key;
  std::uint64_t id = 0;        ///< given once, of all kinds; an account's is its account_id
  std::uint64_t version = 0;   ///< of the configuration when it last changed
  base::wall_time changed{};   ///< when that was
  std::string content;
};
using document_ptr = std::shared_ptr<const document>;

class config_table {
public:
  /// Of the whole configuration; 0 when nothing was ever set.
  std::uint64_t version() const noexcept { return version_; }
  /// Null when there is none. Thread-safe, no allocation; the reference lives as long as the table.
  const document* find(document_kind, std::string_view key) const noexcept;
  document_ptr find_shared(document_kind, std::string_view key) const noexcept;
  std::size_t count(document_kind) const noexcept;
  /// In order of keys (octets), those behind `after` ("" = all), until `each` returns false.
  void for_each(document_kind, std::string_view after, const std::function<bool(const document_ptr&)>& each) const;
  /// The first `limit` of them.
  std::vector<document_ptr> page(document_kind, std::string_view after, std::size_t limit) const;
  /// Kinds that have documents, ascending.
  std::vector<document_kind> kinds() const;

  /// What differs between two tables: each (before, after), either null. Costs what
  /// changed plus a look at each leaf's pointer.
  static void for_each_change(const config_table& before, const config_table& after,
                              const std::function<void(const document*, const document_ptr&)>& each);

  class editor;

private:
  struct leaf {
    std::uint64_t edit = 0;
    std::vector<document_ptr> rows;
  };
  struct index {
    std::vector<std::shared_ptr<const leaf>> leaves; ///< none empty
    std::size_t count = 0;
  };
  struct place {
    std::size_t leaf = 0, row = 0;
    bool found = false;
  };
  static place locate(const index&, std::string_view key) noexcept;
  const index* index_of(document_kind) const noexcept;

  std::uint64_t version_ = 0;
  std::map<document_kind, std::shared_ptr<const index>> kinds_;
};

/// Makes the next table from one. Not thread-safe; used by the machine alone.
class config_table::editor {
public:
  explicit editor(const config_table& from);
  const document* find(document_kind kind, std::string_view key) const noexcept { return table_.find(kind, key); }
  void put(document_ptr);
  bool remove(document_kind, std::string_view key);
  std::shared_ptr<const config_table> finish(std::uint64_t version);

private:
  index& own(document_kind);
  leaf& own(index&, std::size_t number);

  config_table table_;
  std::uint64_t edit_;
  std::map<document_kind, index*> owned_; ///< indexes that this editor made
};

/// The published place of the table: the machine writes, everybody reads.
class config_cell {
public:
  config_cell() : table_(std::make_shared<config_table>()) {}
  std::shared_ptr<const config_table> table() const {
    const std::lock_guard hold(lock_);
    return table_;
  }
  void publish(std::shared_ptr<const config_table> t) {
    const std::lock_guard hold(lock_);
    table_.swap(t);
  }

private:
  mutable std::mutex lock_;
  std::shared_ptr<const config_table> table_;
};

} // namespace rookery::storage::directory
