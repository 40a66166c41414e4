/// Where the copies of a volume go. Pure; asked by the volume's leader now and then.
#pragma once

#include "cluster/replication/volume.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rookery::replication {

/// A node of the cluster as the leader sees it.
struct node_facts {
  node_number id = 0;
  bool data = true;                          ///< keeps mail; false: a witness
  bool alive = false;                        ///< linked
  bool leaving = false;                      ///< it said that it goes away
  std::string host;                          ///< label of the machine or rack; "": none
  std::chrono::milliseconds silent{0};       ///< for how long, by a steady clock
};

struct placement_rules {
  std::chrono::milliseconds replace_after{5 * 60 * 1000}; ///< a copy whose node is silent for so long is made elsewhere
  std::chrono::milliseconds pause_max{24 * 60 * 60 * 1000}; ///< a pause further away is none: somebody's clock is wrong
};

/// The next change of the document's learners; nothing: all is as it should be, or there is no node for it. Nodes with the
/// fewest copies come first, never one that shares a host label with a holder.
std::optional<volume> place_copies(const volume&, const std::vector<volume>& all, const std::vector<node_facts>&, const placement_rules&,
                                   std::chrono::milliseconds wall);

} // namespace rookery::replication
