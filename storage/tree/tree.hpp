/// Ordered keys and values with atomic batches: LevelDB behind one header, and a
/// twin in memory for tests.
///
/// `get` and `scan` may be called from any thread; `write` from one thread at a time.
/// Errors of the disk come as base::error (kind io or damaged).
#pragma once

#include "base/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

class tree {
public:
  struct batch {
    struct change { std::string key; std::optional<std::string> value; }; ///< no value: remove
    std::vector<change> changes;
    std::size_t octets = 0;
    void put(std::string key, std::string value) {
      octets += key.size() + value.size();
      changes.push_back({std::move(key), std::move(value)});
    }
    void remove(std::string key) {
      octets += key.size();
      changes.push_back({std::move(key), std::nullopt});
    }
  };
  virtual ~tree() = default;
  virtual base::result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// Keys in [from, to) in order, until `each` returns false.
  virtual base::result<void> scan(std::string_view from, std::string_view to,
                                  const std::function<bool(std::string_view, std::string_view)>& each) const = 0;
  /// The same keys from the last to the first.
  virtual base::result<void> scan_back(std::string_view from, std::string_view to,
                                       const std::function<bool(std::string_view, std::string_view)>& each) const;
  /// All changes or none; with `durable` synced, and with it everything written before.
  virtual base::result<void> write(const batch&, bool durable) = 0;

  struct settings {
    std::size_t cache_octets = 8u << 20;
    std::size_t write_buffer_octets = 8u << 20;
    bool read_only_check = false; ///< verify checksums on every read
  };
  static base::result<std::unique_ptr<tree>> open_leveldb(const std::string& directory, settings);
  static std::unique_ptr<tree> in_memory();
};

} // namespace rookery::storage
