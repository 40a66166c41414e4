/// What the programs of a cluster may write for each other, as a number that is agreed on and only grows. Pure.
///
/// A program knows the levels from `level_oldest` to `level_newest`. A cluster works at one level, "level" in its document; all that a
/// program of before could not read (a command, a record, a frame that must be understood) is written only from the level on that
/// brought it. The leader raises the level when every node has said that it knows the next one; who does not know the agreed level is
/// not let in. docs/decisions/0017.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::cluster {

/// 1: as programs were that said nothing of levels. 2: nodes say which levels they know. 3: keys that seal the configuration's
/// secrets are agreed on, and what is sealed names its key. 4: notes about destinations have the node's load.
inline constexpr unsigned level_oldest = 1, level_newest = 4;

struct level_range {
  unsigned oldest = 1, newest = 1; ///< of a program that says nothing
  bool operator==(const level_range&) const = default;
};

/// The next agreed level; nothing: it stays. `others`: nothing of one that is away, or has not said its levels yet.
std::optional<unsigned> raised_level(unsigned agreed, const level_range& own, const std::vector<std::optional<level_range>>& others);

/// Why a program with these levels cannot work in a cluster at `agreed`; nothing: it can. `program`: "rookery 0.1.0".
std::optional<std::string> level_fault(unsigned agreed, const level_range&, const std::string& program);

} // namespace rookery::cluster
