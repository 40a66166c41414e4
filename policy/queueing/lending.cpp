#include "policy/queueing/lending.hpp"

#include <algorithm>

namespace rookery::queueing {

void lending::heard(node_number node, const std::optional<node_load>& load, moment now) {
  auto& p = peers_[node];
  p.takes_part = load.has_value();
  p.told = load.value_or(node_load{});
  p.heard_at = now;
  p.since = 0;
}

node_load lending::load() const {
  node_load out;
  for (const auto& [member, load] : own_) out.connections += load.connections;
  out.connections += borrowed_;
  return out;
}

std::optional<node_number> lending::lend(moment now) {
  const auto own = load();
  if (own.connections < rule_.above || lent() >= rule_.lent_max) return {};
  std::optional<node_number> best;
  std::uint64_t least = 0;
  for (const auto& [node, p] : peers_) {
    if (!p.takes_part || now - p.heard_at > rule_.fresh || now < p.paused_until) continue;
    const auto lent = lent_.find(node);
    const auto carries = std::max<std::uint64_t>(std::uint64_t{p.told.connections} + p.since, lent == lent_.end() ? 0 : lent->second);
    if (carries * rule_.times >= own.connections || (best && carries >= least)) continue;
    best = node;
    least = carries;
  }
  if (!best) return {};
  ++lent_[*best];
  ++peers_[*best].since;
  return best;
}

void lending::returned(node_number node, bool came_about, moment now) {
  if (const auto at = lent_.find(node); at != lent_.end() && --at->second == 0) lent_.erase(at);
  if (came_about) return;
  if (const auto p = peers_.find(node); p != peers_.end()) p->second.paused_until = now + rule_.pause;
}

bool lending::borrow() {
  if (borrowed_ >= rule_.borrowed_max) return false;
  ++borrowed_;
  return true;
}

void lending::give_back() {
  if (borrowed_ > 0) --borrowed_;
}

std::uint32_t lending::lent() const {
  std::uint32_t out = 0;
  for (const auto& [node, count] : lent_) out += count;
  return out;
}

} // namespace rookery::queueing
