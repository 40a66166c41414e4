#include "actors/cluster/cluster_alarms.hpp"

#include "actors/cluster/certificate_renewal.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

std::uint64_t low_of(std::uint64_t total) { return std::clamp(total / 20, disk_low_least, disk_low_most); }

std::int64_t days_between(base::wall_time from, base::wall_time to) { return std::chrono::duration_cast<std::chrono::days>(to - from).count(); }

} // namespace

std::vector<alarm> alarms_of(const std::vector<node_condition>& nodes, base::wall_time authority_ends, base::wall_time now, const std::vector<alarm>& before) {
  std::vector<alarm> out;
  const auto raised = [&](std::uint64_t node, alarm::kind what) {
    return std::any_of(before.begin(), before.end(), [&](const alarm& a) { return a.node == node && a.what == what; });
  };
  for (const auto& n : nodes) {
    if (n.clock_offset) {
      const auto apart = std::chrono::abs(std::chrono::duration_cast<std::chrono::milliseconds>(*n.clock_offset));
      if (apart > (raised(n.id, alarm::kind::clock) ? clock_offset_ended : clock_offset_raised))
        out.push_back({n.id, alarm::kind::clock, "the clock of " + n.name + " is " + std::to_string(apart.count()) + " ms " + (n.clock_offset->count() > 0 ? "ahead of" : "behind") + " this node's: set both by NTP"});
    }
    if (n.disk_total != 0) {
      const auto low = low_of(n.disk_total);
      if (n.disk_free < (raised(n.id, alarm::kind::disk) ? low + low / 10 : low))
        out.push_back({n.id, alarm::kind::disk, "the disk of " + n.name + " has " + std::to_string(n.disk_free >> 20) + " MiB left of " + std::to_string(n.disk_total >> 20)});
    }
    if (n.certificate_ends != base::wall_time{} && n.certificate_ends - now < warned_before)
      out.push_back({n.id, alarm::kind::certificate, n.certificate_ends < now ? "the cluster's certificate of " + n.name + " has ended: remove the node, let it join anew"
                                                                          : "the cluster's certificate of " + n.name + " ends in " + std::to_string(days_between(now, n.certificate_ends)) + " days and was not renewed: its log says why"});
  }
  if (authority_ends != base::wall_time{} && authority_ends - now < authority_warned_before)
    out.push_back({0, alarm::kind::authority, "the cluster's authority ends in " + std::to_string(days_between(now, authority_ends)) + " days: rookery cluster renew-ca"});
  return out;
}

std::vector<alarm> lag_alarms_of(const std::vector<replica_condition>& replicas, std::chrono::milliseconds limit, const std::vector<alarm>& before) {
  std::vector<alarm> out;
  if (limit.count() == 0) return out;
  for (const auto& r : replicas) {
    alarm a{r.node, alarm::kind::lag, "the copy of the mail of " + r.volume_name + " on " + r.name + " is " + std::to_string(r.behind.count() / 1000) + " s behind (" + std::to_string(r.records) + " records)", r.volume};
    const bool raised = std::any_of(before.begin(), before.end(), [&](const alarm& b) { return b.is(a); });
    if (r.behind > (raised ? limit / 2 : limit)) out.push_back(std::move(a));
  }
  return out;
}

} // namespace rookery::actors
