/// The one form in which addresses are compared, stored and looked up.
///
/// Case never matters here: domains by RFC 5321 §2.4, local parts by our choice
/// (nobody hands out Ann@ and ann@ to two people). The domain is IDNA-encoded to
/// ASCII; a quoted local part is unquoted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::routing {

/// RFC 5321 §4.5.3.1: 64 + 1 + 255. A longer one is malformed.
inline constexpr std::size_t address_octets_max = 320;

/// "Ann@BÜCHER.example" → "ann@xn--bcher-kva.example". Nothing when it has no '@', an
/// empty side, a domain that is no name (and no address literal "[192.0.2.1]"), control
/// octets, or is too long. Also takes `"quoted local"@domain`.
std::optional<std::string> canonical_address(std::string_view address);
/// A domain alone; nothing when it is no name.
std::optional<std::string> canonical_domain(std::string_view domain);

/// The two sides of an address, cut at its last '@'; without one, all is `local`.
struct address_sides {
  std::string_view local, domain;
};
inline address_sides sides(std::string_view address) noexcept {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return {address, {}};
  return {address.substr(0, at), address.substr(at + 1)};
}

/// "user+lists" → {"user", "lists"}; without a '+', or with one in front, detail is empty.
struct detailed_local {
  std::string_view user, detail;
};
inline detailed_local split_detail(std::string_view local) noexcept {
  const auto plus = local.find('+');
  if (plus == std::string_view::npos || plus == 0) return {local, {}};
  return {local.substr(0, plus), local.substr(plus + 1)};
}

} // namespace rookery::routing
