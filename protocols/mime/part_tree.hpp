/// The parts of a message, where they stand in its octets, and their compact stored form.
#pragma once

#include "protocols/mime/content.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

enum class part_kind : std::uint8_t {
  leaf,
  multipart, ///< Children are its body parts.
  message    ///< message/rfc822 or message/global: the one child is the root of the message inside.
};

/// One part; offsets count from the first octet of the whole message.
struct part {
  part_kind kind = part_kind::leaf;
  transfer_encoding encoding = transfer_encoding::seven_bit;
  bool attachment = false;         ///< Said so, or has a file name and is no text.
  std::uint32_t depth = 0;         ///< 0 for the message itself.
  std::uint32_t children = 0;      ///< Direct ones.
  std::uint32_t descendants = 0;   ///< Parts that follow in the vector and lie within.
  std::uint64_t header_offset = 0;
  std::uint64_t header_octets = 0; ///< With the empty line.
  std::uint64_t body_offset = 0;
  std::uint64_t body_octets = 0;   ///< Without the line end before a boundary.
  std::uint64_t body_lines = 0;    ///< Line ends within it.
  std::string type;                ///< "text/plain", lower case.
  std::string charset;             ///< Of text, as written; may be empty.
};

/// Parts in the order of the message, a parent before its children; [0] is the message itself.
using part_tree = std::vector<part>;

/// Smallest stored form; read by `read_parts` of this and later versions.
std::string write_parts(const part_tree&);
/// Nothing when `stored` is damaged: also checks that the tree is one and lies in order.
std::optional<part_tree> read_parts(std::string_view stored);

} // namespace rookery::mime
