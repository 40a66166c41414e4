#include "actors/imap/list_rows.hpp"

#include "actors/imap/object_id.hpp"
#include "base/text.hpp"

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

std::shared_ptr<const listed_mailboxes> list_mailboxes(account_view_ptr account, const imap::list& command,
                                                       recent_counts recent) {
  auto listed = std::make_shared<listed_mailboxes>();
  listed->account = std::move(account);
  listed->recent = std::move(recent);
  listed->mailboxes.reserve(listed->account->mailboxes.size());
  for (const auto& m : listed->account->mailboxes)
    listed->mailboxes.push_back({m->name, m->special_use.empty() ? 0 : special_use_bits(m->special_use)});
  listed->result = imap::select_mailboxes(command, listed->mailboxes, listed->account->subscriptions);
  return listed;
}

imap::status_values status_of(const storage::mail::mailbox_status& s, std::uint64_t append_limit) {
  imap::status_values values;
  values.messages = s.messages;
  values.unseen = s.unseen;
  values.deleted = s.deleted;
  values.size = s.octets;
  values.highestmodseq = s.highest_modseq;
  values.uidnext = s.uid_next;
  values.uidvalidity = s.uid_validity;
  values.mailboxid = mailbox_object_id(s.id);
  values.appendlimit = append_limit;
  return values;
}

rows::progress list_rows::produce(base::buffer& out) {
  imap::response_writer writer(out, mode_);
  for (unsigned n = 0; n < rows_a_slice; ++n) {
    if (next_ == listed_->result.rows.size()) return progress::done;
    const auto& row = listed_->result.rows[next_++];
    writer.list(command_, row);
    if (command_.return_status == 0) continue;
    // RFC 5819 §2: none for what cannot be selected.
    const auto* status = listed_->account->find(row.name);
    if (status == nullptr) continue;
    auto values = status_of(*status, append_limit_);
    if (const auto& recent = listed_->recent.counts)
      if (const auto at = recent->find(status->id.value); at != recent->end()) values.recent = at->second;
    writer.status(row.name, command_.return_status, values);
  }
  return progress::more;
}

} // namespace rookery::actors
