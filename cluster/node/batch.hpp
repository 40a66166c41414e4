/// Commands that travel together: one entry of the consensus, or what a node hands its leader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::cluster {

struct proposal {
  std::uint64_t origin = 0;    ///< member that asks
  std::uint64_t sequence = 0;  ///< its own number; grows
  std::string command;         ///< opaque
};

inline constexpr std::size_t batch_commands_max = 256;
inline constexpr std::size_t batch_octets_max = 7u << 20; ///< below what an entry may have

std::string print_batch(const std::vector<proposal>&);
std::optional<std::vector<proposal>> read_batch(std::string_view octets);

} // namespace rookery::cluster
