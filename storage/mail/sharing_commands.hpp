/// Commands about what others than the owner may see of a mailbox, and about annotations.
///
/// Source: RFC 4314 §3 (lists of rights), RFC 5464 §3, §4 (annotations).
#pragma once

#include "storage/mail/shard_state.hpp"

#include <string>
#include <utility>
#include <vector>

namespace rookery::storage::mail {

/// Entries of one mailbox, or of one account, for one reader (or for all together).
inline constexpr std::size_t metadata_entries_max = 200;
inline constexpr std::size_t metadata_name_octets_max = 256;
/// Octets of one value: RFC 5464 §4.3 asks for a limit of the server.
inline constexpr std::size_t metadata_value_octets_max = 65536;

command_result apply(shard_state&, base::account_id, base::wall_time, const set_rights&);
command_result apply(shard_state&, base::account_id, base::wall_time, const set_seen_mode&);
command_result apply(shard_state&, base::account_id, base::wall_time, const set_metadata&);

/// A new mailbox has the rights of the nearest one above it that is there.
void inherit_access(shard_state&, account_state&, mailbox_state&);
/// The mailbox goes: what others have of it, too.
void forget_sharing(shard_state&, account_state&, mailbox_state&);

/// By name.
using metadata_entries = std::vector<std::pair<std::string, std::string>>;
metadata_entries read_metadata(const pending_rows&, base::account_id, base::mailbox_id, base::account_id reader);

} // namespace rookery::storage::mail
