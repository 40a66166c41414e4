#include "storage/body/segment_ledger.hpp"

#include <algorithm>

namespace rookery::storage {

segment_ledger::segment_ledger(ledger_settings settings) : settings_(settings) {}

bool segment_ledger::worth(const entry& e) const noexcept {
  return static_cast<double>(e.live_octets) < settings_.live_share_min * static_cast<double>(e.octets);
}

void segment_ledger::follow(std::span<const segment_info> segments) {
  auto known = sealed_.begin();
  for (const auto& s : segments) { // both are in order
    if (!s.sealed) continue;
    while (known != sealed_.end() && known->first < s.segment) known = sealed_.erase(known);
    if (known != sealed_.end() && known->first == s.segment) {
      ++known;
      continue;
    }
    sealed_.emplace_hint(known, s.segment, entry{s.octets, s.octets, 0, false, false, false});
  }
  sealed_.erase(known, sealed_.end());
}

void segment_ledger::lost(std::uint32_t segment, std::uint64_t octets) {
  const auto at = sealed_.find(segment);
  if (at == sealed_.end()) return;
  at->second.changed = true;
  at->second.live_octets -= std::min(at->second.live_octets, octets);
}

std::vector<segment_info> segment_ledger::due(log_position flushed_by_all) const {
  using item = std::map<std::uint32_t, entry>::const_pointer;
  std::vector<item> changed;
  std::vector<segment_info> unknown;
  for (const auto& one : sealed_) {
    const auto& [segment, e] = one;
    if (segment >= flushed_by_all.segment) break;
    if (e.changed && worth(e)) changed.push_back(&one);
    else if (!e.known && unknown.size() < settings_.unknown_surveys_max) unknown.push_back({segment, e.octets, 0, true});
  }
  const auto count = std::min(changed.size(), settings_.changed_surveys_max);
  std::partial_sort(changed.begin(), changed.begin() + static_cast<std::ptrdiff_t>(count), changed.end(),
                    [](item a, item b) { return a->second.live_octets < b->second.live_octets; });
  std::vector<segment_info> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({changed[i]->first, changed[i]->second.octets, 0, true});
  out.insert(out.end(), unknown.begin(), unknown.end());
  return out;
}

void segment_ledger::surveyed(const segment_use& use) {
  const auto at = sealed_.find(use.segment);
  if (at == sealed_.end()) return;
  at->second.live_octets = use.live_octets;
  at->second.live_count = use.live_count;
  at->second.known = true;
  at->second.changed = false;
}

void segment_ledger::set_aside(std::uint32_t segment) {
  if (const auto at = sealed_.find(segment); at != sealed_.end()) at->second.aside = true;
}

std::optional<segment_use> segment_ledger::emptiest() const {
  std::optional<segment_use> best;
  for (const auto& [segment, e] : sealed_) {
    if (!e.known || e.changed || e.aside || !worth(e)) continue;
    const segment_use use{segment, e.octets, e.live_octets, e.live_count};
    if (!best || use.live_share() < best->live_share()) best = use;
  }
  return best;
}

} // namespace rookery::storage
