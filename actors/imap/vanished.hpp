/// Which of the UIDs that a client knows are gone (RFC 7162 §3.2.5, §3.2.6).
#pragma once

#include "protocols/imap/command.hpp"
#include "protocols/imap/sequence_set.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>

namespace rookery::actors {

/// Expunges looked up at most; when there were more, all known UIDs are compared.
inline constexpr std::size_t vanished_max = 100'000;

/// UIDs of `known` that are not in `view` any more: those that `gone` names, or, where it is not
/// complete, all.
imap::number_ranges vanished_among(const storage::mail::mailbox_view& view, const storage::mail::vanished_uids& gone,
                                   const imap::number_ranges& known);

/// RFC 7162 §3.2.5.2: the client says which UIDs some message numbers had. Up to the last pair
/// that is still so, nothing has vanished: gives that UID, or 0.
std::uint32_t last_match(const storage::mail::mailbox_view& view, const imap::qresync_parameters&);

} // namespace rookery::actors
