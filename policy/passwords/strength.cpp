#include "policy/passwords/strength.hpp"

#include "base/text.hpp"

namespace rookery::passwords {

verdict judge(std::string_view password, std::string_view address, std::size_t characters_min) noexcept {
  if (password.empty()) return verdict::empty;
  if (password.size() > password_octets_max) return verdict::too_long;
  std::size_t characters = 0;
  for (const char c : password) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) return verdict::control_octets;
    if ((octet & 0xc0) != 0x80) ++characters;
  }
  if (characters < characters_min) return verdict::too_short;
  if (characters_min > 1 && (base::iequals(password, address) || base::iequals(password, address.substr(0, address.rfind('@')))))
    return verdict::is_address;
  return verdict::fit;
}

std::string_view reason(verdict v) noexcept {
  switch (v) {
  case verdict::fit: return "the password is fit";
  case verdict::empty: return "the password is empty";
  case verdict::too_short: return "the password has fewer characters than password.characters_min asks for";
  case verdict::too_long: return "the password is longer than 256 octets";
  case verdict::control_octets: return "the password has control characters in it, which mail clients cannot send";
  case verdict::is_address: return "the password is the name of the account";
  }
  return "";
}

} // namespace rookery::passwords
