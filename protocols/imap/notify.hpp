/// NOTIFY: of what a client wants to hear at any time, and of which mailboxes.
///
/// Source: RFC 5465 §3 to §6, §8.
#pragma once

#include "protocols/imap/fetch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::imap {

/// Events as bits.
namespace notify_event {
inline constexpr std::uint8_t message_new = 1, message_expunge = 2, flag_change = 4, mailbox_name = 8, subscription_change = 16,
                              mailbox_metadata = 32, server_metadata = 64;
inline constexpr std::uint8_t of_messages = message_new | message_expunge | flag_change;
/// For BADEVENT.
inline constexpr std::string_view supported = 
    "MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange";
} // namespace notify_event

/// Which mailboxes a group of events is about.
enum class notify_filter : std::uint8_t { selected, selected_delayed, inboxes, personal, subscribed, subtree, subtree_one, mailboxes }; ///< subtree_one: RFC 7377

struct notify_group {
  notify_filter filter = notify_filter::personal;
  std::vector<std::string> names;      ///< of subtree and mailboxes
  std::uint8_t events = 0;             ///< notify_event::...; 0 for NONE
  fetch_items new_items;               ///< of selected: what is told of each new message
  /// Is the mailbox named? Never by selected. `own`: it is in the user's own namespace (RFC 5465 §6.2, §6.3).
  bool covers(std::string_view mailbox, bool subscribed, bool own = true) const noexcept;
  /// Can it name mailboxes of other users?
  bool beyond_own() const noexcept;
};

struct notify {
  bool none = false;                   ///< NOTIFY NONE
  bool status = false;                 ///< SET STATUS
  std::vector<notify_group> groups;

  /// The group of the selected mailbox, or null.
  const notify_group* selected() const noexcept;
  /// What is wanted of a mailbox that is not selected: all groups together.
  std::uint8_t events_for(std::string_view mailbox, bool subscribed, bool own = true) const noexcept;
  /// Is the event asked for in any group? ServerMetadataChange is of no mailbox (RFC 5465 §5.7).
  bool asks_for(std::uint8_t event) const noexcept;
};

} // namespace rookery::imap
