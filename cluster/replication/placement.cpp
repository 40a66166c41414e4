#include "cluster/replication/placement.hpp"

#include <algorithm>

namespace rookery::replication {

std::optional<volume> place_copies(const volume& v, const std::vector<volume>& all, const std::vector<node_facts>& nodes, const placement_rules& r,
                                   std::chrono::milliseconds wall) {
  const auto facts = [&](node_number n) -> const node_facts* {
    const auto at = std::find_if(nodes.begin(), nodes.end(), [&](const node_facts& f) { return f.id == n; });
    return at == nodes.end() ? nullptr : &*at;
  };
  // Who belongs to the cluster no more.
  for (const auto* from : {&v.in_sync, &v.learners})
    for (const auto n : *from)
      if (n != v.leader && facts(n) == nullptr) return forgotten(v, n);

  std::vector<node_number> holders = v.in_sync, dead;
  for (const auto n : v.learners) {
    const auto* f = facts(n);
    if (f->data && !f->leaving && (f->alive || f->silent < r.replace_after)) holders.push_back(n);
    else dead.push_back(n);
  }
  const auto wanted = std::max(1u, std::min(v.copies, copies_max));
  if (holders.size() > wanted || (wanted == 1 && v.in_sync.size() == 1)) {
    // The node that the volume is at home on is not sent away.
    for (auto n = v.learners.rbegin(); n != v.learners.rend(); ++n)
      if (*n != v.id && v.in_sync.size() >= wanted) return without_learner(v, *n);
    return {};
  }
  if (holders.size() == wanted) {
    for (const auto n : dead)
      if (n != v.id) return without_learner(v, n);
    return {};
  }
  if (wall < v.paused_until && v.paused_until - wall <= r.pause_max) return {};

  const auto copies_of = [&](node_number n) {
    return std::count_if(all.begin(), all.end(), [&](const volume& o) { return contains(o.in_sync, n) || contains(o.learners, n); });
  };
  const node_facts* best = nullptr;
  for (const auto& f : nodes) {
    if (!f.data || !f.alive || f.leaving || contains(v.in_sync, f.id) || contains(v.learners, f.id)) continue;
    const bool shares = !f.host.empty() && std::any_of(holders.begin(), holders.end(), [&](node_number n) {
      const auto* h = facts(n);
      return h != nullptr && h->host == f.host;
    });
    if (shares) continue;
    if (best == nullptr || std::pair(copies_of(f.id), f.id) < std::pair(copies_of(best->id), best->id)) best = &f;
  }
  if (best == nullptr) return {};
  return with_learner(v, best->id);
}

} // namespace rookery::replication
