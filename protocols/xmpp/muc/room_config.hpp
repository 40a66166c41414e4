/// How a room is set up, and the form in which its owners set it.
///
/// Source: XEP-0045 §10.1, §10.2, §15.5.
#pragma once

#include "protocols/xmpp/data_form.hpp"
#include "protocols/xmpp/muc/affiliation.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rookery::xmpp::muc {

/// Who may send private messages.
enum class private_messages : std::uint8_t { anyone, participants, moderators, none };

struct room_config {
  std::string name, description, language;
  std::string password;                    ///< empty: none is wanted
  bool persistent = false;
  bool listed = true;                      ///< in the list of rooms
  bool moderated = false;
  bool members_only = false;
  bool non_anonymous = false;              ///< all see real addresses; else moderators do
  bool anyone_sets_subject = false;        ///< else moderators
  bool members_invite = false;             ///< else moderators; in an open room everybody
  bool members_see_list = false;           ///< the lists of members, admins and owners
  bool archived = true;
  private_messages pm = private_messages::anyone;
  std::uint32_t users_max = 0;             ///< 0: as many as the service allows
  std::uint32_t history = 20;              ///< messages that who enters gets at most
  bool tell_visitors = true;               ///< presence of visitors is told to others
  bool operator==(const room_config&) const = default;
};

/// Longer texts of a form are refused.
inline constexpr std::size_t config_text_octets_max = 4096;

/// With the present values. `users_most`: the service's own bound.
data_form config_form(const room_config&, std::uint32_t users_most);
/// `form` over `was`; fields that it lacks stay. Nothing when a value is not allowed.
std::optional<room_config> read_config(const data_form& form, const room_config& was);

} // namespace rookery::xmpp::muc
