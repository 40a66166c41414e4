/// Parts of a file, and answers without one: Range, If-Range, If-None-Match (RFC 9110 §13, §14).
#pragma once

#include "protocols/http/field.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rookery::http {

/// How a file is given to who asks for it.
struct file_answer {
  std::uint16_t status = 200;        ///< 200, 206, 304 or 416
  std::uint64_t first = 0;           ///< of its octets
  std::uint64_t length = 0;          ///< how many are sent; 0 with 304 and 416
  field_list fields;                 ///< ETag, Accept-Ranges, Content-Range
};

/// `tag` is the file's entity tag with its quotes; it never changes for this file. One range of octets is given; several at
/// once, other units and what cannot be read are no ranges (RFC 9110 §14.2): the whole file. `ranges`: the method is GET.
file_answer answer_for_file(std::span<const field> request, std::uint64_t octets, std::string_view tag, bool ranges);

} // namespace rookery::http
