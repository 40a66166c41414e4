#include "actors/imap/list_rows.hpp"

#include "actors/imap/object_id.hpp"
#include "base/text.hpp"
#include "policy/rights/rights.hpp"
#include "protocols/imap/acl.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr unsigned rows_a_slice = 200;

} // namespace

std::uint32_t special_use_bits(std::string_view stored) noexcept {
  std::uint32_t bits = 0;
  while (!stored.empty()) {
    const auto end = std::min(stored.find(' '), stored.size());
    bits |= imap::find_special_use(stored.substr(0, end));
    stored.remove_prefix(std::min(end + 1, stored.size()));
  }
  return bits;
}

std::string special_use_text(std::uint32_t bits) {
  std::string text;
  imap::print_attributes(bits & imap::list_attribute::special_use_mask, text);
  return text;
}

const foreign_mailbox* listed_mailboxes::find_foreign(std::string_view name) const noexcept {
  const auto at = std::lower_bound(foreign.begin(), foreign.end(), name,
                                   [](const foreign_mailbox& m, std::string_view n) { return m.name < n; });
  return at != foreign.end() && at->name == name ? &*at : nullptr;
}

std::shared_ptr<listed_mailboxes> list_mailboxes(account_view_ptr account, const imap::list& command, recent_counts recent,
                                                 std::vector<foreign_mailbox> foreign) {
  auto listed = std::make_shared<listed_mailboxes>();
  listed->account = std::move(account);
  listed->recent = std::move(recent);
  listed->mailboxes.reserve(listed->account->mailboxes.size());
  for (const auto& m : listed->account->mailboxes)
    listed->mailboxes.push_back({m->name, m->special_use.empty() ? 0 : special_use_bits(m->special_use)});
  if (!foreign.empty()) {
    listed->foreign = std::move(foreign);
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::sort(listed->foreign.begin(), listed->foreign.end(), by_name);
    // An own mailbox of the same name stands in front.
    std::erase_if(listed->foreign, [&](const foreign_mailbox& m) { return listed->account->find(m.name) != nullptr; });
    for (const auto& m : listed->foreign) listed->mailboxes.push_back({m.name, m.attributes});
    std::inplace_merge(listed->mailboxes.begin(),
                       listed->mailboxes.begin() + static_cast<std::ptrdiff_t>(listed->account->mailboxes.size()),
                       listed->mailboxes.end(), by_name);
  }
  listed->result = imap::select_mailboxes(command, listed->mailboxes, listed->account->subscriptions);
  return listed;
}

imap::status_values status_of(const storage::mail::mailbox_status& s, std::uint64_t append_limit, base::account_id owner) {
  imap::status_values values;
  values.messages = s.messages;
  values.unseen = s.unseen;
  values.deleted = s.deleted;
  values.size = s.octets;
  values.highestmodseq = s.highest_modseq;
  values.uidnext = s.uid_next;
  values.uidvalidity = s.uid_validity;
  values.mailboxid = mailbox_object_id(s.id, owner);
  values.appendlimit = append_limit;
  return values;
}

rows::progress list_rows::produce(base::buffer& out) {
  imap::response_writer writer(out, mode_);
  for (unsigned n = 0; n < rows_a_slice; ++n) {
    if (next_ == listed_->result.rows.size()) return progress::done;
    const auto& row = listed_->result.rows[next_++];
    writer.list(command_, row);
    if (command_.return_status == 0 && !command_.return_my_rights && command_.return_metadata.empty()) continue;
    const auto* foreign = listed_->foreign.empty() ? nullptr : listed_->find_foreign(row.name);
    const auto* status = foreign != nullptr ? foreign->status : listed_->account->find(row.name);
    if (status == nullptr) continue;
    if (command_.return_my_rights)
      imap::write_my_rights(writer, row.name, rights::print_with_old(foreign != nullptr ? foreign->rights : rights::all_rights));
    if (const auto at = listed_->metadata.find(row.name); at != listed_->metadata.end())
      imap::write_metadata(writer, row.name, at->second);
    if (command_.return_status == 0) continue;
    // RFC 5819 §2: none for what cannot be selected; what a guest has seen is not at hand here.
    const bool own_seen = status->access && status->access->seen_per_reader && (command_.return_status & imap::status_item::unseen) != 0;
    if (foreign != nullptr && (!rights::has(foreign->rights, rights::right::read) || own_seen)) continue;
    auto values = status_of(*status, append_limit_, foreign != nullptr ? foreign->owner : base::account_id{});
    if (const auto& recent = listed_->recent.counts; recent && foreign == nullptr)
      if (const auto at = recent->find(status->id.value); at != recent->end()) values.recent = at->second;
    writer.status(row.name, command_.return_status, values);
  }
  return progress::more;
}

} // namespace rookery::actors
