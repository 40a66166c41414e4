#include "protocols/charset/idna.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"

#include <idn2.h>

#include <memory>

namespace rookery::charset {
namespace {

constexpr std::size_t name_octets_max = 253;
constexpr std::size_t label_octets_max = 63;
constexpr std::size_t input_octets_max = 4 * name_octets_max;

struct release {
  void operator()(char* p) const noexcept { idn2_free(p); }
};
using idn_text = std::unique_ptr<char, release>;

bool fits(std::string_view name) {
  if (name.empty() || name.size() > name_octets_max) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.' && label == 0) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > label_octets_max || c == '\0') return false;
  }
  return label > 0;
}

} // namespace

std::optional<std::string> domain_to_ascii(std::string_view domain) {
  if (is_ascii(domain)) return fits(domain) ? std::optional(base::to_lower(domain)) : std::nullopt;
  if (domain.size() > input_octets_max || !valid_utf8(domain) || domain.find('\0') != std::string_view::npos) return {};
  char* made = nullptr;
  const std::string zero_terminated(domain);
  if (idn2_to_ascii_8z(zero_terminated.c_str(), &made, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK) return {};
  const idn_text owned(made);
  if (!fits(made)) return {};
  return base::to_lower(made);
}

std::string domain_to_unicode(std::string_view domain) {
  auto lowered = base::to_lower(domain);
  if (lowered.size() > input_octets_max || lowered.find("xn--") == std::string::npos || lowered.find('\0') != std::string::npos) return lowered;
  char* made = nullptr;
  if (idn2_to_unicode_8z8z(lowered.c_str(), &made, 0) != IDN2_OK) return lowered;
  const idn_text owned(made);
  return valid_utf8(made) ? std::string(made) : lowered;
}

} // namespace rookery::charset
