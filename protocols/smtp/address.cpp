#include "protocols/smtp/address.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/smtp/limits.hpp"

#include <algorithm>

namespace rookery::smtp {

namespace {

constexpr bool atext(char c) noexcept {
  return base::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool dot_string(std::string_view text) noexcept {
  bool after_dot = true;
  for (const char c : text) {
    if (c == '.' ? after_dot : !atext(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

/// Dots at the ends or in a row are not in the grammar, but some phone companies gave such names out.
bool lenient_dot_string(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || atext(c); });
}

bool ipv4(std::string_view text) noexcept {
  for (unsigned parts = 1;; ++parts) {
    const auto dot = text.find('.');
    const auto number = base::parse_u32(text.substr(0, dot));
    if (!number || *number > 255 || std::min(dot, text.size()) > 3) return false;
    if (dot == std::string_view::npos) return parts == 4;
    if (parts == 4) return false;
    text.remove_prefix(dot + 1);
  }
}

bool ipv6(std::string_view text) noexcept {
  unsigned groups = 0;
  bool compressed = false;
  if (text.starts_with("::")) {
    compressed = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const auto colon = text.find(':');
    const auto part = text.substr(0, colon);
    if (colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      if (!ipv4(part)) return false;
      groups += 2;
      break;
    }
    if (part.empty() || part.size() > 4) return false;
    for (const char c : part)
      if (!base::is_digit(c) && !(base::ascii_lower(c) >= 'a' && base::ascii_lower(c) <= 'f')) return false;
    ++groups;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
    if (text.front() == ':') {
      if (compressed) return false;
      compressed = true;
      text.remove_prefix(1);
      if (text.empty()) break;
    }
  }
  return compressed ? groups <= 7 : groups == 8;
}

/// Reads a local part up to its '@' (or '>' or the end) and drops it.
bool take_local_part(std::string_view& text, std::string& out) {
  if (!text.empty() && text.front() == '"') {
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\' && ++i == text.size()) return false;
      const auto c = static_cast<unsigned char>(text[i]);
      if (c < 0x20 || c == 0x7f) return false;
      out.push_back(text[i]);
    }
    if (i >= text.size() || out.empty()) return false;
    text.remove_prefix(i + 1);
    return charset::valid_utf8(out);
  }
  const auto end = std::min(text.find_first_of("@>"), text.size());
  const auto local = text.substr(0, end);
  if (!lenient_dot_string(local) || !charset::valid_utf8(local)) return false;
  out = local;
  text.remove_prefix(end);
  return true;
}

std::optional<address_error> take_domain(std::string_view& text, std::string& out) {
  const bool literal = !text.empty() && text.front() == '[';
  const auto stop = literal ? text.find(']') : text.find('>');
  if (literal && stop == std::string_view::npos) return address_error::domain;
  const auto end = literal ? stop + 1 : std::min(stop, text.size());
  const auto domain = text.substr(0, end);
  if (domain.size() > domain_octets_max) return address_error::too_long;
  if (literal ? !valid_address_literal(domain) : !valid_domain(domain)) return address_error::domain;
  out = domain;
  text.remove_prefix(end);
  return {};
}

/// "@a.example,@b.example:" in front of the mailbox.
bool skip_source_route(std::string_view& text) {
  if (text.empty() || text.front() != '@') return true;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon > text.find_first_of("\">")) return false;
  auto route = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  while (!route.empty()) {
    const auto comma = route.find(',');
    const auto hop = route.substr(0, comma);
    if (hop.empty() || hop.front() != '@' || !valid_domain(hop.substr(1))) return false;
    route.remove_prefix(comma == std::string_view::npos ? route.size() : comma + 1);
  }
  return true;
}

base::result<mailbox, address_error> take_mailbox(std::string_view& text) {
  mailbox m;
  if (!take_local_part(text, m.local_part)) return base::fail(address_error::local_part);
  if (m.local_part.size() > local_part_octets_max) return base::fail(address_error::too_long);
  if (text.empty() || text.front() != '@') return m;
  text.remove_prefix(1);
  if (const auto error = take_domain(text, m.domain)) return base::fail(*error);
  return m;
}

} // namespace

bool valid_domain(std::string_view domain) noexcept {
  if (domain.empty() || domain.size() > domain_octets_max) return false;
  std::size_t label = 0;
  char last = '.';
  for (const char c : domain) {
    if (c == '.') {
      if (label == 0 || last == '-') return false;
      label = 0;
    } else {
      if (!base::is_alnum(c) && c != '-' && c != '_' && static_cast<unsigned char>(c) < 0x80) return false;
      if (c == '-' && label == 0) return false;
      if (++label > 63) return false;
    }
    last = c;
  }
  return label > 0 && last != '-' && charset::valid_utf8(domain);
}

bool valid_address_literal(std::string_view literal) noexcept {
  if (literal.size() < 3 || literal.front() != '[' || literal.back() != ']') return false;
  const auto inside = literal.substr(1, literal.size() - 2);
  if (ipv4(inside)) return true;
  if (base::istarts_with(inside, "IPv6:")) return ipv6(inside.substr(5));
  // RFC 5321 §4.1.3: "tag:" and dcontent, for forms to come.
  const auto colon = inside.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == inside.size()) return false;
  for (const char c : inside.substr(0, colon))
    if (!base::is_alnum(c) && c != '-') return false;
  for (const char c : inside.substr(colon + 1))
    if (c < 0x21 || c > 0x7e || c == '[' || c == '\\' || c == ']') return false;
  return base::is_alnum(inside[colon - 1]);
}

bool mailbox::has_utf8() const noexcept { return !charset::is_ascii(local_part) || !charset::is_ascii(domain); }

std::string mailbox::text() const {
  if (null()) return {};
  std::string out;
  out.reserve(local_part.size() + domain.size() + 3);
  if (dot_string(local_part)) {
    out = local_part;
  } else {
    out.push_back('"');
    for (const char c : local_part) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  if (domain.empty()) return out;
  out.push_back('@');
  for (const char c : domain) out.push_back(base::ascii_lower(c));
  return out;
}

std::string mailbox::key() const { return base::to_lower(text()); }

base::result<mailbox, address_error> read_path(std::string_view& text, path_rules rules) {
  if (text.empty() || text.front() != '<') return base::fail(address_error::syntax);
  auto rest = text.substr(1);
  if (rest.starts_with('>')) {
    if (!rules.null) return base::fail(address_error::syntax);
    text = rest.substr(1);
    return mailbox{};
  }
  if (!skip_source_route(rest)) return base::fail(address_error::syntax);
  auto m = take_mailbox(rest);
  if (!m) return m;
  if (rest.empty() || rest.front() != '>') return base::fail(m->domain.empty() ? address_error::local_part : address_error::domain);
  rest.remove_prefix(1);
  if (text.size() - rest.size() > path_octets_max) return base::fail(address_error::too_long);
  const bool bare = m->domain.empty();
  if (bare && !rules.bare_local_part && !(rules.bare_postmaster && base::iequals(m->local_part, "postmaster")))
    return base::fail(address_error::domain);
  text = rest;
  return m;
}

base::result<mailbox, address_error> read_mailbox(std::string_view text) {
  auto m = take_mailbox(text);
  if (m && (!text.empty() || m->domain.empty())) return base::fail(address_error::domain);
  return m;
}

} // namespace rookery::smtp
