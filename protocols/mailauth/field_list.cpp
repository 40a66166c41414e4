#include "protocols/mailauth/field_list.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::mailauth {
namespace {

constexpr std::size_t key_octets_max = 32;

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

std::string_view without_blanks(std::string_view text) {
  text = skip_blanks(text);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool key(std::string_view text) {
  if (text.empty() || text.size() > key_octets_max || !base::is_alnum(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return base::is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

} // namespace

std::optional<std::vector<field>> read_fields(std::string_view text, std::string_view version) {
  if (!text.starts_with(version)) return std::nullopt;
  text = skip_blanks(text.substr(version.size()));
  if (!text.starts_with(';')) return std::nullopt;
  text.remove_prefix(1);
  std::vector<field> out;
  while (true) {
    const auto end = std::min(text.find(';'), text.size());
    const auto one = without_blanks(text.substr(0, end));
    // Only the last may be empty: a ';' at the end.
    if (one.empty() && end == text.size()) break;
    const auto equals = one.find('=');
    if (equals == std::string_view::npos || out.size() == fields_max) return std::nullopt;
    const auto value = one.substr(equals + 1);
    if (!key(one.substr(0, equals)) || value.empty()) return std::nullopt;
    if (std::any_of(value.begin(), value.end(), [](char c) { return c < ' ' || c > '~'; })) return std::nullopt;
    out.emplace_back(one.substr(0, equals), value);
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::optional<std::string_view> find_field(const std::vector<field>& fields, std::string_view wanted) noexcept {
  for (const auto& [k, value] : fields)
    if (k == wanted) return value;
  return std::nullopt;
}

} // namespace rookery::mailauth
