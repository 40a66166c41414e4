// NOTIFY: what a client is told between its commands, of the selected mailbox and of others (RFC 5465).
#include "actors/account/account_actor.hpp"
#include "actors/imap/fetch_rows.hpp"
#include "actors/imap/imap_host.hpp"
#include "actors/imap/list_rows.hpp"
#include "actors/imap/mailbox_news.hpp"

namespace rookery::actors {
namespace {

namespace event = imap::notify_event;
namespace item = imap::status_item;

/// What is told of mailboxes of others.
constexpr std::uint8_t of_others = event::of_messages | event::mailbox_name | event::mailbox_metadata;
/// Mailboxes that are told of in one go.
constexpr unsigned rows_a_slice = 200;
/// A command is in the way: it is looked again after so long, when its end does not come first.
constexpr std::chrono::milliseconds try_again{100};

std::uint32_t attributes_of(const storage::mail::account_view& all, std::string_view name) {
  namespace attribute = imap::list_attribute;
  const auto* m = all.find(name);
  std::uint32_t bits = m == nullptr ? attribute::nonexistent : special_use_bits(m->special_use);
  if (std::binary_search(all.subscriptions.begin(), all.subscriptions.end(), name)) bits |= attribute::subscribed;
  if (has_children(all, name)) bits |= attribute::has_children;
  else if (m != nullptr) bits |= attribute::has_no_children;
  return bits;
}

bool subscribed(const storage::mail::account_view& all, std::string_view name) {
  return std::binary_search(all.subscriptions.begin(), all.subscriptions.end(), name);
}

/// What STATUS says at the beginning (RFC 5465 §3.1).
std::uint32_t first_items(std::uint8_t events, bool condstore) {
  std::uint32_t items = 0;
  if (events & event::message_new) items |= item::messages | item::uidnext | item::uidvalidity;
  if (events & event::message_expunge) items |= item::messages;
  if ((events & event::flag_change) || (items != 0 && condstore)) items |= item::uidvalidity | item::highestmodseq;
  return items;
}

/// What STATUS says of a change (RFC 5465 §5.1 to §5.3); 0: nothing.
std::uint32_t changed_items(std::uint8_t events, const mailbox_news::changed& c, bool condstore) {
  std::uint32_t items = 0;
  if ((events & event::message_new) && (c.before->uid_next != c.now->uid_next || c.before->messages != c.now->messages))
    items |= item::uidnext | item::messages | (condstore ? item::highestmodseq : 0);
  if (events & event::flag_change) {
    if (condstore) items |= item::highestmodseq | item::uidvalidity;
    if (c.before->unseen != c.now->unseen) items |= item::unseen | item::uidvalidity;
  }
  return items;
}

/// The mailboxes that a guest may look at: for him one that he may look at from now on is made, and the other way
/// round (RFC 5465 §5.4). Names and annotations of the account itself are the owner's.
template <class Right>
storage::mail::account_view seen_by(const storage::mail::account_view& all, Right may_look) {
  storage::mail::account_view out;
  out.account = all.account;
  out.annotation_changes = all.annotation_changes;
  out.annotated = all.annotated;
  for (const auto& m : all.mailboxes)
    if (may_look(*m)) out.mailboxes.push_back(m);
  return out;
}

/// STATUS of all that is watched, before NOTIFY's OK.
class watched_rows final : public rows {
public:
  watched_rows(account_view_ptr all, imap::notify what, base::mailbox_id selected, imap::client_mode mode)
      : all_(std::move(all)), what_(std::move(what)), selected_(selected), mode_(mode) {}
  progress produce(base::buffer& out) override {
    imap::response_writer writer(out, mode_);
    for (unsigned n = 0; n < rows_a_slice; ++n) {
      if (next_ == all_->mailboxes.size()) return progress::done;
      const auto& m = *all_->mailboxes[next_++];
      if (m.id == selected_) continue;
      const auto items = first_items(what_.events_for(m.name, subscribed(*all_, m.name)), mode_.condstore);
      if (items != 0) writer.status(m.name, items, status_of(m, 0));
    }
    return progress::more;
  }

private:
  account_view_ptr all_;
  imap::notify what_;
  base::mailbox_id selected_;
  imap::client_mode mode_;
  std::size_t next_ = 0;
};

} // namespace

const imap::notify_group* imap_host::notified_selection() const noexcept {
  return notify_ ? notify_->what.selected() : nullptr;
}

bool imap_host::hears_of_messages() const noexcept {
  if (!notify_) return true;
  const auto* group = notify_->what.selected();
  return group != nullptr && (group->events & event::of_messages) != 0;
}

/// The end of a command that is there for the news: none where NOTIFY wants none.
void imap_host::end_told(std::string_view text) {
  if (hears_of_messages()) return end_ok("", text);
  session_.respond_ok("", text);
  end();
}

void imap_host::watch_mailbox() {
  const auto& watch = entry_.watch();
  if (!watch) return;
  const bool others = notify_ && std::any_of(notify_->what.groups.begin(), notify_->what.groups.end(), [](const auto& g) {
                        return g.events != 0 && g.filter != imap::notify_filter::selected &&
                               g.filter != imap::notify_filter::selected_delayed;
                      });
  watch->mailbox = others || virtual_ ? watch_everything : selected_ && !visiting_ ? selected_->id().value : 0;
  if (notify_)
    for (const auto& o : notify_->others) o.account->watch->mailbox = watch_everything;
}

// Mailboxes of others: as far as there are rights on them.

struct imap_host::others_walk {
  std::vector<foreign_name> owners;
  std::size_t next = 0;
  std::function<void()> then;
};

bool imap_host::asks_of_others() const {
  const auto foreign = [this](std::string_view name) { return is_foreign(name); };
  return std::any_of(notify_->what.groups.begin(), notify_->what.groups.end(), [&](const imap::notify_group& g) {
    if ((g.events & of_others) == 0) return false;
    if (g.filter == imap::notify_filter::subscribed) {
      const auto all = mailboxes();
      return std::any_of(all->subscriptions.begin(), all->subscriptions.end(), foreign);
    }
    return std::any_of(g.names.begin(), g.names.end(), foreign);
  });
}

void imap_host::watch_others(const std::shared_ptr<others_walk>& w) {
  if (w->next == w->owners.size() || w->next == guest_accounts_max) return w->then();
  guests().open(link(), w->owners[w->next++], [this, w](const guest_ptr& guest) {
    if (guest) {
      const auto list = guest->handles.cell->view();
      const bool any = std::any_of(list->mailboxes.begin(), list->mailboxes.end(),
                                   [&](const auto& m) { return events_of_other(*guest, *m) != 0; });
      // What will be made or shared later: a name there, or one above all of them.
      const auto below = [](std::string_view name, std::string_view top) { return (std::string(name) + '/').starts_with(top); };
      const bool later = std::any_of(notify_->what.groups.begin(), notify_->what.groups.end(), [&](const imap::notify_group& g) {
        return (g.events & event::mailbox_name) != 0 && std::any_of(g.names.begin(), g.names.end(), [&](const std::string& name) {
                 return below(name, guest->prefix) || below(guest->prefix, name + '/');
               });
      });
      if (any || later) notify_->others.push_back({guest, list});
    }
    watch_others(w);
  });
}

void imap_host::forget_others() {
  if (!notify_) return;
  for (const auto& o : std::exchange(notify_->others, {}))
    o.account->watch->mailbox = visiting_ && visiting_->guest == o.account && selected_ ? selected_->id().value : 0;
}

std::uint8_t imap_host::events_of_other(const guest_account& guest, const storage::mail::mailbox_status& m) {
  const auto name = guest.prefix + m.name;
  auto events = static_cast<std::uint8_t>(notify_->what.events_for(name, subscribed(*mailboxes(), name), false) & of_others);
  if (events == 0) return events;
  const auto have = guests().rights_on(guest, m);
  if (!rights::has(have, rights::right::lookup)) return 0;
  if (!rights::has(have, rights::right::read)) events &= static_cast<std::uint8_t>(~event::of_messages);
  if (!rights::may_see_metadata(have)) events &= static_cast<std::uint8_t>(~event::mailbox_metadata);
  return events;
}

void imap_host::tell_others() {
  const bool condstore = session_.mode().condstore;
  const bool annotations = notify_->what.asks_for(event::mailbox_metadata);
  auto out = session_.writer();
  for (auto& o : notify_->others) {
    const auto& guest = *o.account;
    const auto whole = guest.handles.cell->view();
    const auto whole_before = std::exchange(o.seen, whole);
    if (whole_before == whole) continue;
    const auto may_look = [&](const storage::mail::mailbox_status& m) {
      return rights::has(guests().rights_on(guest, m), rights::right::lookup);
    };
    const auto before = seen_by(*whole_before, may_look), now = seen_by(*whole, may_look);
    const auto news = compare(before, now, entry_.id());
    if (news.messages.size() + news.names.size() > settings_->limits.notify_changes || (annotations && news.too_many_annotations))
      return overflow();
    for (const auto& c : news.messages) {
      if (is_selected(guest.owner->id, c.now->id)) continue;
      auto items = changed_items(events_of_other(guest, *c.now), c, condstore);
      // Counted for the owner; the guest has a \Seen of his own.
      if (c.now->access && c.now->access->seen_per_reader) items &= ~item::unseen;
      if (items != 0) out.status(guest.prefix + c.now->name, items, status_of(*c.now, 0, guest.owner->id));
    }
    const auto own = mailboxes();
    const auto names_wanted = [&](const std::string& name) {
      return (notify_->what.events_for(name, subscribed(*own, name), false) & event::mailbox_name) != 0;
    };
    for (const auto& n : news.names) {
      const auto name = guest.prefix + n.mailbox;
      const auto old_name = n.old_name.empty() ? std::string() : guest.prefix + n.old_name;
      if (!names_wanted(name) && (old_name.empty() || !names_wanted(old_name))) continue;
      auto attributes = attributes_of(now, n.mailbox);
      if (subscribed(*own, name)) attributes |= imap::list_attribute::subscribed;
      if (old_name.empty()) out.list({}, {name, attributes, false});
      else out.list_renamed(name, attributes, old_name);
    }
    for (const auto& a : news.annotations)
      if (const auto* m = now.find(a.mailbox); m != nullptr && (events_of_other(guest, *m) & event::mailbox_metadata) != 0)
        imap::write_metadata_names(out, guest.prefix + a.mailbox, a.names);
  }
}

void imap_host::run(imap::notify& n) {
  forget_others();
  notify_ = std::make_unique<notify_state>();
  notify_->what = std::move(n);
  notify_->seen = mailboxes();
  if (selected_) selected_->want_flags(!notified_selection() || (notified_selection()->events & event::flag_change) != 0);
  watch_mailbox();
  if (const auto& w = entry_.watch()) w->signaled = false;
  const auto finish = [this] {
    if (!notify_->what.status) return end_told("NOTIFY completed");
    auto out = session_.writer();
    for (const auto& o : notify_->others)
      for (const auto& m : o.seen->mailboxes)
        if (const auto items = first_items(events_of_other(*o.account, *m), session_.mode().condstore);
            items != 0 && !is_selected(o.account->owner->id, m->id))
          out.status(o.account->prefix + m->name, items, status_of(*m, 0, o.account->owner->id));
    const auto selected = selected_ && !visiting_ ? selected_->id() : base::mailbox_id{};
    produce_rows(std::make_unique<watched_rows>(notify_->seen, notify_->what, selected, session_.mode()),
                 [this] { end_told("NOTIFY completed"); });
  };
  if (!asks_of_others()) return finish();
  watch_others(std::make_shared<others_walk>(others_walk{guests().sharing(), 0, [this, finish] {
                                                           watch_mailbox();
                                                           finish();
                                                         }}));
}

/// In a turn of its own: what the client has said meanwhile is looked at then too.
void imap_host::push_soon() {
  link().after(std::chrono::milliseconds(0), [this] {
    push();
    show_matches();
  });
}

/// Something changed, or a command has ended: tells what may be told now.
void imap_host::push() {
  if (!notify_ || session_.closed()) return;
  if (session_.command_open() || !session_.between_commands() || rows_) {
    if (!std::exchange(notify_->due, true))
      link().after(try_again, [this] {
        if (notify_ && std::exchange(notify_->due, false)) push();
      });
    return;
  }
  notify_->due = false;
  if (const auto& w = entry_.watch()) w->signaled = false;
  if (const auto& w = selected_watch()) w->signaled = false;
  for (const auto& o : notify_->others) o.account->watch->signaled = false;
  if (session_.output_octets() > settings_->limits.notify_octets) return overflow();
  if (selected_ && hears_of_messages()) {
    const auto expunges = std::exchange(expunges_, notified_selection()->filter == imap::notify_filter::selected);
    const bool there = tell_news();
    expunges_ = expunges;
    if (!there) return session_.abort("", gone_text());
  }
  tell_mailboxes();
  if (notify_) tell_others();
  if (notify_) tell_new_messages();
  show_matches();
}

void imap_host::note_own_messages(base::account_id owner, const storage::command_result& r) {
  if (!notify_ || !is_selected(owner, r.mailbox)) return;
  for (const auto uid : r.uids) notify_->own_uids.emplace_back(uid, uid);
}

void imap_host::overflow() {
  forget_others();
  notify_ = std::make_unique<notify_state>();
  notify_->what.none = true;
  watch_mailbox();
  session_.writer().ok("NOTIFICATIONOVERFLOW", "Too much at once: no more is told without being asked");
}

void imap_host::tell_mailboxes() {
  if (!entry_.watch() || entry_.watch()->mailbox != watch_everything) return;
  const auto now = mailboxes();
  const auto before = std::exchange(notify_->seen, now);
  if (before == now) return;
  const auto news = compare(*before, *now, entry_.id());
  const auto own = std::exchange(notify_->own_names, {});
  const auto own_annotations = std::exchange(notify_->own_annotations, {});
  const bool annotations = notify_->what.asks_for(event::mailbox_metadata | event::server_metadata);
  if (news.messages.size() + news.names.size() + news.subscriptions.size() > settings_->limits.notify_changes ||
      (annotations && news.too_many_annotations))
    return overflow();
  auto out = session_.writer();
  const auto& mode = session_.mode();
  const auto events_of = [&](std::string_view name) { return notify_->what.events_for(name, subscribed(*now, name)); };
  const auto is_own = [&](std::string_view name) { return std::find(own.begin(), own.end(), name) != own.end(); };
  for (const auto& c : news.messages) {
    if (is_selected(entry_.id(), c.now->id)) continue;
    const auto items = changed_items(events_of(c.now->name), c, mode.condstore);
    if (items != 0) out.status(c.now->name, items, status_of(*c.now, 0));
  }
  for (const auto& n : news.names) {
    const auto events = events_of(n.mailbox) | (n.old_name.empty() ? 0 : events_of(n.old_name));
    if ((events & event::mailbox_name) == 0 || is_own(n.mailbox)) continue;
    if (n.old_name.empty()) out.list({}, {n.mailbox, attributes_of(*now, n.mailbox), false});
    else out.list_renamed(n.mailbox, attributes_of(*now, n.mailbox), n.old_name);
  }
  for (const auto& a : news.annotations) {
    const bool wanted = a.mailbox.empty() ? notify_->what.asks_for(event::server_metadata)
                                          : (events_of(a.mailbox) & event::mailbox_metadata) != 0;
    if (!wanted) continue;
    const auto* m = a.mailbox.empty() ? nullptr : now->find(a.mailbox);
    auto names = a.names;
    std::erase_if(names, [&](const std::string& name) {
      return std::find(own_annotations.begin(), own_annotations.end(),
                       std::pair(m != nullptr ? m->id : base::mailbox_id{}, name)) != own_annotations.end();
    });
    imap::write_metadata_names(out, a.mailbox, names);
  }
  for (const auto& name : news.subscriptions)
    if ((events_of(name) & event::subscription_change) && !is_own(name))
      out.list({}, {name, attributes_of(*now, name), false});
}

/// RFC 5465 §5.2: EXISTS was written; what was asked of new messages follows.
void imap_host::tell_new_messages() {
  auto& fresh = notify_->fresh;
  const auto* group = notified_selection();
  if (fresh.empty() || rows_ || !selected_ || group == nullptr) return fresh.clear();
  fetch_job job;
  imap::normalize(fresh);
  imap::normalize(notify_->own_uids);
  job.rows = selected_->rows_of(imap::subtract(fresh, notify_->own_uids));
  fresh.clear();
  notify_->own_uids.clear();
  job.items = group->new_items;
  job.uid_only = session_.mode().uid_only;
  if (job.rows.empty() || (job.items.bits == 0 && job.items.sections.empty())) return;
  session_.hold_commands(true);
  produce_rows(std::make_unique<fetch_rows>(node_, link(), *selected_, std::move(job)), [this] {
    session_.hold_commands(false);
    push_soon();
  });
}

} // namespace rookery::actors
