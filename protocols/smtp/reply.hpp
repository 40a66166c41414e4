/// One reply as the server sends it.
///
/// Source: RFC 5321 §4.2, §4.2.1 (multiline), RFC 2034 and RFC 3463 (enhanced codes).
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::smtp {

/// `text` may have several lines, cut by '\n'. Control octets in it become '?'; a line is cut
/// so that it fits into 512 octets (RFC 5321 §4.5.3.1.5).
struct reply {
  std::uint16_t code = 250;
  std::string enhanced; ///< "2.1.0", or empty: then none is written
  std::string text;

  bool accepted() const noexcept { return code < 400; }
};

/// Appends the reply with its CRLFs.
void append_reply(base::buffer& out, std::uint16_t code, std::string_view enhanced, std::string_view text);
inline void append_reply(base::buffer& out, const reply& r) { append_reply(out, r.code, r.enhanced, r.text); }

} // namespace rookery::smtp
