/// The parameters of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::encoding {

/// More parameters of one field than this are ignored, and so is what a continuation adds beyond
/// the octets: a stranger writes these.
inline constexpr std::size_t parameters_max = 64;
inline constexpr std::size_t parameter_octets_max = 16 * 1024;

/// One parameter, its continuations already joined in order (RFC 2231 §3).
struct parameter {
  std::string name;      ///< Lower case, without "*0" and "*".
  std::string value;     ///< As sent, unquoted. When `extended`: "charset'language'percent-text".
  bool extended = false; ///< RFC 2231 §4: the value carries a charset.

  /// The value as UTF-8: percent text and charset undone, or encoded words (wrong, but common).
  std::string decoded() const;
};

/// Reads what follows the first token of the field: "; name=value; ...". Tolerant: comments,
/// folds, missing semicolons and quotes, spaces around "=", doubled names (the first wins).
std::vector<parameter> read_parameters(std::string_view text);

/// The parameter of that name (lower case), or nothing.
const parameter* find_parameter(const std::vector<parameter>& all, std::string_view name) noexcept;

/// Appends `; name=value`, quoted or in RFC 2231 form when it must be.
void append_parameter(std::string& out, std::string_view name, std::string_view utf8);

} // namespace rookery::encoding
