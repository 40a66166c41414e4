/// Undoes a transfer encoding in pieces.
#pragma once

#include "protocols/encoding/base64.hpp"
#include "protocols/encoding/quoted_printable.hpp"
#include "protocols/mime/content.hpp"

#include <string>
#include <string_view>

namespace rookery::mime {

/// Appends what is decoded; pieces may be cut anywhere. uuencode ends at "end"; what stands before
/// "begin" is dropped. 7bit, 8bit, binary and unknown pass as they are.
class transfer_decoder {
public:
  explicit transfer_decoder(transfer_encoding e) noexcept : encoding_(e) {}
  void decode(std::string_view text, std::string& out);
  void finish(std::string& out);

private:
  void uuencode_line(std::string_view line, std::string& out);

  transfer_encoding encoding_;
  encoding::base64_decoder base64_;
  encoding::quoted_printable_decoder quoted_printable_;
  std::string line_; ///< uuencode: a line that is not complete, at most 1,000 octets of it.
  enum class place : std::uint8_t { before, within, behind } uuencode_ = place::before;
};

} // namespace rookery::mime
