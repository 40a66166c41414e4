/// Is a password fit to protect a mailbox?
#pragma once

#include <cstddef>
#include <string_view>

namespace rookery::passwords {

inline constexpr std::size_t password_octets_max = 256; ///< what a login may carry (protocols/sasl)

enum class verdict : unsigned char {
  fit,
  empty,
  too_short,     ///< fewer characters than the setting `password.characters_min`
  too_long,      ///< above `password_octets_max`
  control_octets,///< clients cannot send them (RFC 4013 §2.3)
  is_address     ///< it is the account's address or local part
};
verdict judge(std::string_view password, std::string_view address, std::size_t characters_min) noexcept;
/// One sentence for a person.
std::string_view reason(verdict) noexcept;

} // namespace rookery::passwords
