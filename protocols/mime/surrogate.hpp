/// The header of an internationalised message for a client that has not asked for UTF-8.
///
/// Source: RFC 6858 §2 (simplified downgrading), RFC 6532 (what is downgraded).
#pragma once

#include <string>
#include <string_view>

namespace rookery::mime {

/// A header with its empty line, as it can be shown to anybody:
/// - fields of ASCII, and 8-bit fields that are not UTF-8 (old mail), stay as they are;
/// - display names, Subject, Comments and Content-Description become encoded words;
/// - a domain becomes its A-labels; an address whose local part is not ASCII becomes its display
///   name, with an address at which nobody can be reached;
/// - parameters of Content-Type and Content-Disposition take the form of RFC 2231;
/// - other fields with UTF-8 are left out.
/// Time and memory grow with the header's length alone.
std::string surrogate_header(std::string_view header);

} // namespace rookery::mime
