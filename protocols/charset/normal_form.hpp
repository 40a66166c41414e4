/// Unicode normalization.
#pragma once

#include <string>
#include <string_view>

namespace rookery::charset {

/// Well-formed UTF-8 in Normalization Form C (RFC 5198 §3): what looks the same is the same octets.
/// ASCII is given back as it is.
std::string to_nfc(std::string_view utf8);

} // namespace rookery::charset
