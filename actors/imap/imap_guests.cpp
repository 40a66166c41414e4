// Mailboxes of others: what a guest may do with them, and that what he may not see is not there for him.
// RFC 4314 §4 (rights for commands), §6 (no answer tells of a mailbox without the right l).
#include "actors/imap/cross_copy.hpp"
#include "actors/imap/imap_host.hpp"
#include "actors/imap/object_id.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace right = rights::right;

/// Stands for the rest of a name when its last level is taken off.
std::string_view parent_of(std::string_view name) {
  const auto end = name.rfind(imap::hierarchy_separator);
  return end == std::string_view::npos ? std::string_view() : name.substr(0, end);
}

} // namespace

guest_accounts& imap_host::guests() {
  if (!guests_)
    guests_ = std::make_unique<guest_accounts>(node_, entry_.account(), settings_->other_users, settings_->public_folders);
  return *guests_;
}

bool imap_host::is_foreign(std::string_view name) const {
  const auto first = name.substr(0, name.find(imap::hierarchy_separator));
  if (first.empty() || (first != settings_->other_users && first != settings_->public_folders)) return false;
  return mailboxes()->find(first) == nullptr;
}

void imap_host::find_foreign(const std::string& name, placed then) {
  if (find_virtual(name)) {
    place p;
    p.composed = true;
    return then(p);
  }
  const auto read = guests().read(name);
  if (!read) return then({});
  guests().open(link(), *read, [this, inner = read->name, then = std::move(then)](const guest_ptr& guest) {
    place p;
    p.failed = guest == nullptr;
    if (guest) {
      p.guest = guest;
      p.list = guest->handles.cell->view();
      p.name = inner;
      p.status = p.list->find(inner);
      if (p.status != nullptr) p.rights = guests().rights_on(*guest, *p.status);
    }
    then(p);
  });
}

void imap_host::find_place(const std::string& name, placed then) {
  place own;
  own.list = mailboxes();
  own.status = own.list->find(name);
  if (own.status == nullptr) return find_foreign(name, std::move(then));
  own.name = name;
  own.rights = rights::all_rights;
  then(own);
}

std::optional<imap_host::refusal_words> imap_host::refusal(const place& p, rights::rights_set wanted,
                                                           std::string_view missing_mailbox_code) {
  if (p.failed) return refusal_words{"UNAVAILABLE", "Not possible at the moment, try again later"};
  if (p.composed) return refusal_words{"CANNOT", "Not possible with a virtual mailbox"};
  if (p.status != nullptr && rights::has(p.rights, wanted)) return std::nullopt;
  // Without l the mailbox is not there for him.
  if (p.status == nullptr || !rights::has(p.rights, right::lookup)) return refusal_words{missing_mailbox_code, "No such mailbox"};
  return refusal_words{"NOPERM", "No right to do that with this mailbox"};
}

bool imap_host::refused(const place& p, rights::rights_set wanted, std::string_view missing_mailbox_code) {
  const auto words = refusal(p, wanted, missing_mailbox_code);
  if (words) end_no(words->code, words->text);
  return words.has_value();
}

std::string_view imap_host::gone_text() const {
  return visiting_ && !rights::has(visiting_->rights, right::read) ? "The right to read the selected mailbox was taken away"
                                                                    : "The selected mailbox was deleted";
}

bool imap_host::still_visiting() {
  const auto view = selected_->cell()->view();
  const auto directory = guests().directory_version();
  if (view->gone) return true; // that is told as such
  if (view->status.access == visiting_->access && directory == visiting_->directory_version)
    return rights::has(visiting_->rights, right::read);
  const auto before = visiting_->rights;
  visiting_->access = view->status.access;
  visiting_->directory_version = directory;
  visiting_->rights = guests().rights_on(*visiting_->guest, view->status);
  if (!rights::has(visiting_->rights, right::read)) return false;
  if (visiting_->rights == before || selected_->read_only()) return true;
  // What can be changed from now on.
  selected_->may(flag_rights(visiting_->rights));
  session_.writer().permanent_flags(view->keywords, false, view->keywords.size() < storage::mail::flag::keywords_max,
                                    selected_->may());
  return true;
}

bool imap_host::visit_ended() {
  if (!visiting_ || still_visiting()) return false;
  end_no("NOPERM", gone_text());
  return true;
}

