// REPLACE: an APPEND that takes a message's place (RFC 8508).
#include "actors/imap/imap_host.hpp"

namespace rookery::actors {

std::uint32_t imap_host::find_replaced(const imap::replaced_message& named) {
  const auto& map = selected_->map();
  std::uint32_t uid = named.number;
  if (named.number == 0) uid = map.largest_uid();
  else if (!named.uid) uid = named.number <= map.size() ? map.uid_of(named.number) : 0;
  const auto& view = selected_->view();
  const auto row = view.lower_bound(uid);
  if (uid != 0 && row < view.size() && map.list().at(row) == uid) return uid;
  session_.refuse_append("EXPUNGEISSUED", "There is no such message to be replaced");
  return 0;
}

bool imap_host::begin_replace_apart(const imap::replaced_message& named) {
  if (visiting_ && (!still_visiting() || !may(rights::right::remove_messages | rights::right::expunge))) {
    session_.refuse_append("NOPERM", "No right to remove messages here");
    return false;
  }
  replaces_ = find_replaced(named);
  replaces_apart_ = true;
  return replaces_ != 0;
}

/// The new message is safe; a crash before this leaves both.
void imap_host::remove_replaced(std::string append_uid) {
  change_in(selected_owner(), storage::mail::expunge{selected_->id(), imap::number_ranges{{replaces_, replaces_}}, true},
            [this, append_uid](const storage::command_result& r) {
              if (r.what != storage::outcome::done) return end_refused(r.what);
              // RFC 8508 §4.3: before EXISTS and EXPUNGE.
              session_.writer().ok(append_uid, "Replacement message is stored");
              if (!session_.mode().condstore) return end_ok("", "REPLACE completed");
              end_ok(imap::highest_modseq_code(r.modseq), "REPLACE completed");
            });
}

void imap_host::begin_replace(const imap::append_begin& a, base::mailbox_id to) {
  const auto uid = find_replaced(*a.replaced);
  if (uid == 0) return;
  const auto row = selected_->view().lower_bound(uid);
  replaces_ = uid;
  if (!a.message.catenate && !over_quota(nullptr, a.message.octets, 1)) return accept_append(a.message, to);
  // RFC 8508 §3.4: what goes makes room.
  auto octets = std::make_shared<std::uint64_t>(0);
  in_reader(
      [octets, row, view = selected_->shared_view()] {
        const auto at = view->at(row);
        *octets = storage::mail::load_statics(*at.in).size[at.in->slot[at.row]];
      },
      [this, octets, message = a.message, to] {
        replaced_octets_ = *octets;
        const auto more = message.octets - std::min(message.octets, *octets);
        if (more != 0 && over_quota(nullptr, more, 0)) return session_.refuse_append("OVERQUOTA", quota_text);
        accept_append(message, to);
      });
}

void imap_host::store_replacement(std::shared_ptr<append_gathering> gathering, append_gathering::gathered what) {
  storage::mail::replace_message replace{selected_->id(), what.command.mailbox, std::exchange(replaces_, 0),
                                         std::move(what.command.messages.front())};
  change(
      std::move(replace),
      [this](const storage::command_result& r) {
        if (r.what == storage::outcome::no_such_record)
          return end_no("EXPUNGEISSUED", "The message to be replaced is gone");
        if (r.what != storage::outcome::done) return end_refused(r.what, "TRYCREATE");
        note_own_messages(entry_.id(), r);
        imap::number_ranges uids;
        for (const auto uid : r.uids) imap::append_number(uids, uid);
        // RFC 8508 §4.3: before EXISTS and EXPUNGE.
        session_.writer().ok(imap::append_uid_code(r.uid_validity, uids), "Replacement message is stored");
        if (!session_.mode().condstore) return end_ok("", "REPLACE completed");
        end_ok(imap::highest_modseq_code(r.modseq), "REPLACE completed");
      },
      {}, std::move(what.bodies), std::move(gathering));
}

} // namespace rookery::actors
