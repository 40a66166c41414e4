#include "policy/collection/timing.hpp"

#include <algorithm>

namespace rookery::collection {

std::uint16_t usual_port(source from, tls_use tls) noexcept {
  if (from == source::pop3) return tls == tls_use::implicit ? 995 : 110;
  return tls == tls_use::implicit ? 993 : 143;
}

std::chrono::minutes wait_between(const collection_record& c, std::uint32_t failures) noexcept {
  constexpr std::uint32_t doublings_max = 11; // of a minute: more than a day
  const std::chrono::minutes every(std::max<std::uint32_t>(1, c.every_minutes));
  const std::chrono::minutes longest = std::max<std::chrono::minutes>(every, std::chrono::days(1));
  return std::min(longest, every * (std::int64_t{1} << std::min(failures, doublings_max)));
}

std::optional<base::wall_time> next_run(const collection_record& c, const run_history& history, base::wall_time now) {
  if (!c.enabled) return {};
  auto due = history.last_began ? *history.last_began + wait_between(c, history.failures) : now;
  due = std::max(due, now);
  if (c.hours.open(due)) return due;
  // Closed at that time: it changes to open next, or never.
  return c.hours.next_change(due);
}

} // namespace rookery::collection
