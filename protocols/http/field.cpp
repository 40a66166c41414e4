#include "protocols/http/field.hpp"

#include "base/text.hpp"

#include <array>

namespace rookery::http {

namespace {

constexpr auto token_octets = [] {
  std::array<bool, 256> is{};
  for (unsigned c = '0'; c <= '9'; ++c) is[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) is[c] = is[c - 32] = true;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    is[static_cast<unsigned char>(c)] = true;
  return is;
}();

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

} // namespace

const field* find(std::span<const field> fields, std::string_view name) noexcept {
  for (const auto& f : fields)
    if (base::iequals(f.name, name)) return &f;
  return nullptr;
}

std::size_t count(std::span<const field> fields, std::string_view name) noexcept {
  std::size_t n = 0;
  for (const auto& f : fields) n += base::iequals(f.name, name);
  return n;
}

bool lists(std::span<const field> fields, std::string_view name, std::string_view item) noexcept {
  for (const auto& f : fields) {
    if (!base::iequals(f.name, name)) continue;
    auto rest = f.value;
    while (!rest.empty()) {
      const auto part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      if (base::iequals(trim_blanks(part), item)) return true;
    }
  }
  return false;
}

bool is_token(std::string_view text) noexcept {
  for (const char c : text)
    if (!token_octets[static_cast<unsigned char>(c)]) return false;
  return !text.empty();
}

bool is_field_value(std::string_view text) noexcept {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
  return true;
}

base::result<std::vector<field>, field_error> read_fields(std::string_view block, std::size_t fields_max) {
  std::vector<field> fields;
  while (!block.empty()) {
    const auto end = block.find("\r\n");
    const auto line = block.substr(0, end);
    const auto colon = line.find(':');
    // A line that begins with white space has no token before its colon: folding is refused too.
    if (end == std::string_view::npos || colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return base::fail(field_error::malformed);
    const auto value = trim_blanks(line.substr(colon + 1));
    if (!is_field_value(value)) return base::fail(field_error::malformed);
    if (fields.size() == fields_max) return base::fail(field_error::too_many);
    fields.push_back({line.substr(0, colon), value});
    block.remove_prefix(end + 2);
  }
  return fields;
}

base::result<framing, framing_error> read_framing(std::span<const field> fields) {
  framing found;
  for (const auto& f : fields) {
    if (base::iequals(f.name, "content-length")) {
      const auto length = base::parse_u64(f.value);
      if (!length || found.length) return base::fail(framing_error::contradictory);
      found.length = length;
    } else if (base::iequals(f.name, "transfer-encoding")) {
      if (found.chunked) return base::fail(framing_error::contradictory);
      if (!base::iequals(f.value, "chunked")) return base::fail(framing_error::unknown_coding);
      found.chunked = true;
    }
  }
  if (found.chunked && found.length) return base::fail(framing_error::contradictory);
  return found;
}

} // namespace rookery::http
