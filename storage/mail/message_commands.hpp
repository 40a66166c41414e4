/// Commands about messages. Each takes one step of MODSEQ in each mailbox that it changes
/// (RFC 7162 §3.1), and none where nothing changed.
#pragma once

#include "storage/mail/shard_state.hpp"

#include <span>

namespace rookery::storage::mail {

command_result apply(shard_state&, base::account_id, base::wall_time, const append&, std::span<const body_ref> bodies);
command_result apply(shard_state&, base::account_id, base::wall_time, const replace_message&,
                     std::span<const body_ref> bodies);
command_result apply(shard_state&, base::account_id, base::wall_time, const deliver&, std::span<const body_ref> bodies);
command_result apply(shard_state&, base::account_id, base::wall_time, const store_flags&);
command_result apply(shard_state&, base::account_id, base::wall_time, const expunge&);
command_result apply(shard_state&, base::account_id, base::wall_time, const copy_messages&);
command_result apply(shard_state&, base::account_id, base::wall_time, const move_messages&);
/// What waits to be restored.
command_result apply(shard_state&, base::account_id, base::wall_time, const restore_messages&);
/// Copies of these messages wait in removed_of(account) from now on, as far as there is room. The caller removes them.
void keep_removed(shard_state&, mailbox_state&, const uid_ranges&, base::wall_time now);
/// Of all accounts of the shard; `number` becomes the count of references.
command_result apply(shard_state&, const relocate_body&, std::span<const body_ref> bodies);

} // namespace rookery::storage::mail
