/// What a guest has seen in a mailbox where each reader has a \Seen of his own: ranges of UIDs, a row of the tree
/// a reader. UIDs of expunged messages stay in them: they come never again, and the ranges are fewer.
#pragma once

#include "storage/mail/mailbox_view.hpp"
#include "storage/tree/pending_rows.hpp"

#include <memory>

namespace rookery::storage::mail {

/// The ranges' union; both ascending.
uid_ranges united(const uid_ranges&, const uid_ranges&);
/// Those of the first that are not in the second.
uid_ranges without(const uid_ranges&, const uid_ranges&);
bool contains(const uid_ranges&, std::uint32_t uid);
/// Puts a UID, not below those before, at the end.
void append_uid(uid_ranges&, std::uint32_t uid);

uid_ranges read_seen(const pending_rows&, base::account_id, base::mailbox_id, base::account_id reader);
void write_seen(pending_rows&, base::account_id, base::mailbox_id, base::account_id reader, const uid_ranges&);

/// The owner's view with the reader's \Seen in place of the owner's. Pages of `before` (the reader's last view, made of
/// `before_base`) that would come out the same are taken again, so that two views compare quickly.
std::shared_ptr<const mailbox_view> view_of_reader(const mailbox_view& base, const uid_ranges& seen,
                                                   const mailbox_view* before_base, const mailbox_view* before);

} // namespace rookery::storage::mail
