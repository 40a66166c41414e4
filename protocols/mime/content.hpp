/// What a part says about its content: type, disposition, transfer encoding (RFC 2045, RFC 2183).
#pragma once

#include "protocols/encoding/parameters.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

enum class transfer_encoding : std::uint8_t { seven_bit, eight_bit, binary, quoted_printable, base64, uuencode, unknown };

/// "7bit", "8bit", ... of the token, comments and case ignored; absent is 7bit.
transfer_encoding read_transfer_encoding(std::string_view value) noexcept;
/// "quoted-printable" and so on; "7bit" for unknown.
std::string_view name_of(transfer_encoding) noexcept;
/// Can we undo it?
constexpr bool decodable(transfer_encoding e) noexcept { return e != transfer_encoding::unknown; }

/// Undoes the whole of a body. An unknown encoding leaves the octets as they are.
std::string decode_transfer(transfer_encoding, std::string_view body);

struct content_type {
  std::string type = "text";     ///< Lower case.
  std::string subtype = "plain"; ///< Lower case.
  std::vector<encoding::parameter> parameters;

  bool is(std::string_view t, std::string_view s) const noexcept { return type == t && subtype == s; }
  /// The named parameter's raw value, or "".
  std::string_view value_of(std::string_view name) const noexcept;
};

/// Nothing readable ("", "text", "foo") gives text/plain without parameters.
content_type read_content_type(std::string_view value);

struct content_disposition {
  std::string kind; ///< "attachment", "inline", ...; lower case, empty when absent.
  std::vector<encoding::parameter> parameters;
};
content_disposition read_content_disposition(std::string_view value);

} // namespace rookery::mime
