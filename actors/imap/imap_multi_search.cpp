// ESEARCH: one search over many mailboxes, one after the other (RFC 7377).
#include "actors/imap/imap_host.hpp"
#include "actors/imap/told_hits.hpp"

#include <algorithm>

namespace rookery::actors {

struct imap_host::searched_mailboxes {
  imap::multi_search command;
  std::vector<base::mailbox_id> left; ///< to be searched; the last is the next
  bool failed = false;
};

void imap_host::run(imap::multi_search& m) {
  if (!may_update(m.what.returns)) return;
  auto work = std::make_shared<searched_mailboxes>();
  work->command = std::move(m);
  const auto all = mailboxes();
  for (const auto& box : all->mailboxes) {
    if (selected_ && box->id == selected_->id()) {
      // Once, whichever way it is named.
      if (work->command.covers(box->name, box->subscribed)) work->command.selected = true;
      continue;
    }
    const bool subscribed = std::binary_search(all->subscriptions.begin(), all->subscriptions.end(), box->name);
    if (box->messages != 0 && work->command.covers(box->name, subscribed)) work->left.push_back(box->id);
  }
  if (work->left.size() > settings_->limits.searched_mailboxes) return end_no("LIMIT", "Too many mailboxes at once");
  std::reverse(work->left.begin(), work->left.end());
  tell_progress([work, all_of = static_cast<std::uint32_t>(work->left.size())] {
    return std::pair<std::uint32_t, std::uint32_t>(all_of - static_cast<std::uint32_t>(work->left.size()), all_of);
  });
  if (!selected_ || !work->command.selected) return search_next(std::move(work));
  if (!tell_news_early()) return;
  search_one(std::move(work), *selected_, true);
}

void imap_host::search_next(std::shared_ptr<searched_mailboxes> work) {
  if (work->left.empty())
    return work->failed ? end_no("UNAVAILABLE", "Some mailboxes could not be searched") : end_ok("", "ESEARCH completed");
  const auto id = work->left.back();
  work->left.pop_back();
  open_mailbox(entry_.id(), id, [this, work](std::shared_ptr<storage::mail::mailbox_cell> cell) {
    if (!cell || cell->view()->gone) return search_next(work); // removed meanwhile
    const mailbox_session mailbox(std::move(cell), true, false);
    search_one(work, mailbox, false);
  });
}

void imap_host::search_one(std::shared_ptr<searched_mailboxes> work, const mailbox_session& mailbox, bool selected) {
  const auto& saved = session_.saved_uids();
  auto run = std::make_shared<search_run>(node_, mailbox, work->command.what.program,
                                          selected ? std::span<const imap::number_range>(saved) : std::span<const imap::number_range>());
  auto made = std::make_unique<search_rows>(node_, link(), run);
  const auto* rows = made.get();
  produce_rows(std::move(made), [this, rows, run, work, selected, view = mailbox.shared_view()] {
    if (rows->failed()) {
      work->failed = true;
      return search_next(work);
    }
    const auto& what = work->command.what;
    const auto& hits = run->hits();
    std::vector<std::uint32_t> uids;
    for (const auto row : hits) uids.push_back(run->uid_of(row));
    const bool some_only = tells_some_only(what.extended, what.returns);
    const auto told = some_only ? told_hits(hits, what.returns, what.page) : hits;
    if (what.returns & imap::search_return::save) {
      imap::number_ranges ranges;
      for (const auto row : told) imap::append_number(ranges, run->uid_of(row));
      session_.save_uids(std::move(ranges));
    }
    std::uint64_t modseq = 0;
    if (what.program.uses_modseq)
      for (const auto row : told) modseq = std::max(modseq, run->modseq_of(row));
    if (!uids.empty())
      session_.writer().multi_search(session_.tag(), view->status.name, view->status.uid_validity, what, uids, modseq);
    if (selected) keep_context(what.returns, true, what.program, std::nullopt, what.update_items, std::move(uids));
    search_next(work);
  });
}

} // namespace rookery::actors
