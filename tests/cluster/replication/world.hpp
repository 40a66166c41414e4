/// A small world with one replicated volume: nodes with clocks that drift, a network that delays, holds and cuts, disks that
/// are slow and lose what was not synced, and an agreed store that may be out of reach. Everything from one seed.
///
/// The log is a list of numbered records; a client writes one, and counts it as acknowledged when it is released.
#pragma once

#include "cluster/replication/member.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace rookery::replication::test {

struct world_options {
  std::uint64_t seed = 1;
  unsigned nodes = 3;
  unsigned copies = 2;
  guards with;
  std::chrono::milliseconds faults{40'000}; ///< for so long things go wrong; then all is mended and must come to rest
  int late_percent = 10;                    ///< proposals that take effect seconds later, or never
  bool calm = false;                        ///< nothing goes wrong
};

struct world_end {
  std::string fault;            ///< "": every invariant held
  std::uint64_t acknowledged = 0, epochs = 0, takeovers = 0, hand_overs = 0, reads = 0, kills = 0;
  std::chrono::milliseconds longest_gap{0}; ///< without an acknowledgement
};

world_end play(const world_options&);

} // namespace rookery::replication::test
