/// LIST and LSUB: which mailboxes are named, and what is said of them.
///
/// Source: RFC 9051 §6.3.9, §7.3.1; RFC 5258 (selection and return options); RFC 5819
/// (STATUS); RFC 6154 (SPECIAL-USE); RFC 8440 (MYRIGHTS); RFC 9590 (METADATA); RFC 3501 §6.3.9 (LSUB).
#pragma once

#include "protocols/imap/status.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::imap {

struct list {
  bool lsub = false;                 ///< LSUB: answer with "* LSUB"
  bool extended = false;             ///< some option or a list of patterns was given
  std::string reference;             ///< normalized; "" mostly
  std::vector<std::string> patterns; ///< normalized UTF-8; one "" alone asks for the separator
  // Selection options.
  bool select_subscribed = false;
  bool select_remote = false;
  bool select_special_use = false;
  bool recursive_match = false;
  // Return options.
  bool return_subscribed = false;
  bool return_children = false;
  bool return_special_use = false;
  std::uint32_t return_status = 0;   ///< status_item::... for RETURN (STATUS (...)); 0: not asked
  bool return_my_rights = false;     ///< RFC 8440
  std::vector<std::string> return_metadata; ///< entries (RFC 9590)
};

/// Attributes of a mailbox, as bits.
namespace list_attribute {
inline constexpr std::uint32_t noselect = 1, nonexistent = 2, noinferiors = 4, has_children = 8, has_no_children = 16,
                               subscribed = 32, marked = 64, unmarked = 128, all = 256, archive = 512, drafts = 1024,
                               flagged = 2048, junk = 4096, sent = 8192, trash = 16384, important = 32768;
inline constexpr std::uint32_t special_use_mask = all | archive | drafts | flagged | junk | sent | trash | important;
} // namespace list_attribute

/// The attribute bit of "\Sent" and so on (ASCII case ignored), or 0.
std::uint32_t find_special_use(std::string_view name) noexcept;
/// Appends "\Noselect \HasChildren" in the order that clients like.
void print_attributes(std::uint32_t attributes, std::string& out);

/// One mailbox as the house knows it.
struct list_mailbox {
  std::string_view name;
  std::uint32_t attributes = 0; ///< special use, noselect, noinferiors; the rest is computed
};
/// One row of the answer. Names point into what was given.
struct list_row {
  std::string_view name;
  std::uint32_t attributes = 0;
  bool child_subscribed = false; ///< CHILDINFO ("SUBSCRIBED")
};
struct list_result {
  std::vector<list_row> rows; ///< INBOX first; a mailbox before what lies below it
};

/// `mailboxes` and `subscriptions` ascending by octets. O(names × patterns).
list_result select_mailboxes(const list&, std::span<const list_mailbox> mailboxes,
                             std::span<const std::string> subscriptions);
/// '*' matches everything, '%' all but the separator (RFC 9051 §6.3.9). Patterns of 1,024 octets
/// and more match nothing. O(pattern × name), whatever the wildcards.
bool matches(std::string_view pattern, std::string_view name) noexcept;

} // namespace rookery::imap
