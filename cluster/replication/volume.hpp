/// The document `volume` of the agreed configuration: who leads a volume, who holds what was acknowledged, and where each
/// epoch began. Values alone; every change is a new value that is agreed on by compare-and-set of the document's version.
///
/// A volume is the whole store of one node with one log. An *epoch* is one lead of it: each start of a leader and each
/// take-over is a new one. What a leader appends lies behind its epoch's `start`, up to which its log is the log of the
/// epochs before.
#pragma once

#include "storage/log/commit_group.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rookery::replication {

using storage::log_position;
/// A member of the cluster; a volume has the id of the node that it was made on. 0: nobody.
using node_number = std::uint64_t;

struct epoch_start {
  std::uint64_t epoch = 0;
  log_position at;
  bool operator==(const epoch_start&) const = default;
};

/// Starts that a document keeps; who followed last before the oldest of them is copied anew.
inline constexpr std::size_t starts_max = 32;
/// Behind so many starts that not all in-sync members were known to follow, that they do is written down.
inline constexpr std::size_t starts_unproven_max = 16;
inline constexpr unsigned copies_standard = 2, copies_max = 5;

struct volume {
  node_number id = 0;
  std::uint64_t epoch = 1;
  node_number leader = 0;
  std::vector<node_number> in_sync;    ///< ascending, the leader among them: each has all that was ever acknowledged
  std::vector<node_number> learners;   ///< ascending: they follow, and nobody waits for them
  unsigned copies = 1;                 ///< wanted, the leader's included
  bool shared = false;                 ///< another node has, or had, a part of its log
  bool copied = false;                 ///< another node had all of it once
  std::vector<epoch_start> starts;     ///< ascending
  std::uint64_t proven = 1;            ///< an epoch that all of `in_sync` were known to follow
  std::chrono::milliseconds paused_until{0}; ///< wall time: no other node gets a copy before, for one will be back
  bool operator==(const volume&) const = default;
};

bool contains(const std::vector<node_number>&, node_number) noexcept;

/// Of a node that founds a cluster or joins one: it leads its own, and nobody else has it.
volume found_volume(node_number id, unsigned copies);

/// Where the log of who followed `epoch` last may differ from the present leader's: nothing when it followed the present
/// epoch. `known` false: too long ago, nobody can say.
struct common_part {
  bool known = true;
  std::optional<log_position> cut; ///< the smallest start behind `epoch`
};
common_part common_with(const volume&, std::uint64_t epoch);

// The changes. Each makes the next value of the document; none checks who may.
/// `by` leads from now on, from where its log stands. `gone`: a leader that was silent, it becomes a learner.
volume claimed(volume, node_number by, log_position start, bool gone_leader);
volume handed_over(volume, node_number to, log_position start, std::chrono::milliseconds paused_until);
volume grown(volume, node_number);
/// It becomes a learner, so that it follows again when it can.
volume shrunk(volume, node_number);
volume with_learner(volume, node_number);
volume without_learner(volume, node_number);
volume proven_now(volume);
/// A node left the cluster: out of everything. It must not be the leader, nor the only one in sync.
volume forgotten(volume, node_number);

/// Is `node` the only holder of all that was acknowledged? Removing it loses the volume.
bool only_holder(const volume&, node_number) noexcept;
/// No other node ever had a part of it: its leader begins without asking anybody, as no other may lead it.
bool never_shared(const volume&) noexcept;
/// A node gets a copy, and none ever was whole before.
bool first_copy(const volume&) noexcept;

} // namespace rookery::replication
