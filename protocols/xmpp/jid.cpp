#include "protocols/xmpp/jid.hpp"

#include "base/text.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/charset/precis.hpp"
#include "protocols/charset/utf8.hpp"

#include <algorithm>
#include <array>

namespace rookery::xmpp {
namespace {

constexpr std::size_t part_octets_max = 1023;
constexpr std::string_view not_in_local = "\"&'/:<>@"; // RFC 7622 §3.3.1

bool is_ipv6_literal(std::string_view text) {
  if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
  text.remove_prefix(1);
  text.remove_suffix(1);
  return text.size() <= 45 && text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

bool is_host_name(std::string_view ascii) {
  return std::all_of(ascii.begin(), ascii.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

struct escape {
  char of;
  std::string_view as;
};
constexpr std::array<escape, 10> escapes{{{' ', "\\20"}, {'"', "\\22"}, {'&', "\\26"}, {'\'', "\\27"}, {'/', "\\2f"},
                                          {':', "\\3a"}, {'<', "\\3c"}, {'>', "\\3e"}, {'@', "\\40"}, {'\\', "\\5c"}}};

/// XEP-0106 §4.2: a backslash is only escaped where it would be read as the begin of an escape.
bool begins_escape(std::string_view text) {
  return std::any_of(escapes.begin(), escapes.end(), [&](const escape& e) { return base::istarts_with(text, e.as); });
}

} // namespace

std::string jid::bare_text() const {
  std::string out;
  out.reserve(local.size() + domain.size() + resource.size() + 2);
  if (!local.empty()) out.append(local).append("@");
  out += domain;
  return out;
}

std::string jid::text() const {
  auto out = bare_text();
  if (!resource.empty()) out.append("/").append(resource);
  return out;
}

std::optional<std::string> normal_local(std::string_view text) {
  if (text.find_first_of(not_in_local) != std::string_view::npos) return {};
  auto made = charset::username_case_mapped(text);
  if (made && made->find_first_of(not_in_local) != std::string::npos) return {};
  return made;
}

std::optional<std::string> normal_domain(std::string_view text) {
  if (text.empty() || text.size() > part_octets_max) return {};
  if (is_ipv6_literal(text)) return base::to_lower(text);
  if (text.back() == '.') text.remove_suffix(1); // RFC 7622 §3.2
  const auto ascii = charset::domain_to_ascii(text);
  if (!ascii || !is_host_name(*ascii)) return {};
  auto made = charset::domain_to_unicode(*ascii);
  if (charset::domain_to_ascii(made) != ascii) return {}; // an A-label that no name has
  return made;
}

std::optional<std::string> normal_resource(std::string_view text) { return charset::opaque_string(text); }

std::optional<jid> read_jid(std::string_view text) {
  if (text.size() > 3 * part_octets_max + 2) return {};
  jid j;
  // RFC 7622 §3.1: the resource begins at the first '/', the local part ends at the first '@' before it.
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    auto resource = normal_resource(text.substr(slash + 1));
    if (!resource) return {};
    j.resource = std::move(*resource);
    text = text.substr(0, slash);
  }
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    auto local = normal_local(text.substr(0, at));
    if (!local) return {};
    j.local = std::move(*local);
    text.remove_prefix(at + 1);
  }
  auto domain = normal_domain(text);
  if (!domain) return {};
  j.domain = std::move(*domain);
  return j;
}

std::string escape_local(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto found = std::find_if(escapes.begin(), escapes.end(), [&](const escape& e) { return e.of == text[i]; });
    if (found == escapes.end() || (text[i] == '\\' && !begins_escape(text.substr(i))))
      out += text[i];
    else
      out += found->as;
  }
  return out;
}

std::string unescape_local(std::string_view local) {
  std::string out;
  for (std::size_t i = 0; i < local.size(); ++i) {
    const auto found = std::find_if(escapes.begin(), escapes.end(), [&](const escape& e) { return base::istarts_with(local.substr(i), e.as); });
    if (found == escapes.end()) {
      out += local[i];
    } else {
      out += found->of;
      i += found->as.size() - 1;
    }
  }
  return out;
}

} // namespace rookery::xmpp
