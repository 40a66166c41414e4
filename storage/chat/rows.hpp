/// Keys and values of the chat tree. docs/formats/chat.md has the list.
///
/// An owner's rows are under a number that it got with its first record; an owner that is dropped and comes
/// again gets another, so that the old rows can be cleared away later.
#pragma once

#include "storage/chat/chat_view.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::storage::chat {

/// Stored: never renumber.
enum class family : char {
  entry = 'a',
  doomed = 'd',
  owner = 'o',
  record = 'r',
  state = 's',
  with = 'w'
};

struct owner_head {
  std::uint64_t number = 0;
  owner_facts facts;

  stream_facts& stream(stream_kind k) { return k == stream_kind::archive ? facts.archive : facts.offline; }
  const stream_facts& stream(stream_kind k) const { return k == stream_kind::archive ? facts.archive : facts.offline; }
};

namespace key {

std::string state();
std::string owner(std::string_view);
std::string doomed(std::uint64_t number);
/// All rows of a family that belong to an owner.
std::string of_owner(family, std::uint64_t number);
std::string record(std::uint64_t number, record_kind, std::string_view key);
/// All entries of a stream.
std::string stream(std::uint64_t number, stream_kind);
std::string entry(std::uint64_t number, stream_kind, std::uint64_t id);
/// All entries with somebody.
std::string with(std::uint64_t number, stream_kind, std::string_view with);
std::string with(std::uint64_t number, stream_kind, std::string_view with, std::uint64_t id);
/// The number in the last eight octets.
std::uint64_t last_number(std::string_view key);
inline constexpr std::size_t record_head_octets = 10; ///< of a record's key in front of its own
inline constexpr std::size_t entry_octets = 18;       ///< of an entry's key

} // namespace key

std::string encode(const owner_head&);
std::string encode_record(std::uint64_t change, std::string_view value);
std::string encode_entry(const entry&);
// Throw base::broken on damage.
owner_head read_owner(std::string_view value);
stored_record read_record(std::string_view key, std::string_view value);
entry read_entry(std::uint64_t id, std::string_view value);

} // namespace rookery::storage::chat
