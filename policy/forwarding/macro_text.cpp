#include "policy/forwarding/macro_text.hpp"

#include <algorithm>

namespace rookery::forwarding {
namespace {

using none = base::result<void, macro_error>;

/// Calls `plain(text)` and `place(name, offset)` from left to right; false from `place` ends it.
template <class Plain, class Place>
none each(std::string_view text, Plain&& plain, Place&& place) {
  const auto fault = [](std::size_t offset, std::string_view what) { return base::fail(macro_error{offset, what}); };
  if (text.size() > macro_text_octets_max) return fault(macro_text_octets_max, "too long");
  for (std::size_t at = 0; at < text.size();) {
    const auto brace = std::min(text.find('{', at), text.size());
    plain(text.substr(at, brace - at));
    if (brace == text.size()) break;
    if (text.substr(brace, 2) == "{{") {
      plain(std::string_view("{"));
      at = brace + 2;
      continue;
    }
    const auto end = text.find('}', brace);
    if (end == std::string_view::npos) return fault(brace, "a brace is not closed");
    if (!place(text.substr(brace + 1, end - brace - 1))) return fault(brace, "no such name");
    at = end + 1;
  }
  return {};
}

} // namespace

none check_macros(std::string_view text, std::span<const std::string_view> names) {
  return each(text, [](std::string_view) {}, [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); });
}

std::optional<std::string> expand(std::string_view text, std::span<const macro_value> values, std::size_t octets_max) {
  std::string out;
  bool fits = true;
  const auto add = [&](std::string_view more) {
    fits = fits && more.size() <= octets_max - out.size();
    if (fits) out += more;
  };
  const auto read = each(text, add, [&](std::string_view name) {
    const auto value = std::find_if(values.begin(), values.end(), [&](const macro_value& v) { return v.name == name; });
    if (value != values.end()) add(value->value);
    return fits;
  });
  if (!read || !fits) return {};
  return out;
}

} // namespace rookery::forwarding
