// ESEARCH: one search over many mailboxes, one after the other (RFC 7377).
#include "actors/imap/imap_host.hpp"
#include "actors/imap/told_hits.hpp"

#include <algorithm>

namespace rookery::actors {

struct imap_host::searched_mailboxes {
  imap::multi_search command;
  struct source {
    base::mailbox_id own;   ///< 0: another's
    std::string name;       ///< of another's
  };
  std::vector<source> left; ///< to be searched; the last is the next
  bool failed = false;
};

void imap_host::run(imap::multi_search& m) {
  if (m.what.program.uses_filters) {
    auto kept = std::make_shared<imap::multi_search>(std::move(m));
    return expand_filters(kept->what.program, [this, kept] { run(*kept); });
  }
  if (!may_update(m.what.returns)) return;
  auto work = std::make_shared<searched_mailboxes>();
  work->command = std::move(m);
  const auto all = mailboxes();
  const auto subscribed = [all](const std::string& name) {
    return std::binary_search(all->subscriptions.begin(), all->subscriptions.end(), name);
  };
  for (const auto& box : all->mailboxes) {
    if (is_selected(entry_.id(), box->id)) {
      // Once, whichever way it is named.
      if (work->command.covers(box->name, box->subscribed)) work->command.selected = true;
      continue;
    }
    if (box->messages != 0 && work->command.covers(box->name, subscribed(box->name))) work->left.push_back({box->id, {}});
  }
  if (!work->command.beyond_own()) return search_all(std::move(work));
  foreign_mailboxes([this, work, all, subscribed](const std::vector<foreign_mailbox>& foreign) {
    for (const auto& box : foreign) {
      if (!rights::has(box.rights, rights::right::read) || all->find(box.name) != nullptr ||
          !work->command.covers(box.name, subscribed(box.name), false))
        continue;
      if (is_selected(box.owner, box.status->id)) work->command.selected = true;
      else if (box.status->messages != 0) work->left.push_back({{}, box.name});
    }
    search_all(work);
  });
}

void imap_host::search_all(std::shared_ptr<searched_mailboxes> work) {
  if (work->left.size() > settings_->limits.searched_mailboxes) return end_no("LIMIT", "Too many mailboxes at once");
  std::reverse(work->left.begin(), work->left.end());
  tell_progress([work, all_of = static_cast<std::uint32_t>(work->left.size())] {
    return std::pair<std::uint32_t, std::uint32_t>(all_of - static_cast<std::uint32_t>(work->left.size()), all_of);
  });
  if (!selected_ || !work->command.selected) return search_next(std::move(work));
  if (!tell_news_early()) return;
  search_one(std::move(work), *selected_, selected_name(), true);
}

void imap_host::search_next(std::shared_ptr<searched_mailboxes> work) {
  if (work->left.empty())
    return work->failed ? end_no("UNAVAILABLE", "Some mailboxes could not be searched") : end_ok("", "ESEARCH completed");
  const auto next = std::move(work->left.back());
  work->left.pop_back();
  // What was removed meanwhile, and rights that were taken, leave a mailbox out.
  if (next.own)
    return open_mailbox(entry_.id(), next.own, [this, work](std::shared_ptr<storage::mail::mailbox_cell> cell) {
      if (!cell || cell->view()->gone) return search_next(work);
      const mailbox_session mailbox(std::move(cell), true, false);
      search_one(work, mailbox, mailbox.view().status.name, false);
    });
  find_foreign(next.name, [this, work, name = next.name](const place& p) {
    if (p.status == nullptr || !rights::has(p.rights, rights::right::read)) return search_next(work);
    const auto owner = p.guest->owner->id;
    open_mailbox(owner, p.status->id, [this, work, name, owner](std::shared_ptr<storage::mail::mailbox_cell> cell) {
      if (!cell || cell->view()->gone) return search_next(work);
      search_one(work, mailbox_session(std::move(cell), true, false, owner), name, false);
    });
  });
}

void imap_host::search_one(std::shared_ptr<searched_mailboxes> work, const mailbox_session& mailbox,
                           const std::string& name, bool selected) {
  const auto& saved = session_.saved_uids();
  auto run = std::make_shared<search_run>(node_, mailbox, work->command.what.program,
                                          selected ? std::span<const imap::number_range>(saved) : std::span<const imap::number_range>(),
                                          settings_->limits.messages);
  if (run->cut_at_uid() != 0) limit_code_ = imap::message_limit_code(settings_->limits.messages);
  auto made = std::make_unique<search_rows>(node_, link(), run);
  const auto* rows = made.get();
  produce_rows(std::move(made), [this, rows, run, work, name, selected, view = mailbox.shared_view()] {
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
      session_.writer().multi_search(session_.tag(), name, view->status.uid_validity, what, uids, modseq, run->relevancies());
    if (selected) keep_context(what.returns, true, what.program, std::nullopt, what.update_items, std::move(uids));
    search_next(work);
  });
}

} // namespace rookery::actors
