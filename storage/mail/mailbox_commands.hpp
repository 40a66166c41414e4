/// Commands about mailboxes as a whole, and about the account.
///
/// Semantics: RFC 9051 §6.3.4 to §6.3.8. Deleting or renaming a mailbox never makes or
/// removes its superiors; a superior that does not exist is only a name, and renaming it
/// renames its inferiors.
#pragma once

#include "storage/mail/shard_state.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace rookery::storage::mail {

/// Octets of a mailbox name.
inline constexpr std::size_t mailbox_name_octets_max = 1024;

/// INBOX in any case is INBOX.
std::string canonical_name(std::string_view);
/// Nothing empty between the separators, not too long.
bool acceptable_name(std::string_view) noexcept;

command_result apply(shard_state&, base::account_id, base::wall_time, const create_mailbox&);
command_result apply(shard_state&, base::account_id, base::wall_time, const delete_mailbox&);
command_result apply(shard_state&, base::account_id, base::wall_time, const rename_mailbox&);
command_result apply(shard_state&, base::account_id, base::wall_time, const subscribe&);
command_result apply(shard_state&, base::account_id, base::wall_time, const set_special_use&);
command_result apply(shard_state&, base::account_id, base::wall_time, const begin_account&);
/// With what was removed from it.
command_result apply(shard_state&, base::account_id, base::wall_time, const drop_account&);

/// Also for deliveries into a folder that is not there yet.
command_result make_mailbox(shard_state&, account_state&, base::wall_time, const create_mailbox&);

} // namespace rookery::storage::mail
