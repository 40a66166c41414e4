/// The commands of a chat shard: the only way in which rosters, rooms and archives change.
///
/// Each concerns one owner (storage/chat/owner.hpp). Encoded with base::encoder; docs/formats/chat.md.
/// Numbers are on disk: never renumber.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::storage::chat {

/// What a record is. The machine does not look into it; kinds that it does not know are kept too.
enum class record_kind : std::uint8_t {
  roster_item = 1,   ///< key: the contact's bare JID
  vcard = 2,
  private_xml = 3,   ///< key: namespace and name
  block = 4,         ///< key: a JID
  room = 5,          ///< the room's document: configuration and subject
  affiliation = 6,   ///< key: a bare JID
  room_entry = 7,    ///< of a service: key is the room's localpart
  node = 8,          ///< pubsub: key is the node
  item = 9,          ///< pubsub: key begins with the node and NUL
  subscription = 10, ///< pubsub
  push = 11,
  setting = 12,      ///< of an account's chat: archive preferences and the like
  upload = 13,
  reserved_nick = 14,///< of a room: key is the bare JID
  login_token = 15   ///< of a client, for its next logins: key is the digest of its id
};

/// An owner's ordered sequences of stanzas.
enum class stream_kind : std::uint8_t {
  archive = 1,
  offline = 2        ///< waits for a client of the account
};

/// Replaces records, or makes them. All or none. Result: `number` is the owner's change number, `over_limit`.
struct put_records {
  struct record {
    record_kind kind{};
    std::string key, value;
  };
  std::vector<record> records;
};
/// The record with this key, or with `prefix` all whose keys begin with it (at most `removed_at_once_max`).
/// Result: `number` is how many went; `no_such_record` when none did.
struct drop_records {
  record_kind kind{};
  std::string key;
  bool prefix = false;
};
/// A stanza behind the last of a stream. Its time is the command's or that of the entry before, whichever is
/// later; its id is the greatest of `id`, the time in microseconds, and the id before plus one. Ids are never
/// used again, times and ids grow together. Result: `number` is the id. With `entries_max` (not 0) a stream
/// that has so many refuses (`over_limit`), or with `drop_oldest` lets its first ones go.
struct append {
  stream_kind stream = stream_kind::archive;
  std::uint64_t id = 0;
  std::string with;        ///< the other's bare JID, by which pages can be asked for; may be empty
  std::string stanza;
  std::uint64_t entries_max = 0;
  bool drop_oldest = false;
};
/// Other octets in the place of an entry's: a tombstone. `no_such_record` when it is gone.
struct replace_entry {
  stream_kind stream = stream_kind::archive;
  std::uint64_t id = 0;
  std::string stanza;
};
/// Result: `number` is how many went; `no_such_record` when none did.
struct drop_entries {
  stream_kind stream = stream_kind::archive;
  std::vector<std::uint64_t> ids;
};
/// Entries that are older than `before` and have ids up to `last_id`, at most `removed_at_once_max` of them.
/// Result: `number` is how many went.
struct drop_before {
  stream_kind stream = stream_kind::archive;
  base::wall_time before{};
  std::uint64_t last_id = ~std::uint64_t{0};
};
/// All records and streams of the owner. Result: `no_such_record` when it has none.
struct drop_owner {};

using any_command = std::variant<put_records, drop_records, append, replace_entry, drop_entries, drop_before, drop_owner>;

struct command {
  std::string owner;
  base::wall_time time{};
  any_command what;
};

std::string encode(const command&);
/// Whether it changes a few rows at most, by its first octet.
bool is_small(std::string_view payload) noexcept;
/// `invalid` when it is of an unknown type or version, cut short, or beyond the limits.
base::result<command> decode_command(std::string_view);

} // namespace rookery::storage::chat
