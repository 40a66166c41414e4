/// What `sealing.key` of a node's data directory holds (storage/node/sealing_key.hpp). Pure.
///
/// A line a key, that which seals first: the first key that the node ever had as 64 hex digits, others with "2 " in front
/// (base/crypto/sealing_keys.hpp, versions).
#pragma once

#include "base/crypto/sealing_keys.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::storage {

/// In one file; older ones that nothing needs go first.
inline constexpr std::size_t sealing_keys_max = 32;

std::string print_sealing_keys(const base::sealing_keys&);
/// Nothing when it is not such a text, or has more than `sealing_keys_max`.
std::optional<base::sealing_keys> read_sealing_keys(std::string_view text);

} // namespace rookery::storage
