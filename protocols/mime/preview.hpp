/// The text by which a person recognises a message (RFC 8970).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::mime {

/// The first `characters_max` characters of `utf8`, white space collapsed, invisible characters left out.
std::string preview_of_text(std::string_view utf8, std::uint32_t characters_max);

/// As above of HTML: without tags, comments, head, style and script, with character references undone.
std::string preview_of_html(std::string_view utf8, std::uint32_t characters_max);

} // namespace rookery::mime
