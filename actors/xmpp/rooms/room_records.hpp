/// A room as records of the chat store, and back. May block; any thread.
///
/// Records of the owner `room_owner(address)`: kind room, key "": the document; affiliation, key a bare address;
/// vcard, key "". Of `service_owner(domain of rooms)`: room_entry, key the local part. docs/formats/chat_rooms.md.
#pragma once

#include "protocols/xmpp/muc/room.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::actors {

/// What was kept of a room. Everything that cannot be read is left out and named in `faults`.
struct kept_room {
  std::optional<xmpp::element> document;   ///< none: there is no such room
  std::vector<std::pair<xmpp::jid, xmpp::muc::member_record>> members;
  std::optional<xmpp::element> vcard;
  struct message {
    std::uint64_t id = 0;
    base::wall_time time{};
    xmpp::muc::stanza_ptr stanza;
  };
  std::vector<message> messages;           ///< the last ones with a body
  std::uint64_t last_id = 0;
  std::vector<std::pair<std::string, std::string>> arrived; ///< see arrival_notes
  std::vector<std::string> faults;
};
kept_room read_room(const storage::chat::chat_view&, const xmpp::jid& room, std::size_t messages_max);
/// Into a room that is new. False: its document cannot be read.
bool restore(xmpp::muc::room&, kept_room);

/// A line of the list of rooms.
struct room_entry {
  std::string title;
  bool listed = true, persistent = false;
  bool operator==(const room_entry&) const = default;
};
std::string encode(const room_entry&);
std::optional<room_entry> read_room_entry(std::string_view);

std::string encode(const xmpp::muc::member_record&);
std::optional<xmpp::muc::member_record> read_member(std::string_view);

/// The stanza of an archived entry. Nothing when it cannot be read.
xmpp::muc::stanza_ptr read_stanza(const std::string& octets);
/// What takes the place of a message that a moderator took back: its sender and id stay.
std::string tombstone(const xmpp::element& was, const xmpp::element& retracted);

} // namespace rookery::actors
