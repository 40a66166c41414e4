/// Strings in the wire form of IMAP, for summaries and whoever prints the like.
#pragma once

#include <string>
#include <string_view>

namespace rookery::mime {

/// Appends `octets` as a quoted string when it is ASCII in one line and below 1,000 octets, else as
/// a literal. NUL is left out.
void append_string(std::string& out, std::string_view octets);
/// "NIL" for nothing.
void append_nstring(std::string& out, std::string_view octets, bool present);

} // namespace rookery::mime
