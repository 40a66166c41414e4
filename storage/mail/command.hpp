/// The commands of a mail shard: the only way in which mail state changes.
///
/// Encoded with base::encoder; docs/formats/mail_command.md. Type numbers are on
/// disk: never renumber. Every command carries the wall time that its records get.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rookery::storage::mail {

/// System flags and keywords in one word. Bits 0..4 are the system flags; bit 8+k is
/// keyword k of the mailbox (its list is in the mailbox record; at most 56).
namespace flag {
inline constexpr std::uint64_t seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16;
inline constexpr std::uint64_t system_mask = 31;
inline constexpr unsigned first_keyword_bit = 8;
inline constexpr std::size_t keywords_max = 56;
} // namespace flag

/// Flags as a client names them: keywords by name, mapped to bits when applied.
struct flag_set {
  std::uint64_t system = 0;
  std::vector<std::string> keywords;
};

using uid_range = std::pair<std::uint32_t, std::uint32_t>; ///< inclusive, first <= last
using uid_ranges = std::vector<uid_range>;                 ///< ascending, not overlapping

/// What protocols/mime computed of a message; opaque to storage, one column each.
struct message_summary {
  std::string envelope;       ///< wire form
  std::string bodystructure;  ///< wire form
  std::string body;           ///< wire form without extension data
  std::string parts;          ///< binary part tree
  std::string sort_keys;      ///< binary
  std::string preview;        ///< UTF-8
  std::uint32_t header_octets = 0; ///< of prefix and body together
  std::string thread_key;     ///< message-ids, lines of normalized text joined by '\n': own first, then references
};

/// One message to be stored. Its octets are `prefix` followed by the body.
struct new_message {
  std::string prefix;         ///< e.g. "Delivered-To: u1@example.test\r\n"; not shared, at most 1,000 octets
  base::wall_time internal_date{};
  flag_set flags;
  message_summary summary;
};

// Every command names its account; mailbox names are normalized UTF-8 with '/' between levels.
struct create_mailbox { std::string name; std::string special_use; /* e.g. "\\Sent" or "" */ };
/// `keep`: its messages can be restored (restore_messages).
struct delete_mailbox { std::string name; bool keep = false; };
struct rename_mailbox { std::string from, to; };   ///< children too; INBOX: its messages move (RFC 9051 §6.3.6)
struct subscribe { std::string name; bool on = true; };
struct set_special_use { std::string name; std::string special_use; };
/// Appends to a mailbox by id: the commands' bodies are the messages' in order. All or none.
/// `reader`: as in store_flags.
struct append { base::mailbox_id mailbox; std::vector<new_message> messages; base::account_id reader{}; };
/// Appends one message (the command's body) to `to` and removes message `uid` from `from`: both or
/// none. no_such_record: that message is gone.
struct replace_message {
  base::mailbox_id from, to;
  std::uint32_t uid = 0;
  new_message message;
};
/// Delivers one message to a mailbox by name; made once for one (account, origin, recipient) even if
/// repeated. A missing folder other than INBOX is created when `create`, else INBOX is taken.
struct deliver {
  std::string folder = "INBOX";
  bool create = false;
  std::uint64_t origin = 0;     ///< message_id of the accepted message; 0 = never the same
  std::uint32_t recipient = 0;  ///< its number in the envelope
  new_message message;
};
/// Flags that a guest may set, and his copies keep.
namespace keep_flags {
inline constexpr std::uint8_t seen = 1, deleted = 2, others = 4, all = 7;
} // namespace keep_flags
enum class flag_change : std::uint8_t { replace = 0, add = 1, remove = 2 };
struct store_flags {
  base::mailbox_id mailbox;
  uid_ranges uids;
  flag_change change = flag_change::add;
  flag_set flags;
  std::optional<std::uint64_t> unchanged_since;
  base::account_id reader{};    ///< the guest who asks, 0 for the owner: whose \Seen it is in a mailbox with one for each
  std::uint8_t may = keep_flags::all; ///< of a guest: other flags stay as they are
};
/// Removes messages that carry \Deleted; `uids` restricts it (UID EXPUNGE, POP3 with `even_undeleted`).
/// `unseen_only` leaves those that have \Seen, whatever else is asked. `keep`: they can be restored.
struct expunge {
  base::mailbox_id mailbox;
  std::optional<uid_ranges> uids;
  bool even_undeleted = false;
  bool unseen_only = false;
  bool keep = false;
};
struct copy_messages { base::mailbox_id from, to; uid_ranges uids; std::uint8_t keep = keep_flags::all; };
struct move_messages { base::mailbox_id from, to; uid_ranges uids; std::uint8_t keep = keep_flags::all; };
/// Removes everything of the account.
struct drop_account {};
/// A body lies elsewhere now (compaction). The command's bodies: old place's content at its new place.
struct relocate_body { std::uint32_t old_segment = 0, old_offset = 0; };

