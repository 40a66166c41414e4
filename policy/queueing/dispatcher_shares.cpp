// What a destination may have while other nodes of the cluster deliver there too, and what they say of it.
#include "policy/queueing/dispatcher_state.hpp"

#include <algorithm>

namespace rookery::queueing {

bool dispatcher::state::over_share(const destination_record& d) const noexcept {
  return d.share != unshared && d.connections - d.admitted - d.leaving > d.share;
}

void dispatcher::state::note_need(std::uint32_t n) {
  auto& d = destinations_[n];
  if (!shared_ || d.share == unshared || d.need_changed) return;
  d.need_changed = true;
  needs_.push_back(n);
}

void dispatcher::state::forget_need(const destination_record& d) {
  if (shared_ && d.share != unshared) gone_.push_back(d.name);
}

void dispatcher::state::set_shared(bool on, time_ms now) {
  advance(now);
  if (std::exchange(shared_, on) == on) return;
  needs_.clear();
  gone_.clear();
  for (const auto& [name, n] : std::vector(by_name_.begin(), by_name_.end())) {
    auto& d = destinations_[n];
    d.share = on ? 0 : unshared;
    d.share_number = 0;
    d.nodes = 1;
    d.need_changed = false;
    // A failure that only others had is nobody's now.
    if (!on && std::exchange(d.heard, false)) d.pause_until = 0;
    refresh(n, now);
  }
}

std::vector<destination_need> dispatcher::state::take_needs(time_ms now) {
  std::vector<destination_need> out;
  for (auto& name : std::exchange(gone_, {})) {
    destination_need gone;
    gone.destination = std::move(name);
    gone.gone = true;
    out.push_back(std::move(gone));
  }
  for (const auto n : std::exchange(needs_, {})) {
    auto& d = destinations_[n];
    // Its number may be another destination's by now, which stands here by itself.
    if (!d.used || !std::exchange(d.need_changed, false)) continue;
    destination_need need;
    need.destination = d.name;
    need.limit = std::max(1u, d.limits->connections);
    need.held = d.connections - d.admitted;
    need.share = d.share_number;
    need.event = d.event;
    need.news = d.news;
    if (d.news == destination_news::down) {
      need.pause = std::chrono::milliseconds(std::max<time_ms>(0, d.pause_until - now));
      need.failures = d.failures;
      need.reason = d.reason;
    }
    const bool may = !d.paused && d.pause_until <= now && (!d.limits->on_request || d.released);
    const auto busy = need.held - std::min<std::uint64_t>(need.held, d.resting.size());
    need.wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(need.limit, busy + (may ? d.takable : 0)));
    out.push_back(std::move(need));
  }
  return out;
}

void dispatcher::state::share(const destination_share& s, time_ms now) {
  advance(now);
  const auto known = by_name_.find(s.destination);
  if (!shared_ || known == by_name_.end()) return;
  const auto n = known->second;
  auto& d = destinations_[n];
  if (s.connections == unshared) {
    d.share = unshared;
    d.nodes = 1;
    return refresh(n, now);
  }
  if (s.number <= d.share_number) return;
  d.share_number = s.number;
  d.share = s.connections;
  const auto nodes = std::max(1u, s.nodes);
  if (const auto used_up = d.rate_tat_us - now * 1000; used_up > 0) d.rate_tat_us += used_up / d.nodes * nodes - used_up;
  d.nodes = nodes;
  hear(d, s, now);
  refresh(n, now);
}

/// Whoever is connected there knows better than others.
void dispatcher::state::hear(destination_record& d, const destination_share& s, time_ms now) {
  if (s.down && d.connections == 0 && d.pause_until < now + s.down->pause.count()) {
    d.heard = d.failures == 0 || d.heard;
    d.failures = std::max({1u, d.failures, s.down->failures});
    d.known = standing::failing;
    d.window = 1;
    d.released = false;
    if (d.down_since == 0) d.down_since = now;
    d.pause_until = now + s.down->pause.count();
    d.reason = s.down->reason;
  }
  if (!s.answers || d.failures == 0) return;
  if (std::exchange(d.heard, false)) {
    d.failures = 0;
    d.down_since = 0;
    d.known = standing::fresh;
    d.reason.clear();
    d.window = std::max(1u, std::min(d.limits->first_connections, d.limits->connections));
    d.pause_until = 0;
  } else if (!std::exchange(d.tried_on_word, true)) {
    d.pause_until = 0; // once: what keeps this node alone from it is not over by that
  }
}

} // namespace rookery::queueing
