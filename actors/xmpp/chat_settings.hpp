/// Bounds and times of chat that are the same for every account.
#pragma once

#include <chrono>
#include <cstdint>

namespace rookery::actors {

/// Messages that wait for an account without a client; further ones are refused.
inline constexpr std::uint64_t offline_messages_max = 1'000;
/// A client whose connection is lost may come back and go on (XEP-0198).
inline constexpr std::chrono::seconds resume_time{600};

} // namespace rookery::actors
