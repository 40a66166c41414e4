#include "protocols/http/target.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::http {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = base::ascii_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

} // namespace

std::optional<target_parts> read_target(std::string_view target) noexcept {
  for (const char c : target)
    if (c <= 0x20 || c == 0x7f) return std::nullopt; // char is signed: octets above 127 are negative
  if (target == "*") return target_parts{target, {}};
  for (const std::string_view scheme : {"http://", "https://"})
    if (base::istarts_with(target, scheme)) {
      const auto authority_end = std::min(target.find_first_of("/?", scheme.size()), target.size());
      if (authority_end == scheme.size()) return std::nullopt;
      if (authority_end == target.size()) return target_parts{"/", {}};
      target.remove_prefix(authority_end);
      break;
    }
  if (!target.starts_with('/')) return std::nullopt;
  const auto question = target.find('?');
  if (question == std::string_view::npos) return target_parts{target, {}};
  return target_parts{target.substr(0, question), target.substr(question + 1)};
}

std::optional<std::string> percent_decoded(std::string_view text) { return decoded(text, false); }

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  for (const auto part : base::split(query, '&')) {
    const auto equals = part.find('=');
    const auto key = decoded(part.substr(0, equals), true);
    if (key && *key == name)
      return equals == std::string_view::npos ? std::string() : decoded(part.substr(equals + 1), true);
  }
  return std::nullopt;
}

} // namespace rookery::http
