/// Internationalised domain names (IDNA 2008 with the UTS #46 mapping) through libidn2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rookery::charset {

/// "bücher.example" → "xn--bcher-kva.example", in lower case. ASCII names are lowered and
/// otherwise left as they are. Nothing when `domain` is no valid name or too long
/// (253 octets; 63 a label).
std::optional<std::string> domain_to_ascii(std::string_view domain);

/// "xn--bcher-kva.example" → "bücher.example". A name that cannot be converted is given back
/// lowered.
std::string domain_to_unicode(std::string_view domain);

} // namespace rookery::charset
