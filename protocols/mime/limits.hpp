/// Bounds on what a stranger can grow inside one message.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rookery::mime {

/// What lies beyond a bound is not lost: it is scanned as the plain body of the part it is in.
struct limits {
  /// Nested multiparts and messages. Forward chains of people reach about twenty.
  std::uint32_t depth = 100;
  /// Parts of one message in all; digests of lists reach some hundreds.
  std::uint32_t parts = 2'000;
  /// Octets of one header that are read for its meaning; the header's length is counted beyond.
  std::uint32_t header_octets = 256 * 1024;
  /// Octets of the headers of all parts together that are read for their meaning, so that the
  /// summary of a hostile message stays below about this.
  std::uint32_t all_header_octets = 512 * 1024;
  /// Fields of one header that are looked at.
  std::uint32_t fields = 2'000;
  /// Addresses of one ENVELOPE field; more are left out.
  std::uint32_t addresses = 4'000;
  /// Message ids kept for threading: the first and the latest of a longer list.
  std::uint32_t references = 200;
  /// Octets of a body that are kept for the preview: text, and HTML which needs more.
  std::uint32_t preview_text_octets = 4 * 1024;
  std::uint32_t preview_html_octets = 48 * 1024;
  /// Characters of a preview (RFC 8970 §3.1).
  std::uint32_t preview_characters = 200;
};

} // namespace rookery::mime
