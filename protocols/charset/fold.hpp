/// Case folding and searching as i;unicode-casemap does (RFC 5051).
#pragma once

#include <string>
#include <string_view>

namespace rookery::charset {

/// Each character titlecased and then fully decomposed (RFC 5051 §2), as UTF-8. Two texts are
/// equal to a human eye that ignores case when their folded forms are the same octets; order of
/// the octets is the order of the collation. ASCII becomes upper case. Malformed octets become
/// U+FFFD.
std::string fold_for_search(std::string_view utf8);
/// As above, appended to `out`.
void append_folded(std::string& out, std::string_view utf8);

/// Does `utf8` (not folded) contain `folded_needle` (from `fold_for_search`)? The empty needle is
/// in everything. No allocation when `utf8` is ASCII.
bool contains_folded(std::string_view utf8, std::string_view folded_needle);

} // namespace rookery::charset
