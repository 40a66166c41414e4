/// Encoded words in header fields (RFC 2047, with the language tag of RFC 2231 §5).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rookery::encoding {

/// The value of a header field as UTF-8 without folds: CRLF and LF before white space are removed
/// and others become a space; encoded words are decoded wherever they stand, white space between two of them is dropped, and words
/// of the same charset that cut a character between them are joined first. Spaces inside a
/// Q-word and unknown charsets are tolerated; what is no word stays. 8-bit octets are kept when they
/// are UTF-8, else read as windows-1252. NUL and other controls but tab become spaces.
std::string decode_words(std::string_view value);
/// As above, appended to `out`.
void append_decoded_words(std::string& out, std::string_view value);

/// Does `value` need `decode_words`, or is it plain ASCII text in one line already?
bool needs_decoding(std::string_view value) noexcept;

/// `utf8` for an unstructured field or a display name: as it is when it is printable ASCII that
/// looks like no encoded word, else encoded words of at most 75 characters separated by spaces.
std::string encode_words(std::string_view utf8);

} // namespace rookery::encoding
