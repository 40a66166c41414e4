#include "actors/imap/imap_host.hpp"
#include "actors/imap/list_rows.hpp"
#include "actors/imap/mailbox_news.hpp"
#include "actors/imap/object_id.hpp"
#include "protocols/imap/mailbox_name.hpp"

namespace rookery::actors {
namespace {

/// A shard that does not answer in this time is not going to.
constexpr std::chrono::seconds shard_time{30};
constexpr std::string_view inbox = "INBOX";

} // namespace

void imap_host::run(imap::create_mailbox& c) {
  const auto all = mailboxes();
  if (c.mailbox == inbox || all->find(c.mailbox) != nullptr)
    return end_no("ALREADYEXISTS", "The mailbox exists already");
  if (find_virtual(c.mailbox) || !imap::may_be_created(c.mailbox)) return end_no("CANNOT", "A mailbox cannot have such a name");
  if (is_foreign(c.mailbox)) return create_foreign(c);
  // RFC 6154 §3: \All and \Flagged would need a mailbox that shows others' messages.
  if (c.special_use & (imap::list_attribute::all | imap::list_attribute::flagged))
    return end_no("USEATTR", "This special use is not possible here");
  change(storage::mail::create_mailbox{c.mailbox, special_use_text(c.special_use)}, [this, name = c.mailbox](const storage::command_result& r) {
    if (r.what != storage::outcome::done) return end_refused(r.what);
    note_own_name(name);
    end_ok(imap::mailbox_id_code(mailbox_object_id(r.mailbox)), "CREATE completed");
  });
}

void imap_host::run(imap::delete_mailbox& d) {
  if (d.mailbox == inbox) return end_no("CANNOT", "INBOX cannot be deleted");
  const auto all = mailboxes();
  const auto* status = all->find(d.mailbox);
  if (status == nullptr) {
    if (has_children(*all, d.mailbox)) return end_no("HASCHILDREN", "Delete the mailboxes below it first");
    return delete_foreign(d);
  }
  change(storage::mail::delete_mailbox{d.mailbox, keeps_removed(node_)}, [this, id = status->id, name = d.mailbox](const storage::command_result& r) {
    if (r.what != storage::outcome::done) return end_refused(r.what);
    note_own_name(name);
    if (is_selected(entry_.id(), id)) {
      leave_mailbox();
      session_.deselected();
    }
    end_ok("", "DELETE completed");
  });
}

void imap_host::run(imap::rename_mailbox& r) {
  const auto all = mailboxes();
  if (is_foreign(r.to) || (all->find(r.from) == nullptr && !has_children(*all, r.from))) return rename_foreign(r);
  if (r.to == inbox || all->find(r.to) != nullptr) return end_no("ALREADYEXISTS", "The mailbox exists already");
  if (find_virtual(r.to) || !imap::may_be_created(r.to)) return end_no("CANNOT", "A mailbox cannot have such a name");
  if (r.from != inbox && r.to.starts_with(r.from + imap::hierarchy_separator))
    return end_no("CANNOT", "A mailbox cannot be moved below itself");
  change(storage::mail::rename_mailbox{r.from, r.to}, [this, to = r.to](const storage::command_result& done) {
    if (done.what != storage::outcome::done) return end_refused(done.what);
    note_own_name(to);
    end_ok("", "RENAME completed");
  });
}

void imap_host::run(imap::subscribe& s) {
  change(storage::mail::subscribe{s.mailbox, s.on}, [this, on = s.on, name = s.mailbox](const storage::command_result& r) {
    if (r.what != storage::outcome::done) return end_refused(r.what);
    note_own_name(name);
    end_ok("", on ? "SUBSCRIBE completed" : "UNSUBSCRIBE completed");
  });
}

void imap_host::run(imap::list& l) {
  const std::string_view text = l.lsub ? "LSUB completed" : "LIST completed";
  if (l.patterns.size() == 1 && l.patterns.front().empty() && !l.extended) {
    session_.writer().list_separator(l.lsub);
    return end_ok("", text);
  }
  foreign_mailboxes([this, l](std::vector<foreign_mailbox> others) {
    list_virtual(l, std::move(others), [this, l](std::vector<foreign_mailbox> foreign) {
      if ((l.return_status & imap::status_item::recent) == 0 || session_.mode().rev2) return list(l, {}, std::move(foreign));
      link()
          .request(node_.shard_actor(entry_.id()), shard_time, count_recent{entry_.id()})
          .then([this, l, foreign](const recent_counts& recent) { list(l, recent, foreign); },
                [this](const caf::error&) { end_unavailable(); });
    });
  });
}

void imap_host::list(imap::list l, recent_counts recent, std::vector<foreign_mailbox> foreign) {
  auto all = mailboxes();
  if (all->mailboxes.size() + all->subscriptions.size() + foreign.size() <= listed_here_max)
    return print_list(list_mailboxes(all, l, std::move(recent), std::move(foreign)), l);
  struct work {
    imap::list command;
    std::vector<foreign_mailbox> foreign;
    std::shared_ptr<listed_mailboxes> listed;
  };
  auto w = std::make_shared<work>();
  w->command = std::move(l);
  w->foreign = std::move(foreign);
  in_reader([w, all, recent] { w->listed = list_mailboxes(all, w->command, recent, std::move(w->foreign)); },
            [this, w] {
              if (!w->listed) return end_unavailable();
              print_list(w->listed, w->command);
            });
}

void imap_host::print_list(std::shared_ptr<listed_mailboxes> listed, const imap::list& command) {
  const auto print = [this, listed, command] {
    const std::string_view text = command.lsub ? "LSUB completed" : "LIST completed";
    produce_rows(std::make_unique<list_rows>(listed, command, session_.mode(), settings_->limits.append_octets),
                 [this, text] { end_ok("", text); });
  };
  if (command.return_metadata.empty()) return print();
  add_metadata(listed, command.return_metadata, print);
}

void imap_host::run(imap::status& s) {
  namespace item = imap::status_item;
  const auto all = mailboxes();
  const auto* status = all->find(s.mailbox);
  if (const auto kind = find_virtual(s.mailbox)) return status_virtual(s, *kind);
  if (status == nullptr) return status_foreign(s);
  auto values = status_of(*status, settings_->limits.append_octets);
  const bool recent = (s.items & item::recent) != 0 && !session_.mode().rev2;
  const bool deleted = (s.items & item::deleted_storage) != 0 && status->deleted != 0;
  if (!recent && !deleted) {
    session_.writer().status(s.mailbox, s.items, values);
    return end_ok("", "STATUS completed");
  }
  // Those two need the messages.
  open_mailbox(entry_.id(), status->id, [this, s, values, deleted](const std::shared_ptr<storage::mail::mailbox_cell>& cell) {
    if (!cell) return end_no("NONEXISTENT", "No such mailbox");
    print_status(s.mailbox, s.items, values, deleted, cell);
  });
}

void imap_host::print_status(const std::string& name, std::uint32_t items, imap::status_values values, bool deleted,
                             const std::shared_ptr<storage::mail::mailbox_cell>& cell) {
  auto v = std::make_shared<imap::status_values>(std::move(values));
  v->recent = storage::mail::recent_count(*cell);
  const auto print = [this, name, items, v] {
    session_.writer().status(name, items, *v);
    end_ok("", "STATUS completed");
  };
  if (!deleted) return print();
  in_reader(
      [v, view = cell->view()] {
        for (const auto& page : view->pages)
          for (std::size_t r = 0; r < page->rows(); ++r)
            if (page->flags[r] & storage::mail::flag::deleted)
              v->deleted_storage += storage::mail::load_statics(*page).size[page->slot[r]];
      },
      print);
}

} // namespace rookery::actors
