/// Modified UTF-7, the mailbox names of IMAP4rev1 (RFC 3501 §5.1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rookery::charset {

/// UTF-8 from modified UTF-7. Strict: nothing for 8-bit or control octets, for a shift that does
/// not end, for encoded printable ASCII, for superfluous shifts ("-&", two in a row), bad padding
/// bits or lone surrogates. So each name has exactly one form.
std::optional<std::string> from_modified_utf7(std::string_view name);

/// Modified UTF-7 from UTF-8; nothing when `utf8` is not well-formed.
std::optional<std::string> to_modified_utf7(std::string_view utf8);

} // namespace rookery::charset
