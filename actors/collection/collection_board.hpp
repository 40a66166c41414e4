/// How the collections are doing, for the administration. Thread-safe; in memory: after a start
/// nothing has run yet.
#pragma once

#include "actors/collection/run_order.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace rookery::actors {

struct collection_state {
  bool running = false;
  std::optional<base::wall_time> last_began, last_ended, next;
  std::uint32_t failures = 0;    ///< in a row
  run_result last;
};

class collection_board {
public:
  std::optional<collection_state> find(std::uint64_t id) const {
    const std::lock_guard hold(lock_);
    const auto found = all_.find(id);
    return found == all_.end() ? std::nullopt : std::optional(found->second);
  }
  void put(std::uint64_t id, collection_state s) {
    const std::lock_guard hold(lock_);
    all_[id] = std::move(s);
  }
  void erase(std::uint64_t id) {
    const std::lock_guard hold(lock_);
    all_.erase(id);
  }

private:
  mutable std::mutex lock_;
  std::map<std::uint64_t, collection_state> all_;
};

} // namespace rookery::actors
