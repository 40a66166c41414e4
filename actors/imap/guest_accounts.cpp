#include "actors/imap/guest_accounts.hpp"

#include "actors/account/posting.hpp"
#include "policy/rights/people.hpp"
#include "protocols/imap/flag.hpp"

#include <algorithm>
#include <set>

namespace rookery::actors {
namespace {

/// A shard that does not answer in this time is not going to.
constexpr std::chrono::seconds shard_time{30};

std::string as_prefix(std::string name) { return name.empty() ? name : std::move(name) + "/"; }

} // namespace

guest_account::~guest_account() {
  if (watch && handles.account) caf::anon_send(handles.account, unwatch_account{watch});
}

std::uint8_t flag_rights(rights::rights_set r) noexcept {
  std::uint8_t out = 0;
  if (rights::has(r, rights::right::seen)) out |= imap::flag_right::seen;
  if (rights::has(r, rights::right::remove_messages)) out |= imap::flag_right::deleted;
  if (rights::has(r, rights::right::write)) out |= imap::flag_right::others;
  return out;
}

guest_accounts::guest_accounts(const node& n, routing::account_ptr own, std::string other_users, std::string public_folders)
    : node_(n), own_(std::move(own)), who_(rights::identifier_of(own_->id)), other_users_(as_prefix(std::move(other_users))),
      public_(as_prefix(std::move(public_folders))) {}

const routing::domain_record* guest_accounts::own_domain(const routing::directory_view& directory) const {
  return directory.domain(own_->domain());
}

std::optional<foreign_name> guest_accounts::read(std::string_view name) const {
  const auto directory = node_.directory->get();
  foreign_name out;
  if (!public_.empty() && name.starts_with(public_)) {
    const auto* domain = own_domain(*directory);
    if (domain == nullptr || domain->public_account.empty()) return std::nullopt;
    out.owner = directory->account(domain->public_account);
    out.prefix = public_;
    out.name = name.substr(public_.size());
  } else if (!other_users_.empty() && name.starts_with(other_users_)) {
    const auto rest = name.substr(other_users_.size());
    const auto address = rest.substr(0, rest.find('/'));
    out.owner = directory->account(address);
    if (!out.owner) return std::nullopt;
    out.prefix = other_users_ + out.owner->address + "/";
    out.name = rest.substr(std::min(address.size() + 1, rest.size()));
  }
  if (!out.owner || out.owner->id == own_->id) return std::nullopt;
  return out;
}

void guest_accounts::open(net::connection& link, const foreign_name& whose, std::function<void(guest_ptr)> then) {
  const auto id = whose.owner->id;
  const auto known = open_.find(id.value);
  if (known != open_.end() && known->second->prefix == whose.prefix) {
    known->second->owner = whose.owner;
    return then(known->second);
  }
  if (open_.size() >= guest_accounts_max) std::erase_if(open_, [](const auto& g) { return g.second.use_count() == 1; });
  auto guest = std::make_shared<guest_account>();
  guest->owner = whose.owner;
  guest->prefix = whose.prefix;
  guest->watch = std::make_shared<account_watch>();
  guest->watch->protocol = "imap";
  guest->watch->session_id = link.facts().session_id;
  guest->watch->guest = true;
  link.ask<account_handles>(
      node_.shard_actor(id), shard_time, open_account{id, caf::actor_cast<caf::actor>(&link), guest->watch},
      [this, guest, then](const account_handles& h) {
        guest->handles = h;
        open_[guest->owner->id.value] = guest;
        then(guest);
      },
      [then] { then(nullptr); });
}

bool guest_accounts::is_member(std::string_view group) {
  const auto directory = node_.directory->get();
  if (directory->version() != member_version_) member_.clear();
  member_version_ = directory->version();
  const auto known = member_.find(group);
  if (known != member_.end()) return known->second;
  const bool member = rights::is_member(*directory, group, own_->id);
  member_.emplace(group, member);
  return member;
}

rights::rights_set guest_accounts::rights_on(const guest_account& guest, const storage::mail::mailbox_status& m) {
  const rights::person me{who_, [this](std::string_view group) { return is_member(group); }};
  auto out = m.access ? rights::effective(entries_of(*m.access), me) : rights::rights_set{0};
  // A domain's public folders are looked after by those who administer.
  if (guest.prefix == public_ && own_->admin) out |= rights::right::lookup | rights::right::administer;
  return out;
}

std::optional<foreign_name> guest_accounts::name_of(base::account_id id) const {
  const auto directory = node_.directory->get();
  foreign_name out;
  out.owner = directory->account(id);
  if (!out.owner || out.owner->id == own_->id) return std::nullopt;
  const auto* domain = own_domain(*directory);
  if (domain != nullptr && out.owner->address == domain->public_account) {
    if (public_.empty()) return std::nullopt;
    out.prefix = public_;
    return out;
  }
  if (other_users_.empty()) return std::nullopt;
  out.prefix = other_users_ + out.owner->address + "/";
  return out;
}

std::vector<foreign_name> guest_accounts::sharing() {
  std::set<base::account_id> owners;
  for (const auto& shares : node_.shares) {
    const auto take = [&](std::string_view who) {
      for (const auto id : shares->owners(who)) owners.insert(id);
    };
    for (const auto who : {std::string_view(who_), std::string_view("anyone"), std::string_view("authenticated")}) take(who);
    for (const auto& group : shares->identifiers("$"))
      if (is_member(std::string_view(group).substr(1))) take(group);
  }
  if (own_->admin && !public_.empty())
    if (const auto mine = read(public_)) owners.insert(mine->owner->id);
  std::vector<foreign_name> out;
  for (const auto id : owners)
    if (auto name = name_of(id)) out.push_back(std::move(*name));
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
    const bool x = a.prefix == public_, y = b.prefix == public_;
    return x != y ? x : a.prefix < b.prefix;
  });
  return out;
}

} // namespace rookery::actors
