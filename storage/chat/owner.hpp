/// Whose records they are: an account, a room, or a service of a domain (its list of rooms).
///
/// An owner is a text without a NUL octet; the first letter says what kind it is of. Rooms and services are
/// named by their bare JID in prepared form (RFC 7622), which the caller makes.
#pragma once

#include "base/id.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::storage::chat {

inline std::string account_owner(base::account_id a) { return "a" + std::to_string(a.value); }
inline std::string room_owner(std::string_view bare_jid) { return "r" + std::string(bare_jid); }
inline std::string service_owner(std::string_view jid) { return "s" + std::string(jid); }

/// Which of `shards` chat shards has it: FNV-1a over the text. Part of the format: it never changes.
inline std::uint32_t shard_index(std::string_view owner, std::uint32_t shards) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : owner) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return static_cast<std::uint32_t>(hash % (shards == 0 ? 1 : shards));
}

} // namespace rookery::storage::chat
