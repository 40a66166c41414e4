/// The target of a request and its parts (RFC 9112 §3.2, RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rookery::http {

struct target_parts {
  std::string_view path;  ///< Still percent-encoded; begins with '/', or is "*".
  std::string_view query; ///< Without '?'; may be empty.
};
/// Reads origin-form, absolute-form and "*". Nothing for anything else, for control
/// octets, and for octets above 126.
std::optional<target_parts> read_target(std::string_view target) noexcept;

/// "%41" becomes "A". Nothing when a '%' is not followed by two hex digits, or stands
/// for NUL.
std::optional<std::string> percent_decoded(std::string_view text);
/// The decoded value of `name` in "a=1&b=2" ('+' is a space); nothing when absent or broken.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

} // namespace rookery::http
