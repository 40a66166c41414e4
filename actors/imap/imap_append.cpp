#include "actors/imap/imap_host.hpp"

#include "base/log.hpp"

namespace rookery::actors {
namespace {

constexpr std::size_t append_kind = std::variant_size_v<imap::any_command>;

} // namespace

void imap_host::handle(imap::append_begin& a) {
  kind_ = append_kind;
  expunges_ = true;
  limit_code_.clear();
  begun_ = link().now();
  append_.reset();
  replaces_ = 0;
  replaces_apart_ = false;
  replaced_octets_ = 0;
  append_guest_.reset();
  append_may_ = imap::flag_right::all;
  const auto all = mailboxes();
  const auto* to = all->find(a.mailbox);
  if (a.replaced && virtual_) return session_.refuse_append("CANNOT", "Not possible in a virtual mailbox");
  if (a.replaced && (visiting_ || (to == nullptr && is_foreign(a.mailbox)))) {
    if (!begin_replace_apart(*a.replaced)) return;
    if (to != nullptr) return begin_append(to->id, a.message);
    return append_foreign(a);
  }
  if (a.replaced && to == nullptr) return session_.refuse_append("TRYCREATE", "No such mailbox");
  if (to == nullptr) return append_foreign(a);
  if (a.replaced) return begin_replace(a, to->id);
  begin_append(to->id, a.message);
}

void imap_host::begin_append(base::mailbox_id to, const imap::append_message& message) {
  if (over_quota(append_guest_, message.octets, 1)) return session_.refuse_append("OVERQUOTA", quota_text);
  accept_append(message, to);
}

void imap_host::accept_append(const imap::append_message& message, base::mailbox_id to) {
  append_ = std::make_shared<append_gathering>(to, node_.data_directory + "/spill");
  append_->begin(message);
  session_.accept_append();
}

void imap_host::handle(imap::append_next& a) {
  if (!append_) return;
  if (over_quota(append_guest_, append_->octets() + a.message.octets, append_->messages() + 1)) {
    append_.reset();
    return session_.refuse_append("OVERQUOTA", quota_text);
  }
  append_->begin(a.message);
  session_.accept_append();
}

void imap_host::handle(imap::append_chunk& c) {
  if (!append_) return;
  if (const auto done = append_->add(c.octets); !done) {
    base::log_event(base::severity::warning, "imap.append_failed")
        .text("session", link().facts().session_id)
        .text("error", done.error().log.value);
    append_.reset();
    session_.refuse_append("UNAVAILABLE", "The message cannot be stored at the moment, try again later");
  }
}

void imap_host::handle(imap::append_aborted&) { append_.reset(); }

void imap_host::handle(imap::append_end&) {
  const auto gathering = std::exchange(append_, nullptr);
  if (!gathering) return end_unavailable();
  if (gathering->has_empty_message()) return end_no("CANNOT", "An empty message cannot be stored");
  const auto now = node_.clock->wall();
  if (!gathering->long_work()) {
    auto done = gathering->finish(now);
    return done ? store_append(gathering, std::move(done).value()) : end_unavailable();
  }
  auto result = std::make_shared<std::optional<append_gathering::gathered>>();
  in_reader(
      [gathering, result, now] {
        if (auto done = gathering->finish(now)) *result = std::move(done).value();
      },
      [this, gathering, result] {
        if (!*result) return end_unavailable();
        store_append(gathering, std::move(**result));
      });
}

void imap_host::store_append(std::shared_ptr<append_gathering> gathering, append_gathering::gathered what) {
  if (replaces_ != 0 && !replaces_apart_) return store_replacement(std::move(gathering), std::move(what));
  const auto owner = append_guest_ ? append_guest_->owner->id : entry_.id();
  what.command.reader = own_id_as_reader_of(owner);
  if (append_may_ != imap::flag_right::all)
    for (auto& m : what.command.messages) {
      auto flags = imap::allowed({m.flags.system, std::move(m.flags.keywords)}, append_may_);
      m.flags = {flags.system, std::move(flags.keywords)};
    }
  append_guest_.reset();
  change_in(
      owner, std::move(what.command),
      [this, owner](const storage::command_result& r) {
        if (r.what != storage::outcome::done) return end_refused(r.what, "TRYCREATE");
        note_own_messages(owner, r);
        imap::number_ranges uids;
        for (const auto uid : r.uids) imap::append_number(uids, uid);
        if (replaces_apart_) return remove_replaced(imap::append_uid_code(r.uid_validity, uids));
        end_ok(imap::append_uid_code(r.uid_validity, uids), "APPEND completed");
      },
      {}, std::move(what.bodies), std::move(gathering));
}

} // namespace rookery::actors
