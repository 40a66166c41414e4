#include "cluster/node/clock_comparison.hpp"

#include <algorithm>

namespace rookery::cluster {

clock_stamp clock_comparison::next(std::uint64_t steady_us, std::uint64_t wall_us) const {
  return {steady_us, wall_us, echo_us_, echo_us_ == 0 ? 0 : steady_us - echo_heard_us_};
}

void clock_comparison::heard(const clock_stamp& s, std::uint64_t steady_us, std::uint64_t wall_us) {
  echo_us_ = s.sent_us;
  echo_heard_us_ = steady_us;
  if (s.echo_us == 0 || s.echo_us > steady_us || s.held_us > steady_us - s.echo_us) return;
  const auto way = static_cast<std::int64_t>(steady_us - s.echo_us - s.held_us);
  const auto theirs = s.wall_us + static_cast<std::uint64_t>(way / 2); // now, if both ways are alike
  last_.push_back({microseconds(way), microseconds(static_cast<std::int64_t>(theirs - wall_us))});
  if (last_.size() > samples) last_.pop_front();
}

const clock_comparison::sample* clock_comparison::best() const {
  const auto at = std::min_element(last_.begin(), last_.end(), [](const sample& a, const sample& b) { return a.way < b.way; });
  return at == last_.end() ? nullptr : &*at;
}

std::optional<clock_comparison::microseconds> clock_comparison::round_trip() const {
  const auto* b = best();
  return b == nullptr ? std::nullopt : std::optional(b->way);
}

std::optional<clock_comparison::microseconds> clock_comparison::offset() const {
  const auto* b = best();
  return b == nullptr ? std::nullopt : std::optional(b->offset);
}

} // namespace rookery::cluster
