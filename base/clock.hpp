/// Time: the steady instants that deadlines use, and wall time that is shown and stored.
#pragma once

#include <chrono>
#include <cstdint>

namespace rookery::base {

using duration = std::chrono::nanoseconds;
/// A moment of the steady clock. Never stored, never compared across processes.
using instant = std::chrono::steady_clock::time_point;
/// A moment of civil time, UTC, in milliseconds since 1970. Stored and shown.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// The two clocks, as an interface that tests replace.
class clock {
public:
  virtual ~clock() = default;
  virtual instant now() const = 0;
  virtual wall_time wall() const = 0;
};

/// The machine's own clocks. Lives for ever; usable from any thread.
const clock& system_clock();

inline std::int64_t to_milliseconds(wall_time t) { return t.time_since_epoch().count(); }
inline std::int64_t to_seconds(wall_time t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}
inline wall_time from_milliseconds(std::int64_t ms) { return wall_time(std::chrono::milliseconds(ms)); }

} // namespace rookery::base
