#include "policy/rights/access_list.hpp"

#include "base/text.hpp"

namespace rookery::rights {

std::optional<identifier> read_identifier(std::string_view text) noexcept {
  if (text.size() > identifier_octets_max) return std::nullopt;
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
  identifier out;
  if (text.starts_with('-')) {
    out.negative = true;
    text.remove_prefix(1);
  }
  if (text.starts_with('$')) {
    out.what = identifier::kind::group;
    text.remove_prefix(1);
  } else if (base::iequals(text, "anyone")) {
    out.what = identifier::kind::anyone;
  } else if (base::iequals(text, "authenticated")) {
    out.what = identifier::kind::authenticated;
  }
  if (text.empty()) return std::nullopt;
  out.name = text;
  return out;
}

bool concerns(const identifier& id, const person& p) {
  switch (id.what) {
    case identifier::kind::anyone: return true;
    case identifier::kind::authenticated: return !p.user.empty();
    case identifier::kind::group: return !p.user.empty() && p.member && p.member(id.name);
    case identifier::kind::user: break;
  }
  return !p.user.empty() && id.name == p.user;
}

rights_set effective(std::span<const entry> list, const person& p) {
  rights_set given = 0, denied = 0;
  for (const auto& e : list) {
    const auto id = read_identifier(e.who);
    if (!id || !concerns(*id, p)) continue;
    (id->negative ? denied : given) |= e.rights;
  }
  return given & ~denied;
}

} // namespace rookery::rights
