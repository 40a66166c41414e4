#include "cluster/node/feature_level.hpp"

#include <algorithm>

namespace rookery::cluster {

std::optional<unsigned> raised_level(unsigned agreed, const level_range& own, const std::vector<std::optional<level_range>>& others) {
  auto common = own.newest;
  for (const auto& o : others) {
    if (!o) return {};
    common = std::min(common, o->newest);
  }
  return common > agreed ? std::optional(common) : std::nullopt;
}

std::optional<std::string> level_fault(unsigned agreed, const level_range& knows, const std::string& program) {
  const auto range = std::to_string(knows.oldest) + (knows.newest == knows.oldest ? "" : " to " + std::to_string(knows.newest));
  const auto begins = "the cluster works at level " + std::to_string(agreed) + ", and this node's program (" + program + ") knows level " + range + ": ";
  if (agreed > knows.newest) return begins + "it is too old; install the version of the other nodes";
  if (agreed < knows.oldest) return begins + "it is too new; bring the other nodes to a version between first";
  return {};
}

} // namespace rookery::cluster
