#include "policy/rights/rights.hpp"

namespace rookery::rights {
namespace {

/// In the order in which they are printed; the letter at index k is bit k.
constexpr std::string_view letters = "lrswipkxtea";

std::string print(rights_set r) {
  std::string out;
  for (std::size_t k = 0; k < letters.size(); ++k)
    if ((r >> k & 1) != 0) out.push_back(letters[k]);
  return out;
}

} // namespace

std::optional<rights_set> read_rights(std::string_view text) noexcept {
  if (text.size() > letters_max) return std::nullopt;
  rights_set out = 0;
  for (const char c : text) {
    if (c == 'c') {
      out |= old_create;
    } else if (c == 'd') {
      out |= old_delete;
    } else {
      const auto at = letters.find(c);
      if (at == std::string_view::npos) return std::nullopt;
      out |= rights_set{1} << at;
    }
  }
  return out;
}

std::string print_rights(rights_set r) { return print(r); }

std::string print_with_old(rights_set r) {
  auto out = print(r);
  if ((r & old_create) != 0) out.push_back('c');
  if ((r & old_delete) != 0) out.push_back('d');
  return out;
}

std::optional<rights_change> read_change(std::string_view text) noexcept {
  rights_change out;
  if (text.starts_with('+')) out.how = rights_change::kind::add;
  if (text.starts_with('-')) out.how = rights_change::kind::remove;
  if (out.how != rights_change::kind::replace) text.remove_prefix(1);
  const auto named = read_rights(text);
  if (!named) return std::nullopt;
  out.rights = *named;
  return out;
}

rights_set changed(rights_set before, const rights_change& c) noexcept {
  switch (c.how) {
    case rights_change::kind::add: return before | c.rights;
    case rights_change::kind::remove: return before & ~c.rights;
    case rights_change::kind::replace: break;
  }
  return c.rights;
}

} // namespace rookery::rights
