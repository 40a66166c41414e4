/// Which change of the group's members comes next: from who should be there to who is. Pure.
#pragma once

#include "cluster/consensus/records.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace rookery::cluster {

enum class wish : std::uint8_t { automatic, voter, standby };

/// As the leader sees it.
struct member_facts {
  consensus::member_id id = 0;
  wish role = wish::automatic;
  bool alive = false;          ///< linked, and answered lately
};

struct member_change {
  enum class kind : std::uint8_t { add, assign, remove };
  kind what = kind::add;
  consensus::member_id id = 0;
  consensus::role to = consensus::role::spare; ///< of assign
  bool operator==(const member_change&) const = default;
};

/// Beyond this no more vote by themselves: each vote more makes a write slower.
inline constexpr std::size_t voters_wanted_max = 5;

/// `wanted` has everybody who belongs to the cluster, `present` the group's members; `self` leads. Nothing: all is as it
/// should be, or has to wait. An odd number of voters is kept: the last of an even number stands by.
std::optional<member_change> next_change(const std::vector<member_facts>& wanted, const std::vector<consensus::member>& present,
                                         consensus::member_id self);

} // namespace rookery::cluster
