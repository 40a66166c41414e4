/// Header fields of HTTP/1.1, read strictly (RFC 9112 §5, RFC 9110 §5).
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::http {

struct field {
  std::string_view name;  ///< As it came; compare without case.
  std::string_view value; ///< Without white space at both ends.
};
/// Fields a caller adds to what it sends.
struct owned_field {
  std::string name, value;
};
using field_list = std::vector<owned_field>;

/// The first field of this name; null when there is none.
const field* find(std::span<const field> fields, std::string_view name) noexcept;
std::size_t count(std::span<const field> fields, std::string_view name) noexcept;
/// Is `item` in one of the comma lists of this name (Connection, Transfer-Encoding)?
bool lists(std::span<const field> fields, std::string_view name, std::string_view item) noexcept;

/// RFC 9110 §5.6.2.
bool is_token(std::string_view text) noexcept;
/// May this stand as a field's value: no control octet but tab (so no CR, no LF)?
bool is_field_value(std::string_view text) noexcept;

enum class field_error : std::uint8_t { malformed, too_many };
/// Reads the lines of `block`: each ends with CRLF, no empty one. Views into `block`.
/// Refused: bare CR or LF, folded lines, white space before the colon, no token as name.
base::result<std::vector<field>, field_error> read_fields(std::string_view block, std::size_t fields_max);

/// How the body of a message is delimited.
struct framing {
  bool chunked = false;
  std::optional<std::uint64_t> length;
};
enum class framing_error : std::uint8_t {
  contradictory, ///< Both lengths, several lengths, or no number: request smuggling (RFC 9112 §6.3).
  unknown_coding ///< A transfer coding other than chunked.
};
base::result<framing, framing_error> read_framing(std::span<const field> fields);

} // namespace rookery::http
