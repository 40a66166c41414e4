#include "actors/account/account_actor.hpp"
#include "actors/imap/fetch_rows.hpp"
#include "actors/imap/imap_host.hpp"
#include "actors/imap/object_id.hpp"
#include "actors/imap/vanished.hpp"

namespace rookery::actors {
namespace {

/// A connection that has been in IDLE for so long gives its buffers back.
constexpr std::chrono::seconds idle_release_time{5};

bool can_grow_keywords(const storage::mail::mailbox_view& view) {
  return view.keywords.size() < storage::mail::flag::keywords_max;
}

} // namespace

void imap_host::leave_mailbox() {
  contexts_.reset();
  selected_.reset();
  url_key_news_ = false;
  virtual_.reset();
  if (visiting_) visiting_->guest->watch->mailbox = 0;
  visiting_.reset();
  watch_mailbox();
}

void imap_host::run(imap::noop&) { end_told("NOOP completed"); }

void imap_host::run(imap::check&) { end_told("CHECK completed"); }

void imap_host::run(imap::select& s) {
  leave_mailbox();
  const auto all = mailboxes();
  const auto* status = all->find(s.mailbox);
  if (const auto kind = find_virtual(s.mailbox)) return select_virtual(s, *kind);
  if (status == nullptr) return select_foreign(s);
  open_mailbox(entry_.id(), status->id, [this, s](std::shared_ptr<storage::mail::mailbox_cell> cell) { opened(s, std::move(cell)); });
}

void imap_host::opened(const imap::select& s, std::shared_ptr<storage::mail::mailbox_cell> cell) {
  if (!cell) {
    visiting_.reset();
    return end_no("NONEXISTENT", "No such mailbox");
  }
  const bool read_only = s.read_only || (visiting_ && !rights::may_change(visiting_->rights));
  const auto may = visiting_ ? flag_rights(visiting_->rights) : imap::flag_right::all;
  selected_ = std::make_unique<mailbox_session>(std::move(cell), read_only, !session_.mode().rev2,
                                                visiting_ ? selected_owner() : base::account_id{}, may);
  const auto& view = selected_->view();
  if (view.gone) {
    leave_mailbox();
    return end_no("NONEXISTENT", "No such mailbox");
  }
  watch_mailbox();
  if (const auto* group = notified_selection()) selected_->want_flags((group->events & imap::notify_event::flag_change) != 0);
  if (visiting_ && visiting_->guest->watch->mailbox != watch_everything) visiting_->guest->watch->mailbox = view.status.id.value;
  selected_watch()->signaled = false;
  session_.selected(read_only);
  auto out = session_.writer();
  out.flags(view.keywords);
  out.permanent_flags(view.keywords, read_only, can_grow_keywords(view), may);
  out.exists(view.size());
  out.recent(selected_->recent_count());
  if (!session_.mode().rev2)
    if (const auto number = selected_->first_unseen(); number != 0) out.unseen(number);
  out.uid_validity(view.status.uid_validity);
  out.uid_next(view.status.uid_next);
  if (virtual_) tell_virtual(out);
  else out.highest_modseq(view.status.highest_modseq);
  out.mailbox_id(mailbox_object_id(view.status.id, selected_->foreign_owner()));
  if (!virtual_) out.ok("URLMECH " + std::string(imap::url_mechanism), "URLs can be authorized"); // RFC 4467 §8
  // RFC 9051 §6.3.2: SELECT says the mailbox's name as LIST does.
  if (session_.mode().rev2 && visiting_) out.list({}, {visiting_->guest->prefix + view.status.name, 0, false});
  else if (session_.mode().rev2) out.list({}, {view.status.name, imap::find_special_use(view.status.special_use), false});
  if (!virtual_ && s.qresync && s.qresync->uid_validity == view.status.uid_validity) return resynchronize(s);
  end_select();
}

void imap_host::end_select() {
  const bool read_only = selected_->read_only();
  end_ok(read_only ? "READ-ONLY" : "READ-WRITE", read_only && !visiting_ ? "EXAMINE completed" : "SELECT completed");
}

void imap_host::tell_vanished(std::uint64_t modseq, imap::number_ranges known, std::function<void()> then) {
  struct work {
    imap::number_ranges uids;
  };
  auto w = std::make_shared<work>();
  in_reader(
      [w, modseq, known = std::move(known), cell = selected_->cell(), view = selected_->shared_view()] {
        w->uids = vanished_among(*view, cell->vanished_since(modseq, vanished_max), known);
      },
      [this, w, then = std::move(then)] {
        if (!w->uids.empty()) session_.writer().vanished(w->uids, true);
        then();
      });
}

void imap_host::resynchronize(const imap::select& s) {
  const auto& q = *s.qresync;
  const auto& view = selected_->view();
  imap::number_ranges known;
  if (q.known_uids) known = *q.known_uids;
  else if (view.status.uid_next > 1) known = {{1, view.status.uid_next - 1}};
  auto changed = known;
  // What the client had before the last number that still fits has not vanished.
  if (const auto matched = last_match(view, q); matched != 0) known = imap::subtract(known, imap::number_ranges{{1, matched}});
  tell_vanished(q.modseq, std::move(known), [this, modseq = q.modseq, changed = std::move(changed)] {
    fetch_job job;
    job.rows = selected_->rows_of(changed);
    job.items.bits = imap::fetch_item::uid | imap::fetch_item::flags | imap::fetch_item::modseq;
    job.changed_since = modseq;
    job.uid_only = session_.mode().uid_only;
    produce_rows(std::make_unique<fetch_rows>(node_, link(), *selected_, std::move(job)), [this] { end_select(); });
  });
}

void imap_host::run(imap::close_mailbox&) {
  if (visit_ended()) return;
  const auto finish = [this] {
    leave_mailbox();
    session_.deselected();
    end_ok("", "CLOSE completed");
  };
  if (selected_->read_only() || !may(rights::right::expunge) || selected_->cell()->view()->status.deleted == 0) return finish();
  change_in(selected_owner(), storage::mail::expunge{selected_->id(), std::nullopt, false, false, keeps_removed(node_)}, [finish](const storage::command_result&) { finish(); });
}

void imap_host::run(imap::unselect&) {
  leave_mailbox();
  session_.deselected();
  end_ok("", "UNSELECT completed");
}

void imap_host::handle(imap::idle_begin&) {
  if (const auto& w = selected_watch()) w->signaled = false;
  // RFC 5465 §4: in IDLE exactly what NOTIFY asked for.
  if (notify_) push();
  else if (!tell_news()) return session_.abort("", gone_text());
  link().after(idle_release_time, [this] {
    if (session_.idling()) session_.release();
  });
}

void imap_host::handle(imap::idle_end&) {
  expunges_ = true;
  const bool there = !hears_of_messages() || tell_news();
  session_.respond_ok("", "IDLE completed");
  if (!there) session_.abort("", gone_text());
}

void imap_host::handle(imap::condstore_enabled&) {
  if (virtual_) session_.writer().ok("NOMODSEQ", "No mod-sequences in a virtual mailbox");
  else if (selected_) session_.writer().highest_modseq(selected_->view().status.highest_modseq);
}

} // namespace rookery::actors
