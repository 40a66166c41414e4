/// What a node of a cluster tells the others beside its vitals, when it has changed: the volumes it leads, how far their
/// replicas are, and whether it has the newest sealing key. Pure; JSON, so that members may come and go with versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// As the leader sees it.
struct replica_report {
  std::uint64_t node = 0;
  bool in_sync = false, connected = false, copying = false;
  std::uint64_t octets = 0, records = 0, milliseconds = 0; ///< behind; of no meaning while it is copied
  bool at_least = false;                                   ///< it is further behind than is remembered
  bool operator==(const replica_report&) const = default;
};
struct volume_report {
  std::uint64_t volume = 0;
  bool frozen = false;                                     ///< nothing leaves its queue until it is copied
  std::vector<replica_report> replicas;
  bool operator==(const volume_report&) const = default;
};
struct node_report {
  std::vector<volume_report> volumes;                      ///< that it leads
  std::string newest_key = {};                             ///< id of the newest sealing key, when it has it; "": not
  bool operator==(const node_report&) const = default;
};

inline constexpr std::size_t report_octets_max = 256u << 10, newest_key_octets_max = 64;

/// At most `report_octets_max`; what is too much is left out.
std::string print(const node_report&);
/// Members of newer programs are passed over; nothing when it is none.
std::optional<node_report> read_node_report(std::string_view);

} // namespace rookery::actors
