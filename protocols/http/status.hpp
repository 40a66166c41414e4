/// Status codes and their phrases (RFC 9110 §15).
#pragma once

#include <cstdint>
#include <string_view>

namespace rookery::http {

/// "Not Found" and so on; "Unknown" for codes that RFC 9110 does not name.
std::string_view phrase(std::uint16_t status) noexcept;
/// RFC 9110 §6.4.1: 1xx, 204 and 304 have no body.
constexpr bool has_body(std::uint16_t status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

} // namespace rookery::http
