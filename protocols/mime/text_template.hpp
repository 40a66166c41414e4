/// Texts of notices that an operator may rewrite: a subject, a body, and named macros.
///
///   Subject: Not delivered: $(subject)
///
///   This is the mail system at $(host).
///   $(each)
///   $(recipient): $(reason)
///   $(end)
///
/// Lines between $(each) and $(end) are written once an item (a recipient). A line with macros all of which
/// are empty is left out. "$$" is a dollar sign; other dollars are themselves. UTF-8. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rookery::mime {

inline constexpr std::size_t template_octets_max = 64 * 1024;
/// What a macro may put in; more is cut at a character.
inline constexpr std::size_t macro_octets_max = 2'000;

using macro_values = std::map<std::string, std::string, std::less<>>;

struct text_template {
  std::string subject, body; ///< body with LF line ends
};

enum class template_fault : std::uint8_t {
  too_long, not_utf8,
  no_subject,    ///< the first line is not "Subject: …", or no empty line follows
  unknown_macro, ///< or "$(" without ")"
  blocks         ///< $(each) and $(end) do not stand alone in a line, in turn
};

/// `known`: the macros that may stand there.
base::result<text_template, template_fault> read_template(std::string_view file, std::span<const std::string_view> known);

struct expanded_text {
  std::string subject; ///< one line
  std::string body;    ///< LF line ends
};
/// In the block an item's values come before the common ones. CR, LF and other controls in values become
/// spaces, but LF in the body becomes a line that is indented like the one it began in.
expanded_text expand(const text_template&, const macro_values& common, std::span<const macro_values> items = {});

} // namespace rookery::mime
