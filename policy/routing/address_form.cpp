#include "policy/routing/address_form.hpp"

#include "base/text.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/charset/utf8.hpp"

namespace rookery::routing {
namespace {

constexpr std::size_t domain_octets_max = 253; // RFC 1035 §2.3.4, without the dot at the end
constexpr std::size_t label_octets_max = 63;

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool beyond_ascii(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

/// Appends the domain in lower case; false when it is no name.
bool append_ascii_domain(std::string& out, std::string_view domain) {
  if (domain.empty() || domain.size() > domain_octets_max) return false;
  std::size_t label = 0;
  for (const char c : domain) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (base::is_alnum(c) || c == '-' || c == '_') {
      if (++label > label_octets_max) return false;
    } else {
      return false;
    }
    out.push_back(base::ascii_lower(c));
  }
  return label != 0;
}

bool append_domain(std::string& out, std::string_view domain) {
  if (domain.size() > 1 && domain.back() == '.') domain.remove_suffix(1);
  for (const char c : domain)
    if (beyond_ascii(c)) {
      const auto ascii = charset::domain_to_ascii(domain);
      return ascii && append_ascii_domain(out, *ascii);
    }
  return append_ascii_domain(out, domain);
}

/// RFC 5321 §4.1.3: [192.0.2.1], [IPv6:2001:db8::1].
bool append_literal(std::string& out, std::string_view domain) {
  if (domain.size() < 4 || domain.back() != ']') return false;
  for (const char c : domain.substr(1, domain.size() - 2))
    if (!base::is_alnum(c) && c != '.' && c != ':' && c != '-') return false;
  out += base::to_lower(domain);
  return true;
}

bool append_local(std::string& out, std::string_view local) {
  std::string unquoted;
  if (local.size() >= 2 && local.front() == '"' && local.back() == '"') {
    local = local.substr(1, local.size() - 2);
    if (local.find('\\') != std::string_view::npos) {
      for (std::size_t i = 0; i < local.size(); ++i) {
        if (local[i] == '\\' && ++i == local.size()) return false;
        unquoted.push_back(local[i]);
      }
      local = unquoted;
    }
  }
  if (local.empty()) return false;
  bool ascii = true;
  for (const char c : local) {
    if (is_control(c)) return false;
    ascii = ascii && !beyond_ascii(c);
  }
  if (ascii) {
    for (const char c : local) out.push_back(base::ascii_lower(c));
    return true;
  }
  if (!charset::valid_utf8(local)) return false;
  out += base::to_lower(charset::fold_for_search(local));
  return true;
}

} // namespace

std::optional<std::string> canonical_domain(std::string_view domain) {
  std::string out;
  if (!append_domain(out, domain)) return std::nullopt;
  return out;
}

std::optional<std::string> canonical_address(std::string_view address) {
  if (address.size() > address_octets_max) return std::nullopt;
  const auto [local, domain] = sides(address);
  if (local.empty() || domain.empty()) return std::nullopt;
  std::string out;
  out.reserve(address.size());
  if (!append_local(out, local)) return std::nullopt;
  out.push_back('@');
  const bool fits = domain.front() == '[' ? append_literal(out, domain) : append_domain(out, domain);
  if (!fits || out.size() > address_octets_max) return std::nullopt;
  return out;
}

} // namespace rookery::routing
