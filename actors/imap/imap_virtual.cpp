// Virtual mailboxes: "All unread" and "All flagged". What changes in one is changed where the messages lie.
#include "actors/imap/imap_host.hpp"
#include "actors/imap/list_rows.hpp"

#include <algorithm>
#include <string>

namespace rookery::actors {
namespace {

namespace item = imap::status_item;

/// Messages whose flags are looked at in the connection's thread when one is opened; more are for a reader.
constexpr std::uint64_t composed_here_max = 50'000;
/// What STATUS can say of the unread ones from the account's list.
constexpr std::uint32_t items_of_list = item::messages | item::recent | item::uidnext | item::uidvalidity | item::unseen |
                                        item::highestmodseq | item::mailboxid | item::appendlimit;
constexpr rights::rights_set rights_there = rights::right::lookup | rights::right::read | rights::right::seen |
                                            rights::right::write | rights::right::remove_messages;

storage::mail::uid_ranges ranges_of(const std::vector<std::uint32_t>& uids) {
  imap::number_ranges ranges;
  for (const auto uid : uids) imap::append_number(ranges, uid);
  return ranges;
}

bool asks_modseq(const imap::any_command& c) {
  if (const auto* f = std::get_if<imap::fetch>(&c)) return f->changed_since || (f->items.bits & imap::fetch_item::modseq) != 0;
  if (const auto* s = std::get_if<imap::store>(&c)) return s->unchanged_since.has_value();
  if (const auto* s = std::get_if<imap::search>(&c)) return s->program.uses_modseq;
  if (const auto* s = std::get_if<imap::sort>(&c)) return s->program.uses_modseq;
  if (const auto* t = std::get_if<imap::thread>(&c)) return t->program.uses_modseq;
  if (const auto* m = std::get_if<imap::multi_search>(&c)) return m->selected && m->what.program.uses_modseq;
  return false;
}

} // namespace

std::optional<virtual_kind> imap_host::find_virtual(std::string_view name) const {
  const auto settings = node_.settings->get();
  if (!is_virtual_parent(settings->mailboxes_virtual)) return std::nullopt;
  return virtual_named(settings->mailboxes_virtual, name, *mailboxes());
}

// Opening

std::vector<base::mailbox_id> imap_host::missing_sources() const {
  if (!virtual_) return {};
  auto sources = sources_of(virtual_->kind(), *mailboxes(), virtual_->limits()).mailboxes;
  std::erase_if(sources, [this](base::mailbox_id id) { return virtual_->has(id); });
  return sources;
}

/// One after the other, the last of `missing` first.
void imap_host::open_sources(std::shared_ptr<virtual_mailbox> into, std::vector<base::mailbox_id> missing,
                             std::function<void()> then) {
  if (missing.empty()) return then();
  const auto id = missing.back();
  missing.pop_back();
  open_mailbox(entry_.id(), id,
               [this, into, missing = std::move(missing), then = std::move(then), id](std::shared_ptr<storage::mail::mailbox_cell> cell) {
                 into->add(id, std::move(cell));
                 open_sources(into, missing, then);
               });
}

/// Mailboxes that got something to show while this one is selected.
void imap_host::open_more_sources() {
  if (opening_) return;
  auto missing = missing_sources();
  if (missing.empty()) return;
  opening_ = true;
  open_sources(virtual_, std::move(missing), [this, of = virtual_] {
    opening_ = false;
    if (virtual_ != of) return;
    if (notify_) push_soon();
    else if (session_.idling() && !tell_news()) session_.abort("", gone_text());
  });
}

void imap_host::compose_virtual(virtual_kind kind, composed then) {
  const auto all = mailboxes();
  auto made = std::make_shared<virtual_mailbox>(kind, virtual_name(node_.settings->get()->mailboxes_virtual, kind),
                                                next_virtual_validity(node_.clock->wall()));
  auto sources = sources_of(kind, *all, made->limits());
  left_out_ = sources.left_out;
  std::reverse(sources.mailboxes.begin(), sources.mailboxes.end());
  open_sources(made, std::move(sources.mailboxes), [this, made, all, then = std::move(then)] {
    if (all->messages > composed_here_max) return in_reader([made] { made->look(); }, [made, then] { then(made); });
    made->look();
    then(made);
  });
}

void imap_host::select_virtual(const imap::select& s, virtual_kind kind) {
  compose_virtual(kind, [this, s](std::shared_ptr<virtual_mailbox> made) {
    virtual_ = std::move(made);
    opened(s, virtual_);
  });
}

void imap_host::tell_virtual(imap::response_writer& out) {
  out.ok("NOMODSEQ", "No mod-sequences in a virtual mailbox");
  out.no("UIDNOTSTICKY", "UIDs are those of this selection alone");
  if (virtual_->left_out() != 0) out.ok("LIMIT", std::to_string(virtual_->left_out()) + " older messages are not shown");
  if (left_out_ != 0) out.ok("LIMIT", "Messages of " + std::to_string(left_out_) + " mailboxes are not shown");
}

// STATUS and LIST

void imap_host::status_virtual(const imap::status& s, virtual_kind kind) {
  if (kind == virtual_kind::unread && (s.items & ~items_of_list) == 0) {
    storage::mail::mailbox_status status;
    status.id = virtual_id(kind);
    status.messages = status.unseen = unread_in(*mailboxes(), {});
    status.uid_next = status.messages + 1;
    status.uid_validity = next_virtual_validity(node_.clock->wall());
    status.highest_modseq = 0;
    session_.writer().status(s.mailbox, s.items, status_of(status, 0));
    return end_ok("", "STATUS completed");
  }
  compose_virtual(kind, [this, s](const std::shared_ptr<virtual_mailbox>& made) {
    const auto view = made->view();
    const auto values = std::make_shared<imap::status_values>(status_of(view->status, 0));
    in_reader(
        [values, view, with_sizes = (s.items & (item::size | item::deleted_storage)) != 0] {
          for (const auto& page : view->pages)
            for (std::size_t r = 0; r < page->rows(); ++r) {
              const bool deleted = (page->flags[r] & storage::mail::flag::deleted) != 0;
              const auto octets = with_sizes ? storage::mail::load_statics(*page).size[page->slot[r]] : 0;
              values->deleted += deleted;
              values->size += octets;
              if (deleted) values->deleted_storage += octets;
            }
        },
        [this, s, values] {
          session_.writer().status(s.mailbox, s.items, *values);
          end_ok("", "STATUS completed");
        });
  });
}

void imap_host::list_virtual(const imap::list& l, std::vector<foreign_mailbox> others,
                             std::function<void(std::vector<foreign_mailbox>)> then) {
  const auto parent = node_.settings->get()->mailboxes_virtual;
  if (!is_virtual_parent(parent)) return then(std::move(others));
  const auto all = mailboxes();
  const auto shown = std::make_shared<storage::mail::account_view>();
  for (const auto kind : {virtual_kind::unread, virtual_kind::flagged}) {
    auto status = std::make_shared<storage::mail::mailbox_status>();
    status->name = virtual_name(parent, kind);
    if (!virtual_named(parent, status->name, *all)) continue;
    status->id = virtual_id(kind);
    status->highest_modseq = 0;
    if (kind == virtual_kind::unread) status->messages = status->unseen = unread_in(*all, {});
    status->uid_next = status->messages + 1;
    status->uid_validity = next_virtual_validity(node_.clock->wall());
    const bool flagged = kind == virtual_kind::flagged;
    others.push_back({status->name, {}, shown, status.get(), rights_there, flagged ? imap::list_attribute::flagged : 0});
    shown->mailboxes.push_back(std::move(status));
  }
  if (shown->mailboxes.empty()) return then(std::move(others));
  others.push_back({parent, {}, shown, nullptr, 0, imap::list_attribute::noselect});
  const bool sizes = (l.return_status & ~items_of_list) != 0;
  if (l.return_status == 0) return then(std::move(others));
  // Sizes and \Deleted are not looked up for a list: no STATUS rather than a wrong one (RFC 5819 §2); the command STATUS tells them.
  if (sizes) {
    for (auto& m : others)
      if (m.list == shown) m.status = nullptr;
    return then(std::move(others));
  }
  if (find_virtual(virtual_name(parent, virtual_kind::flagged)) != virtual_kind::flagged) return then(std::move(others));
  compose_virtual(virtual_kind::flagged, [shown, others = std::move(others), then = std::move(then)](
                                             const std::shared_ptr<virtual_mailbox>& made) mutable {
    const auto status = std::make_shared<storage::mail::mailbox_status>(made->view()->status);
    for (auto& m : others)
      if (m.list == shown && m.status != nullptr && m.status->id == status->id) m.status = status.get();
    shown->mailboxes.push_back(status);
    then(std::move(others));
  });
}

// What is possible in one

bool imap_host::refused_in_virtual(const imap::any_command& c) {
  if (std::holds_alternative<imap::expunge>(c) || std::holds_alternative<imap::move>(c)) {
    end_no("CANNOT", "Messages cannot be removed through a virtual mailbox");
    return true;
  }
  if (!asks_modseq(c)) return false;
  end_bad("This mailbox has no mod-sequences"); // RFC 7162 §3.1.2.2
  return true;
}

void imap_host::change_flags(storage::mail::store_flags what, committed then, std::function<void()> otherwise) {
  if (!virtual_) return change_in(selected_owner(), std::move(what), std::move(then), std::move(otherwise));
  std::vector<storage::mail::any_command> all;
  for (const auto& part : virtual_->parts_of(what.uids)) {
    auto one = what;
    one.mailbox = part.mailbox;
    one.uids = ranges_of(part.uids);
    all.push_back(std::move(one));
  }
  if (all.empty()) return then({});
  change_all(
      std::move(all),
      [then = std::move(then)](const std::vector<storage::command_result>& results) {
        storage::command_result together;
        for (const auto& r : results)
          // A mailbox that was deleted meanwhile: its messages are gone, as is told.
          if (r.what != storage::outcome::done && r.what != storage::outcome::no_such_mailbox) together.what = r.what;
        then(together);
      },
      std::move(otherwise));
}

void imap_host::copy_from_virtual(const imap::number_ranges& uids, base::mailbox_id to, std::uint8_t keep) {
  const auto parts = std::make_shared<std::vector<virtual_mailbox::part>>(virtual_->parts_of(uids));
  std::vector<storage::mail::any_command> all;
  for (const auto& part : *parts) all.emplace_back(storage::mail::copy_messages{part.mailbox, to, ranges_of(part.uids), keep});
  if (all.empty()) return end_no("EXPUNGEISSUED", "Some of the messages were expunged meanwhile");
  change_all(std::move(all), [this, parts](const std::vector<storage::command_result>& results) {
    std::vector<std::uint32_t> from, copies;
    std::uint32_t uid_validity = 0;
    auto failed = storage::outcome::done;
    for (std::size_t i = 0; i < results.size() && i < parts->size(); ++i) {
      const auto& r = results[i];
      const auto& part = (*parts)[i];
      if (r.what != storage::outcome::done) {
        failed = r.what;
        continue;
      }
      uid_validity = r.uid_validity;
      for (std::size_t n = 0; n < r.source_uids.size(); ++n) {
        const auto at = std::lower_bound(part.uids.begin(), part.uids.end(), r.source_uids[n]) - part.uids.begin();
        from.push_back(part.shown_as[static_cast<std::size_t>(at)]);
        copies.push_back(r.uids[n]);
      }
    }
    if (failed != storage::outcome::done && from.empty()) return end_refused(failed, "TRYCREATE");
    if (failed != storage::outcome::done) return end_no("EXPUNGEISSUED", "Some of the messages are gone; the others were copied");
    if (from.empty()) return end_ok("", "COPY completed");
    end_ok(imap::copy_uid_code(uid_validity, from, copies), "COPY completed");
  });
}

} // namespace rookery::actors
