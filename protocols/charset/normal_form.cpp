#include "protocols/charset/normal_form.hpp"

#include "base/check.hpp"
#include "protocols/charset/utf8.hpp"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include <vector>

namespace rookery::charset {

std::string to_nfc(std::string_view utf8) {
  if (is_ascii(utf8)) return std::string(utf8);
  UErrorCode error = U_ZERO_ERROR;
  static const UNormalizer2* const composition = unorm2_getNFCInstance(&error);
  base::check(composition != nullptr, "ICU has no NFC data");
  const auto octets = static_cast<std::int32_t>(utf8.size());
  std::vector<UChar> units(utf8.size());
  std::int32_t n = 0;
  u_strFromUTF8(units.data(), octets, &n, utf8.data(), octets, &error);
  base::check(U_SUCCESS(error), "to_nfc wants well-formed UTF-8");
  if (unorm2_isNormalized(composition, units.data(), n, &error) && U_SUCCESS(error)) return std::string(utf8);
  // One unit becomes three at most (Unicode §NFC expansion in UTF-16).
  std::vector<UChar> made(static_cast<std::size_t>(n) * 3);
  const auto m = unorm2_normalize(composition, units.data(), n, made.data(), static_cast<std::int32_t>(made.size()), &error);
  std::string out(static_cast<std::size_t>(m) * 3, '\0');
  std::int32_t used = 0;
  u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &used, made.data(), m, &error);
  base::check(U_SUCCESS(error), "a normalized text fits");
  out.resize(static_cast<std::size_t>(used));
  return out;
}

} // namespace rookery::charset
