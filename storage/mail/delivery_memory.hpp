/// Which deliveries were made, so that one repeated after a crash is made once.
///
/// Remembered: the last `deliveries_kept_max`, no longer than `deliveries_kept` by the
/// times of the commands. One row holds what came between two flushes.
#pragma once

#include "base/clock.hpp"
#include "storage/tree/tree.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

namespace rookery::storage::mail {

/// A delivery is repeated when the program ended between it and the note in the spool:
/// seconds later as a rule, and never more than were on their way at once.
inline constexpr std::size_t deliveries_kept_max = 100'000;
inline constexpr std::chrono::hours deliveries_kept{24 * 7};

class delivery_memory {
public:
  /// Reads what the tree has.
  void open(const tree&);
  /// Forgets what is too old at `now`.
  void forget(base::wall_time now);
  /// A recipient may be an alias of several accounts: each gets its own.
  struct delivery {
    std::uint64_t account = 0;
    std::uint64_t origin = 0;
    std::uint32_t recipient = 0;
    bool operator==(const delivery&) const = default;
  };
  bool knows(const delivery& d) const { return known_.contains(d); }
  void remember(const delivery&, base::wall_time now);

  void collect(tree::batch&) const;
  void flushed();

private:
  struct hash {
    std::size_t operator()(const delivery& d) const noexcept {
      return static_cast<std::size_t>((d.origin ^ std::uint64_t{d.recipient} << 48 ^ d.account << 24) * 0x9e3779b97f4a7c15u);
    }
  };
  struct remembered {
    delivery what;
    std::int64_t time = 0;
  };
  struct row {
    std::uint64_t sequence = 0;
    std::size_t left = 0; ///< of its deliveries that are still remembered
  };
  void forget_first();

  std::deque<remembered> by_age_;
  std::unordered_set<delivery, hash> known_;
  std::deque<row> rows_;                ///< in the tree, oldest first
  std::size_t fresh_ = 0;               ///< last ones of by_age_, not in the tree
  std::uint64_t next_sequence_ = 1;
  std::vector<std::uint64_t> emptied_;  ///< rows to remove
};

} // namespace rookery::storage::mail
