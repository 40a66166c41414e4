/// Quoted-printable (RFC 2045 §6.7).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rookery::encoding {

/// Tolerant and in pieces: a wrong "=xy" stays as it stands, 8-bit octets pass, lower-case hex is
/// read, white space at a line's end is dropped (at most 998 octets of it are held back), LF and
/// CRLF both end a line and are kept as they are.
class quoted_printable_decoder {
public:
  void decode(std::string_view text, std::string& out);
  /// The text ends: gives what was held back.
  void finish(std::string& out);
  /// True when a wrong "=xy" was met.
  bool damaged() const noexcept { return damaged_; }

private:
  std::string held_; ///< "=", "=x" or white space that may end a line.
  bool damaged_ = false;
};

std::string quoted_printable_decode(std::string_view text);

/// For bodies that are text: lines of at most 76 characters, CRLF and LF both become CRLF line
/// ends, white space at a line's end and a leading "From " or "." are encoded.
std::string quoted_printable_encode(std::string_view text);

/// For bodies of any kind, in pieces cut anywhere: only CRLF is a line end, a CR or LF alone is encoded, so
/// that the very octets come back. Lines of at most 76 characters; white space at a line's end and a "." at
/// its begin are encoded.
class quoted_printable_encoder {
public:
  void encode(std::string_view octets, std::string& out);
  /// The body ends: what was held back is encoded, for a line end may follow.
  void finish(std::string& out);

private:
  void put(char c, bool as_is, std::string& out);

  char blank_ = 0;      ///< A space or tab that may end a line.
  bool cr_ = false;     ///< Behind it, a CR that may be half of a line end.
  std::size_t column_ = 0;
};

} // namespace rookery::encoding
