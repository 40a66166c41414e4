/// What an operator should look at before it hurts: clocks apart, disks low, copies behind, certificates near their end. Pure.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

/// Beyond it an alarm is raised, below the other it ends.
inline constexpr std::chrono::milliseconds clock_offset_raised{1000}, clock_offset_ended{500};
/// A twentieth of the disk, but within these.
inline constexpr std::uint64_t disk_low_least = std::uint64_t{1} << 30, disk_low_most = std::uint64_t{20} << 30;
inline constexpr std::chrono::days authority_warned_before{365};

/// As one node sees another, or itself.
struct node_condition {
  std::uint64_t id = 0;
  std::string name;
  std::optional<std::chrono::microseconds> clock_offset; ///< what its clock shows more than ours
  std::uint64_t disk_free = 0, disk_total = 0;           ///< octets; total 0: not known
  base::wall_time certificate_ends{};                    ///< 0: not known
};

/// A replica of a volume as its leader says.
struct replica_condition {
  std::uint64_t volume = 0, node = 0;
  std::string volume_name, name;         ///< of the node that brought the volume; of the replica
  std::chrono::milliseconds behind{0};
  std::uint64_t records = 0;
};

struct alarm {
  enum class kind : std::uint8_t { clock, disk, certificate, authority, lag };
  std::uint64_t node = 0;      ///< 0: of the cluster
  kind what = kind::clock;
  std::string text;            ///< a sentence
  std::uint64_t volume = 0;    ///< of a lag
  bool is(const alarm& o) const noexcept { return node == o.node && what == o.what && volume == o.volume; }
};

/// `before`: the alarms of now, which end a little later than they begin.
std::vector<alarm> alarms_of(const std::vector<node_condition>&, base::wall_time authority_ends, base::wall_time now, const std::vector<alarm>& before);
/// Those that are behind for longer than `limit`; an alarm ends below half of it. 0: none.
std::vector<alarm> lag_alarms_of(const std::vector<replica_condition>&, std::chrono::milliseconds limit, const std::vector<alarm>& before);

} // namespace rookery::actors
