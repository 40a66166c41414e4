/// When a collection runs next. Pure.
#pragma once

#include "base/clock.hpp"
#include "policy/collection/collection_record.hpp"

#include <cstdint>
#include <optional>

namespace rookery::collection {

/// What is known of its last runs.
struct run_history {
  std::optional<base::wall_time> last_began; ///< nothing: it never ran since this node started
  std::uint32_t failures = 0;                ///< in a row, up to the last
};

/// After failures the wait doubles, up to a day (or `every_minutes`, if that is more): a wrong password
/// must not be tried every few minutes.
std::chrono::minutes wait_between(const collection_record&, std::uint32_t failures) noexcept;
/// The first moment, not before `now`, at which it is to begin; nothing: never.
std::optional<base::wall_time> next_run(const collection_record&, const run_history&, base::wall_time now);

} // namespace rookery::collection
