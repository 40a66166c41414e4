/// What a group of nodes agrees on, as values: entries, snapshots, members, and what must reach the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rookery::consensus {

/// A node within its group; never used again for another one. 0 is nobody.
using member_id = std::uint64_t;

/// Numbers are on disk and on the wire: never renumber.
enum class role : std::uint8_t {
  standby = 0, ///< has the log, no vote
  voter = 1,
  spare = 2    ///< known, and gets nothing yet
};
struct member {
  member_id id = 0;
  role what = role::spare;
  bool operator==(const member&) const = default;
};

enum class entry_kind : std::uint8_t { command = 1, barrier = 2, change = 3 };
struct entry {
  std::uint64_t term = 0;
  entry_kind kind = entry_kind::command;
  std::string octets; ///< of a change: the engine's own form
};

/// The state behind all entries up to `index`. Its octets may show some later ones too: who applies
/// entries must know by itself which it has.
struct snapshot {
  std::uint64_t index = 0, term = 0;
  std::vector<member> members;
  std::uint64_t members_index = 0;
  std::string octets;
};
using snapshot_ptr = std::shared_ptr<const snapshot>;

/// What a node finds on its disk when it starts.
struct durable_state {
  std::uint64_t term = 0;
  member_id vote = 0;
  snapshot_ptr last;               ///< null: none
  std::uint64_t first_index = 1;   ///< of `entries`
  std::vector<entry> entries;
};

// What must be durable, in this order, before a node goes on.
struct keep_term { std::uint64_t term = 0; };  ///< a new term has no vote yet
struct keep_vote { member_id vote = 0; };
struct append_entries { std::uint64_t first = 0; std::vector<entry> entries; };
struct truncate_entries { std::uint64_t from = 0; }; ///< this one and all behind it go
struct keep_snapshot {
  snapshot_ptr what;
  std::uint64_t trailing = 0; ///< entries before its index that stay; 0: the snapshot replaces all entries
};
using durable_write = std::variant<keep_term, keep_vote, append_entries, truncate_entries, keep_snapshot>;

inline constexpr std::size_t entry_octets_max = 8u << 20;
inline constexpr std::size_t snapshot_octets_max = 256u << 20;
inline constexpr std::size_t members_max = 64;

} // namespace rookery::consensus