void imap_host::select_foreign(const imap::select& s) {
  find_foreign(s.mailbox, [this, s](const place& p) {
    if (refused(p, right::read)) return;
    visiting_ = std::make_unique<visit>(visit{p.guest, p.rights, p.status->access, guests().directory_version()});
    open_mailbox(p.guest->owner->id, p.status->id,
                 [this, s](std::shared_ptr<storage::mail::mailbox_cell> cell) { opened(s, std::move(cell)); });
  });
}

void imap_host::status_foreign(const imap::status& s) {
  find_foreign(s.mailbox, [this, s](const place& p) {
    if (refused(p, right::read)) return;
    // His own \Seen, and what is recent, are in the view that is made for him.
    const auto owner = p.guest->owner->id;
    open_mailbox(owner, p.status->id, [this, s, owner](const std::shared_ptr<storage::mail::mailbox_cell>& cell) {
      if (!cell || cell->view()->gone) return end_no("NONEXISTENT", "No such mailbox");
      const auto view = cell->view();
      const bool deleted = (s.items & imap::status_item::deleted_storage) != 0 && view->status.deleted != 0;
      print_status(s.mailbox, s.items, status_of(view->status, settings_->limits.append_octets, owner), deleted, cell);
    });
  });
}

void imap_host::create_foreign(const imap::create_mailbox& c) {
  // The right k is asked of the mailbox above; at the top of another's account nobody else makes mailboxes.
  find_foreign(std::string(parent_of(c.mailbox)), [this, c](const place& p) {
    if (refused(p, right::create)) return;
    const auto name = c.mailbox.substr(p.guest->prefix.size());
    change_in(p.guest->owner->id, storage::mail::create_mailbox{name, ""},
              [this, owner = p.guest->owner->id](const storage::command_result& r) {
      if (r.what != storage::outcome::done) return end_refused(r.what);
      end_ok(imap::mailbox_id_code(mailbox_object_id(r.mailbox, owner)), "CREATE completed");
    });
  });
}

void imap_host::delete_foreign(const imap::delete_mailbox& d) {
  find_foreign(d.mailbox, [this](const place& p) {
    if (refused(p, right::remove_mailbox)) return;
    if (p.name == "INBOX") return end_no("CANNOT", "INBOX cannot be deleted");
    change_in(p.guest->owner->id, storage::mail::delete_mailbox{p.name, keeps_removed(node_)},
              [this, owner = p.guest->owner->id, id = p.status->id](const storage::command_result& r) {
                if (r.what != storage::outcome::done) return end_refused(r.what);
                if (is_selected(owner, id)) {
                  leave_mailbox();
                  session_.deselected();
                }
                end_ok("", "DELETE completed");
              });
  });
}

void imap_host::rename_foreign(const imap::rename_mailbox& r) {
  find_place(r.from, [this, r](const place& from) {
    if (refused(from, right::remove_mailbox)) return;
    find_foreign(std::string(parent_of(r.to)), [this, r, from](const place& above) {
      if (refused(above, right::create)) return;
      if (!from.guest || from.guest->owner->id != above.guest->owner->id)
        return end_no("CANNOT", "A mailbox cannot be moved into another account");
      if (from.name == "INBOX") return end_no("CANNOT", "INBOX of another account cannot be moved");
      const auto to = r.to.substr(above.guest->prefix.size());
      change_in(above.guest->owner->id, storage::mail::rename_mailbox{from.name, to}, [this](const storage::command_result& done) {
        if (done.what != storage::outcome::done) return end_refused(done.what);
        end_ok("", "RENAME completed");
      });
    });
  });
}

void imap_host::append_foreign(const imap::append_begin& a) {
  find_foreign(a.mailbox, [this, message = a.message](const place& p) {
    if (const auto words = refusal(p, right::insert, "TRYCREATE")) return session_.refuse_append(words->code, words->text);
    append_guest_ = p.guest;
    append_may_ = flag_rights(p.rights);
    begin_append(p.status->id, message);
  });
}

void imap_host::transfer_foreign(bool leave, const selected_rows& chosen, const std::string& to_name) {
  if (leave && !may(right::remove_messages | right::expunge)) return end_no("NOPERM", "No right to remove messages here");
  find_place(to_name, [this, leave, chosen](const place& to) {
    if (refused(to, right::insert, "TRYCREATE")) return;
    const auto keep = to.guest ? flag_rights(to.rights) : imap::flag_right::all;
    const auto owner = to.guest ? to.guest->owner->id : entry_.id();
    if (owner == selected_owner()) transfer_known(leave, chosen, to.status->id, to.guest, keep);
    else copy_over(leave, chosen, to.status->id, to.guest, keep);
  });
}

