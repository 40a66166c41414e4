/// Mailbox names between the wire and the house.
///
/// Inside the house a name is well-formed UTF-8 in Normalization Form C without control characters,
/// levels divided by '/', "INBOX" (and "INBOX/..." below it) spelled in capitals. On the wire it is modified UTF-7, or UTF-8
/// once UTF8=ACCEPT or IMAP4rev2 is on.
///
/// Source: RFC 9051 §5.1, §6.3.1, appendix A.1; RFC 3501 §5.1.3; RFC 6855 §3; RFC 5198.
#pragma once

#include "protocols/imap/limits.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::imap {

inline constexpr char hierarchy_separator = '/';

/// Reads a name from the wire. Nothing when it is no name at all: broken UTF-7 or UTF-8,
/// control characters, empty levels, too long or too deep. `trailing_separator` allows one
/// '/' at the end, which is dropped (CREATE "a/").
std::optional<std::string> read_mailbox_name(std::string_view wire, bool utf8, const server_limits&,
                                             bool trailing_separator = false);
/// A LIST reference or pattern: as a name, but wildcards, empty levels and "" are allowed.
std::optional<std::string> read_mailbox_pattern(std::string_view wire, bool utf8, const server_limits&);
/// May such a name be created? Wildcards and leading '~' or '#' (other namespaces) may not.
bool may_be_created(std::string_view name) noexcept;
/// `name` if it can stand for a namespace: one level, no wildcards, not INBOX; else "".
std::string namespace_name(std::string_view name);
/// The octets for the wire, before quoting.
std::string to_wire(std::string_view name, bool utf8);

} // namespace rookery::imap
