#include "policy/routing/recipient_route.hpp"

#include "base/text.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/charset/utf8.hpp"

namespace rookery::routing {
namespace {

constexpr refusal malformed{553, "5.1.3", "The recipient is no valid address"};
constexpr refusal relay_denied{550, "5.7.1", "Relaying is not allowed"};
constexpr refusal unknown_user{550, "5.1.1", "No such user here"};
constexpr refusal domain_off{450, "4.3.2", "This domain takes no mail at present"};
constexpr refusal not_obeyed{550, "5.7.1", "Only users who have logged in may write to this address"};
constexpr refusal alias_loop{550, "5.4.6", "The recipient's aliases lead in a circle"};
constexpr refusal account_off{550, "5.2.1", "This mailbox is disabled"};
constexpr refusal mailbox_full{452, "4.2.2", "The mailbox is full"};
constexpr refusal too_large_for_mailbox{552, "5.2.3", "The message is larger than the whole mailbox may be"};

constexpr std::size_t folder_octets_max = 64;

recipient_route refuse(const refusal& why) {
  recipient_route out;
  out.reason = why;
  return out;
}

} // namespace

bool is_system(std::string_view address, std::string_view name) noexcept {
  if (name.empty()) return false;
  const auto local = sides(address).local;
  return base::iequals(local.substr(0, local.find('+')), name);
}

std::string folder_of_detail(std::string_view detail) {
  return detail.size() <= folder_octets_max && is_folder_name(detail) ? std::string(detail) : std::string();
}

bool is_folder_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > public_folder_octets_max || name.front() == '/' || name.back() == '/') return false;
  if (name.front() == ' ' || name.back() == ' ' || !charset::valid_utf8(name)) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '%' || c == '*' || c == '\\' || c == '"') return false;
    if (c == '/' && name[i - 1] == '/') return false;
  }
  return true;
}

recipient_route route(const directory_view& directory, std::string_view address, const recipient_facts& facts) {
  auto found = directory.resolve(address);
  if ((found.what == resolved::found || found.what == resolved::unknown_user) && is_system(found.address, facts.system_name)) {
    if (!facts.obeyed) return refuse(not_obeyed);
    recipient_route out;
    out.what = recipient_route::kind::system;
    return out;
  }
  switch (found.what) {
  case resolved::malformed: return refuse(malformed);
  case resolved::unknown_user: return refuse(unknown_user);
  case resolved::domain_off: return refuse(domain_off);
  case resolved::loop: return refuse(alias_loop);
  case resolved::foreign_domain: {
    recipient_route out;
    if (facts.delivery != nullptr && !facts.lmtp) {
      const auto to = sides(found.address);
      out.gateway = facts.delivery->gateway(to.domain);
      if (out.gateway != nullptr && out.gateway->check == delivery::recipient_check::list && to.local != "postmaster" &&
          !out.gateway->has_recipient(to.local) && !out.gateway->has_recipient(split_detail(to.local).user))
        return refuse(unknown_user);
    }
    if ((out.gateway == nullptr && !facts.authenticated) || facts.lmtp) return refuse(relay_denied);
    out.what = recipient_route::kind::deliver;
    out.remote.push_back(std::move(found.address));
    return out;
  }
  case resolved::found: break;
  }
  recipient_route out;
  out.local.reserve(found.accounts.size());
  for (auto& target : found.accounts) {
    if (target.account->state == account_state::disabled) continue;
    local_delivery one;
    one.delivered_to = target.account->address;
    if (!target.folder.empty()) {
      one.folder = std::move(target.folder);
      one.delivered_to = std::move(target.folder_address);
      one.by_right = true;
    } else if (target.account->details != detail_folders::ignored)
      if (auto folder = folder_of_detail(target.detail); !folder.empty()) {
        one.folder = std::move(folder);
        one.create_folder = target.account->details == detail_folders::created;
      }
    one.account = std::move(target.account);
    out.local.push_back(std::move(one));
  }
  out.remote = std::move(found.remote);
  if (out.local.empty() && out.remote.empty()) return refuse(account_off);
  out.what = recipient_route::kind::deliver;
  return out;
}

const refusal* quota_refusal(const account_record& account, mailbox_use use, std::uint64_t message_octets) noexcept {
  if (account.quota_octets != 0) {
    if (message_octets > account.quota_octets) return &too_large_for_mailbox;
    if (use.octets >= account.quota_octets || message_octets > account.quota_octets - use.octets) return &mailbox_full;
  }
  if (account.quota_messages != 0 && use.messages >= account.quota_messages) return &mailbox_full;
  return nullptr;
}

} // namespace rookery::routing
