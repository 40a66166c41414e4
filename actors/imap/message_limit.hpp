/// What MESSAGELIMIT does to a command that names more messages than it may: the newest ones are done, and the
/// client is told where they begin.
///
/// Source: RFC 9738 §3.1.
#pragma once

#include "protocols/imap/sequence_map.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace rookery::actors {

/// Only the last `most` rows stay. False when there are no more.
bool keep_newest(std::vector<imap::row_range>& rows, std::uint32_t most);
/// Of the \Deleted messages in these rows only the newest `most` may go: the lowest UID of them. Nothing
/// when there are no more.
std::optional<std::uint32_t> newest_deleted(const storage::mail::mailbox_view&, const std::vector<imap::row_range>& rows,
                                            std::uint32_t most);

} // namespace rookery::actors