/// From one account into another: read here, written there. The source's messages go when the copies are durable, so a
/// crash between leaves both.
void imap_host::copy_over(bool leave, const selected_rows& chosen, base::mailbox_id to, const guest_ptr& to_guest,
                          std::uint8_t keep) {
  const std::string name = leave ? "MOVE" : "COPY";
  if (chosen.ghosts) return end_no("EXPUNGEISSUED", "Some of the messages were expunged meanwhile");
  if (chosen.count == 0) return end_ok("", name + " completed, no messages");
  if (chosen.count > settings_->limits.append_messages) return end_no("LIMIT", "Too many messages at once into another account");
  const auto uids = selected_->map().uids_of(chosen.rows);
  const auto owner = to_guest ? to_guest->owner->id : entry_.id();
  const auto job = std::make_shared<cross_copy>(to, node_.data_directory + "/spill", settings_->limits.append_total_octets);
  in_reader(
      [job, keep, view = selected_->shared_view(), cell = selected_->cell(), bodies = node_.bodies, rows = chosen.rows,
       now = node_.clock->wall()] { job->gather(*bodies, *cell, *view, rows, keep, now); },
      [this, job, leave, name, uids, to_guest, owner, count = chosen.count] {
        switch (job->result()) {
          case cross_copy::outcome::done: break;
          case cross_copy::outcome::too_large: return end_no("LIMIT", "Too large for one command into another account");
          case cross_copy::outcome::gone: return end_no("EXPUNGEISSUED", "Some of the messages were expunged meanwhile");
          case cross_copy::outcome::failed: return end_unavailable();
        }
        if (over_quota(to_guest, job->octets(), count)) return end_no("OVERQUOTA", "The account's quota would be exceeded");
        auto what = job->take();
        what.command.reader = own_id_as_reader_of(owner);
        change_in(
            owner, std::move(what.command),
            [this, leave, name, uids](const storage::command_result& r) {
              if (r.what != storage::outcome::done) return end_refused(r.what, "TRYCREATE");
              imap::number_ranges copies;
              for (const auto uid : r.uids) imap::append_number(copies, uid);
              const auto code = imap::copy_uid_code(r.uid_validity, uids, copies);
              if (!leave) return end_ok(code, name + " completed");
              change_in(selected_owner(), storage::mail::expunge{selected_->id(), uids, true},
                        [this, code](const storage::command_result& gone) {
                          if (gone.what != storage::outcome::done) return end_refused(gone.what);
                          session_.writer().ok(code, "Moved");
                          end_ok("", "MOVE completed");
                        });
            },
            {}, std::move(what.bodies), job);
      });
}

struct imap_host::foreign_walk {
  std::vector<foreign_name> owners;
  std::size_t next = 0;
  std::vector<foreign_mailbox> found;
  std::function<void(std::vector<foreign_mailbox>)> then;
};

void imap_host::foreign_mailboxes(std::function<void(std::vector<foreign_mailbox>)> then) {
  const bool shared = entry_.account()->admin ||
                      std::any_of(node_.shares.begin(), node_.shares.end(), [](const auto& s) { return s->version() != 0; });
  if (!shared) return then({});
  const auto w = std::make_shared<foreign_walk>();
  w->owners = guests().sharing();
  w->then = std::move(then);
  next_foreign(w);
}

void imap_host::next_foreign(const std::shared_ptr<foreign_walk>& w) {
  if (w->next == w->owners.size() || w->next == guest_accounts_max) return w->then(std::move(w->found));
  guests().open(link(), w->owners[w->next++], [this, w](const guest_ptr& guest) {
    if (!guest) return next_foreign(w);
    const auto list = guest->handles.cell->view();
    const bool looked_after = entry_.account()->admin && guest->prefix == settings_->public_folders + "/";
    for (const auto& m : list->mailboxes) {
      if (!m->access && !looked_after) continue;
      const auto have = guests().rights_on(*guest, *m);
      if (rights::has(have, right::lookup)) w->found.push_back({guest->prefix + m->name, guest->owner->id, list, m.get(), have});
    }
    next_foreign(w);
  });
}

} // namespace rookery::actors
