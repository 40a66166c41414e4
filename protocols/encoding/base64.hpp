/// Base64 (RFC 4648 §4): strict for SASL, tolerant and in pieces for MIME.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::encoding {

std::string base64_encode(std::string_view octets);
/// Appends `octets` in lines of 76 characters, each ended by CRLF (RFC 2045 §6.8).
void append_base64_lines(std::string& out, std::string_view octets);

/// Strict: the alphabet, whole groups of four with their padding and zero spare bits; nothing
/// else, no spaces. The empty text gives the empty string.
std::optional<std::string> base64_decode(std::string_view text);

/// Tolerant, for bodies (RFC 2045 §6.8): other characters are skipped, padding may be absent, and
/// text that goes on after padding is decoded as the begin of another run. Pieces may be cut anywhere.
class base64_decoder {
public:
  void decode(std::string_view text, std::string& out);
  /// The text ends: decodes the last incomplete group as far as it goes.
  void finish(std::string& out);
  /// True when something but the alphabet, padding and white space was met.
  bool damaged() const noexcept { return damaged_; }

private:
  std::uint32_t bits_ = 0;
  unsigned count_ = 0;
  bool damaged_ = false;
};

} // namespace rookery::encoding
