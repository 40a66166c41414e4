#include "policy/submission/sender_rights.hpp"

#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <string>

namespace rookery::submission {
namespace {

using routing::account_record;
using routing::address_entry;
using routing::alias_record;
using routing::directory_view;

constexpr routing::refusal envelope_not_yours{553, "5.7.1", "The sender address does not belong to you"};
constexpr routing::refusal from_not_yours{550, "5.7.1", "The From address does not belong to you"};
constexpr routing::refusal sender_frozen{550, "5.7.1", "This account may not send"};

/// May the account send as this address, which is without detail?
bool owns(const directory_view& directory, const account_record& account, std::string_view address) {
  if (address == account.address) return true;
  const auto* entry = directory.entry(address);
  if (entry == nullptr || entry->what != address_entry::kind::alias) return false;
  const auto& alias = static_cast<const alias_record&>(*entry);
  const auto leads_to = directory.resolve(address);
  if (leads_to.accounts.size() == 1 && leads_to.remote.empty()) return leads_to.accounts.front().account->id == account.id;
  return alias.members_may_send &&
         std::any_of(leads_to.accounts.begin(), leads_to.accounts.end(),
                     [&](const routing::local_target& t) { return t.account->id == account.id; });
}

bool listed(const account_record& account, std::string_view address) {
  const auto domain = routing::sides(address).domain;
  return std::any_of(account.may_send_as.begin(), account.may_send_as.end(), [&](std::string_view allowed) {
    return allowed == address || (allowed.size() == domain.size() + 1 && allowed.front() == '@' && allowed.substr(1) == domain);
  });
}

} // namespace

bool may_send_as(const directory_view& directory, const account_record& account, std::string_view address) {
  if (address.empty()) return true;
  const auto canonical = routing::canonical_address(address);
  if (!canonical) return false;
  if (owns(directory, account, *canonical) || listed(account, *canonical)) return true;
  const auto [local, domain] = routing::sides(*canonical);
  const auto user = routing::split_detail(local).user;
  if (user.size() == local.size() || directory.entry(*canonical) != nullptr) return false; // an address of its own
  const auto plain = std::string(user) + '@' + std::string(domain);
  return owns(directory, account, plain) || listed(account, plain);
}

const routing::refusal* envelope_sender_refusal(const directory_view& directory, const account_record& account,
                                                std::string_view address) {
  if (account.state != routing::account_state::enabled) return &sender_frozen;
  return may_send_as(directory, account, address) ? nullptr : &envelope_not_yours;
}

const routing::refusal* header_from_refusal(const directory_view& directory, const account_record& account,
                                            std::string_view address) {
  if (address.empty()) return &from_not_yours;
  return may_send_as(directory, account, address) ? nullptr : &from_not_yours;
}

} // namespace rookery::submission
