#include "policy/rights/people.hpp"

#include "base/text.hpp"
#include "policy/rights/access_list.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>

namespace rookery::rights {

std::string identifier_of(base::account_id id) { return "#" + std::to_string(id.value); }

std::optional<std::string> stored_identifier(const routing::directory_view& directory, std::string_view domain,
                                             std::string_view text) {
  using kind = identifier::kind;
  const auto id = read_identifier(text);
  if (!id) return std::nullopt;
  const std::string sign = id->negative ? "-" : "";
  if (id->what == kind::anyone) return sign + "anyone";
  if (id->what == kind::authenticated) return sign + "authenticated";
  std::string name(id->name);
  if (name.find('@') == std::string::npos) name.append("@").append(domain);
  if (id->what == kind::group) {
    const auto canonical = routing::canonical_address(name);
    const auto* entry = canonical ? directory.entry(*canonical) : nullptr;
    if (entry == nullptr || entry->what != routing::address_entry::kind::alias) return std::nullopt;
    return sign + "$" + entry->address;
  }
  const auto account = directory.login(name);
  if (!account) return std::nullopt;
  return sign + identifier_of(account->id);
}

std::optional<std::string> shown_identifier(const routing::directory_view& directory, std::string_view stored) {
  const bool negative = stored.starts_with('-');
  const auto who = stored.substr(negative ? 1 : 0);
  if (!who.starts_with('#')) return std::string(stored);
  const auto id = base::parse_u64(who.substr(1));
  const auto account = id ? directory.account(base::account_id{*id}) : nullptr;
  if (!account) return std::nullopt;
  return (negative ? "-" : "") + account->address;
}

bool is_member(const routing::directory_view& directory, std::string_view group, base::account_id who) {
  const auto* entry = directory.entry(group);
  if (entry == nullptr || entry->what != routing::address_entry::kind::alias) return false;
  const auto all = directory.resolve(group).accounts;
  return std::any_of(all.begin(), all.end(), [&](const auto& t) { return t.account->id == who; });
}

} // namespace rookery::rights
