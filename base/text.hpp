/// ASCII text without a locale: folding, trimming, numbers, hex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::base {

constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char ascii_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_alnum(char c) noexcept { return is_digit(c) || is_alpha(c); }
constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Equal when ASCII case is ignored; other octets must be the same.
bool iequals(std::string_view a, std::string_view b) noexcept;
bool istarts_with(std::string_view text, std::string_view prefix) noexcept;
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
/// Without spaces, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text) noexcept;
/// Parts between `separator`, empty ones kept; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Decimal digits only, no sign, no overflow; nothing else before or after.
std::optional<std::uint64_t> parse_u64(std::string_view text) noexcept;
std::optional<std::uint32_t> parse_u32(std::string_view text) noexcept;
/// Appends the decimal form without an allocation of its own.
void append_number(std::string& out, std::uint64_t number);

std::string to_hex(std::string_view octets);
/// Nothing when the length is odd or a character is no hex digit.
std::optional<std::string> from_hex(std::string_view text);

/// `text` with control octets and invalid UTF-8 replaced by '?', at most `octets_max` long:
/// what may stand in a log line when it comes from a stranger.
std::string printable(std::string_view text, std::size_t octets_max = 200);

} // namespace rookery::base
