/// Texts with places to be filled in: "{local}@archive.{domain}". "{{" is a brace.
///
/// Pure; thread-safe. Values are put in as they are and not read again, so that nothing in them
/// is taken for a macro.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rookery::forwarding {

inline constexpr std::size_t macro_text_octets_max = 10000;

struct macro_value {
  std::string_view name, value;
};

struct macro_error {
  std::size_t offset = 0;
  std::string_view what;       ///< a literal, for the administrator
};

/// When a setting is written: are all places closed and known?
base::result<void, macro_error> check_macros(std::string_view text, std::span<const std::string_view> names);
/// Places without a value stay empty. Nothing when the result would be longer than `octets_max`
/// or the text is malformed.
std::optional<std::string> expand(std::string_view text, std::span<const macro_value> values, std::size_t octets_max);

} // namespace rookery::forwarding