enum class rights_step : std::uint8_t { replace = 0, add = 1, remove = 2 };
/// One line of a mailbox's list of rights. What an identifier and the bits of `rights` mean is not known here; a line
/// without rights goes. Those whose identifier does not begin with '-' are found in share_table. RFC 4314 §3.1.
struct set_rights {
  base::mailbox_id mailbox;
  std::string who;
  rights_step how = rights_step::replace;
  std::uint32_t rights = 0;
};
/// Has each reader of the mailbox a \Seen of his own? That of the flags is the owner's then.
struct set_seen_mode { base::mailbox_id mailbox; bool per_reader = false; };
struct metadata_change {
  std::string name;                   ///< of the entry, lower case
  std::optional<std::string> value;   ///< none: the entry goes
  bool own = false;                   ///< the reader's private one; else all see it
};
/// Annotations of a mailbox, or of the account as a whole (mailbox 0): all or none. RFC 5464.
struct set_metadata {
  base::mailbox_id mailbox;
  base::account_id reader;            ///< whose private ones
  std::vector<metadata_change> changes;
};

/// One of the mailboxes that an account begins with.
struct first_mailbox { std::string name, special_use; bool subscribed = true; };
/// Makes the first mailboxes of an account, once: later it is `already_done`. An account that has had more than its
/// INBOX keeps what it has.
struct begin_account { std::vector<first_mailbox> mailboxes; };
/// Messages that were removed from the mailbox of this name, by their UIDs in the mailbox of this name of the account
/// removed_of(account), come back; the mailbox is made when it is gone.
struct restore_messages { std::string mailbox; uid_ranges uids; };

using any_command = std::variant<create_mailbox, delete_mailbox, rename_mailbox, subscribe, set_special_use, append,
                                 deliver, store_flags, expunge, copy_messages, move_messages, drop_account,
                                 relocate_body, set_rights, set_seen_mode, set_metadata, replace_message,
                                 begin_account, restore_messages>;

/// Where what was removed from an account's mailboxes waits, in mailboxes of the same names: an account of its own in
/// the same shard, that nobody logs in to. The save date of a message there is the time of its removal.
constexpr base::account_id removed_of(base::account_id a) noexcept { return base::account_id{a.value | std::uint64_t{1} << 63}; }
constexpr bool is_of_removed(base::account_id a) noexcept { return a.value >> 63 != 0; }

struct command {
  base::account_id account;
  base::wall_time time{};
  any_command what;
};

std::string encode(const command&);
base::result<command> decode_command(std::string_view payload);
/// The account, if it is an append or a delivery; read without the rest.
std::optional<base::account_id> account_of_arrival(std::string_view payload);

// Results (machine.hpp, command_result):
//   append, deliver: mailbox, uid_validity, uids, modseq.  copy, move: mailbox (to), uid_validity, source_uids, uids, modseq.
//   store_flags: uids changed or confirmed, refused_uids, modseq.  expunge: uids removed, modseq.
//   replace: as append; source_uids: what was removed; modseq: of `from`.  create: mailbox, uid_validity.
//   restore_messages: as move.  begin_account: number: mailboxes made.
//   set_rights: mailbox, number: what the identifier has now.  over_limit: a bound of sharing_commands.hpp.

} // namespace rookery::storage::mail
