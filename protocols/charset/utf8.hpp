/// UTF-8: validity, lengths, one code point at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::charset {

/// No octet above 0x7f. NUL and other controls are ASCII too.
bool is_ascii(std::string_view octets) noexcept;

/// Well-formed by RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF.
bool valid_utf8(std::string_view octets) noexcept;

/// The length of the longest prefix of `octets` that is at most `octets_max` long and does not
/// cut a character in two.
std::size_t utf8_prefix(std::string_view octets, std::size_t octets_max) noexcept;

/// Reads the code point at `at` and moves `at` behind it. What begins no well-formed
/// character gives one U+FFFD for as much of it as could have begun one (Unicode §3.9). `at` must be below `octets.size()`.
char32_t next_code_point(std::string_view octets, std::size_t& at) noexcept;

/// Surrogates and what is above U+10FFFF become U+FFFD.
void append_code_point(std::string& out, char32_t code_point);

/// `octets` with each octet that belongs to no well-formed character replaced by U+FFFD.
std::string repaired_utf8(std::string_view octets);

} // namespace rookery::charset
