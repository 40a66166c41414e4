/// Bounds of the chat store. They are part of the machine: every replica has the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rookery::storage::chat {

inline constexpr std::size_t owner_octets_max = 3100;           ///< a bare JID (RFC 7622 §3.1) and what is put in front
inline constexpr std::size_t record_key_octets_max = 4096;      ///< a full JID with room for a prefix
inline constexpr std::size_t record_value_octets_max = 1u << 20;///< an avatar or a vCard with its picture
inline constexpr std::size_t stanza_octets_max = 1u << 20;      ///< the largest stanza that any listener may allow
inline constexpr std::size_t with_octets_max = 3071;            ///< a JID
inline constexpr std::size_t records_a_command_max = 10'000;
inline constexpr std::uint64_t records_an_owner_max = 200'000;
inline constexpr std::uint64_t record_octets_an_owner_max = 256u << 20;
inline constexpr std::uint64_t entries_a_stream_max = 100'000'000;
/// Of a removal by prefix or age; who wants more asks again while this many went.
inline constexpr std::size_t removed_at_once_max = 10'000;

} // namespace rookery::storage::chat
