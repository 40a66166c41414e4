/// Folders of a Maildir: directories beside cur, new and tmp.
///
/// Maildir++ (https://www.courier-mta.org/imap/README.maildirquota.html): ".Sent.2026" in one directory, '.'
/// between levels. The layout "fs" of Dovecot: Sent/2026, a directory a level. Names in modified UTF-7
/// (RFC 3501 §5.1.3), or in UTF-8 where that cannot be read. Ours are UTF-8 with '/' between levels.
/// Source: RFC 3501 §5.1.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::maildir {

enum class layout : std::uint8_t { maildirpp, fs };
std::optional<layout> layout_named(std::string_view) noexcept;

/// The mailbox of a directory: ".Sent.2026", or "Sent/2026" with `fs`; "" is INBOX. Nothing when it is
/// none: no name of ours, or one of the Maildir's own directories.
std::optional<std::string> mailbox_of(std::string_view directory, layout);
/// The directory of a mailbox below the Maildir; "" for INBOX. A '.' in a name becomes "&AC4-", which
/// `mailbox_of` and lenient readers of modified UTF-7 understand; so does the first letter of a level that
/// would otherwise be called as one of the Maildir's own files.
std::string directory_of(std::string_view mailbox, layout);

/// The file `subscriptions` (both versions of Dovecot) or `courierimapsubscribed`: mailboxes of ours.
/// Names that are none are left out.
std::vector<std::string> read_subscriptions(std::string_view file, layout);
/// In Dovecot's second version.
std::string write_subscriptions(const std::vector<std::string>& mailboxes);

/// The UIDs of `dovecot-uidlist` (version 1 or 3): base names of files in the order of their UIDs.
std::vector<std::string_view> read_uid_order(std::string_view file);

} // namespace rookery::maildir
