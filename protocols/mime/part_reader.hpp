/// From an IMAP section to octets of the stored message (RFC 9051 §6.4.5, RFC 3516).
#pragma once

#include "protocols/mime/part_tree.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rookery::mime {

enum class section_kind : std::uint8_t {
  all,               ///< BODY[], BODY[1.2], BINARY[1.2]
  header,            ///< BODY[HEADER], BODY[4.HEADER]
  header_fields,     ///< octets are the header's: pass them through `mime::header_fields`
  header_fields_not, ///< as above
  text,              ///< BODY[TEXT], BODY[4.TEXT]
  mime               ///< BODY[4.MIME]; needs a path
};

/// Where the section stands, and what must be undone for BINARY.
struct section {
  std::uint64_t offset = 0;
  std::uint64_t octets = 0;
  transfer_encoding encoding = transfer_encoding::seven_bit; ///< Only for `all` with a path.
  const mime::part* part = nullptr; ///< Lives as long as the tree.
};

/// Nothing when the message has no such part, or the part is no message for HEADER and TEXT.
/// Numbering: a non-multipart message has the one part 1; the parts of a message/rfc822 are
/// counted within it. `path` empty means the whole message, for which `message_octets` is its size.
std::optional<section> find_section(const part_tree& tree, std::span<const std::uint32_t> path,
                                    section_kind kind, std::uint64_t message_octets);

/// What BINARY[...] gives of the section's octets; nothing when the encoding is not known
/// (answer UNKNOWN-CTE). The size of it is BINARY.SIZE.
std::optional<std::string> decode_section(const section&, std::string_view section_octets);

} // namespace rookery::mime
