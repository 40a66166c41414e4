/// Every bound of a room, with its unit, its default and the reason for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rookery::xmpp::muc {

struct room_limits {
  std::size_t occupants = 10'000;          ///< who enters beyond it: service-unavailable; owners and admins may
  std::size_t sessions_a_nick = 20;        ///< clients of one account under one nick
  std::size_t nick_octets = 256;           ///< each occupant's client keeps all nicks
  std::size_t subject_octets = 4096;
  std::size_t reason_octets = 1024;        ///< of kicks, bans and the like; cut
  std::size_t status_octets = 4096;        ///< of a presence with its children, as each entrant gets all; beyond: bare
  std::size_t history_messages = 100;      ///< in memory, for those who enter
  std::size_t history_octets = 1u << 20;   ///< the same
  std::size_t affiliations = 20'000;       ///< listed addresses
  std::size_t items_a_request = 500;       ///< changes of roles or affiliations at once
  std::size_t presences_a_change = 1'000'000; ///< sent when visitors are shown or hidden by configuration (each to all); beyond: not-acceptable
  std::size_t vcard_octets = 128 * 1024;   ///< with the room's picture
  std::size_t pending_iqs = 1'000;         ///< requests between occupants that wait for their answer; the oldest is forgotten
  /// Messages (groupchat, private, invitations) and changes of presence a second and occupant, after a burst. 0: no bound.
  std::uint32_t stanzas_a_second = 50;
  std::uint32_t burst_stanzas = 500;
};

} // namespace rookery::xmpp::muc
