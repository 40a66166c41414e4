#include "actors/imap/mailbox_session.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::mail::mailbox_view;

class view_uids final : public imap::uid_list {
public:
  explicit view_uids(mailbox_view_ptr view) : view_(std::move(view)) {}
  std::uint32_t size() const noexcept override { return view_->size(); }
  std::uint32_t at(std::uint32_t row) const override {
    const auto place = view_->at(row);
    return place.in->uid[place.row];
  }
  std::uint32_t lower_bound(std::uint32_t uid) const override { return view_->lower_bound(uid); }

private:
  mailbox_view_ptr view_;
};

std::shared_ptr<const imap::uid_list> uids_of(const mailbox_view_ptr& view) {
  return std::make_shared<view_uids>(view);
}

} // namespace

mailbox_session::mailbox_session(std::shared_ptr<storage::mail::mailbox_cell> cell, bool read_only, bool with_recent,
                                 base::account_id owner, std::uint8_t may)
    : cell_(std::move(cell)), view_(cell_->view()), read_only_(read_only), with_recent_(with_recent), may_(may), owner_(owner) {
  map_.reset(uids_of(view_));
  claim_recent();
}

/// Messages from `recent_from` on are ours, unless another session was first. EXAMINE sees
/// them without taking them (RFC 3501 §6.3.2).
void mailbox_session::claim_recent() {
  const auto next = view_->status.uid_next;
  auto from = cell_->recent_from.load(std::memory_order_relaxed);
  if (!read_only_)
    while (from < next && !cell_->recent_from.compare_exchange_weak(from, next)) {}
  if (!with_recent_ || from >= next) return;
  recent_.emplace_back(from, next - 1);
  imap::normalize(recent_);
}

std::uint32_t mailbox_session::recent_count() const {
  std::uint32_t n = 0;
  for (const auto& [first, last] : recent_)
    n += (last == UINT32_MAX ? view_->size() : view_->lower_bound(last + 1)) - view_->lower_bound(first);
  return n;
}

std::uint32_t mailbox_session::first_unseen() const {
  if (view_->status.unseen == 0) return 0;
  for (std::size_t p = 0; p < view_->pages.size(); ++p) {
    const auto& flags = view_->pages[p]->flags;
    for (std::size_t r = 0; r < flags.size(); ++r)
      if ((flags[r] & storage::mail::flag::seen) == 0)
        return map_.number_of_row(view_->first_row[p] + static_cast<std::uint32_t>(r));
  }
  return 0;
}

std::uint64_t mailbox_session::bits_of(const imap::flag_list& flags) const {
  auto bits = flags.system;
  for (const auto& name : flags.keywords) {
    const auto k = imap::find_keyword(view_->keywords, name);
    if (k < view_->keywords.size()) bits |= imap::flag::keyword_bit(k);
  }
  return bits;
}

std::vector<imap::row_range> mailbox_session::rows_of(const imap::number_ranges& uids) const {
  std::vector<imap::row_range> rows;
  const auto announced = map_.announced_rows();
  for (const auto& [first, last] : uids) {
    const auto begin = std::min(view_->lower_bound(first), announced);
    const auto end = std::min(last == UINT32_MAX ? view_->size() : view_->lower_bound(last + 1), announced);
    if (begin == end) continue;
    if (!rows.empty() && rows.back().end == begin) rows.back().end = end;
    else rows.push_back({begin, end});
  }
  return rows;
}

/// Walks both views side by side. A page that is the same object in both is skipped whole, so
/// the cost is that of what changed. UIDs only grow: what is in the new view alone is at its end.
void mailbox_session::compare(const mailbox_view& before, std::vector<std::uint32_t>& vanished,
                              std::vector<flag_news>& changed) const {
  const auto& old_pages = before.pages;
  const auto& new_pages = view_->pages;
  std::size_t op = 0, orow = 0, np = 0, nrow = 0;
  while (op < old_pages.size()) {
    const auto& o = *old_pages[op];
    if (np < new_pages.size() && orow == 0 && nrow == 0 && old_pages[op] == new_pages[np]) {
      ++op;
      ++np;
      continue;
    }
    if (np == new_pages.size() || o.uid[orow] < new_pages[np]->uid[nrow]) {
      vanished.push_back(o.uid[orow]);
      if (++orow == o.rows()) ++op, orow = 0;
      continue;
    }
    const auto& n = *new_pages[np];
    if (o.uid[orow] == n.uid[nrow]) {
      if (o.modseq[orow] != n.modseq[nrow] || o.flags[orow] != n.flags[nrow])
        changed.push_back({view_->first_row[np] + static_cast<std::uint32_t>(nrow), o.flags[orow]});
      if (++orow == o.rows()) ++op, orow = 0;
    }
    if (++nrow == n.rows()) ++np, nrow = 0;
  }
}

bool mailbox_session::tell_news(imap::response_writer out, bool expunges, const own_change* own) {
  cell_->look();
  auto next = cell_->view();
  if (next->gone) return false;
  std::vector<flag_news> changed;
  const auto told_rows = map_.announced_rows();
  std::uint32_t vanished_count = 0;
  if (next != view_) {
    const auto before = std::exchange(view_, std::move(next));
    std::vector<std::uint32_t> vanished;
    compare(*before, vanished, changed);
    map_.update(uids_of(view_), vanished);
    vanished_count = static_cast<std::uint32_t>(vanished.size());
    if (observer_ && !vanished.empty()) observer_->vanished(out, vanished);
    if (before->keywords != view_->keywords) {
      out.flags(view_->keywords);
      out.permanent_flags(view_->keywords, read_only_, view_->keywords.size() < storage::mail::flag::keywords_max, may_);
    }
  }
  if (expunges && map_.has_ghosts()) {
    if (out.mode().qresync || out.mode().uid_only) out.vanished(map_.take_vanished(), false);
    else for (const auto number : map_.take_expunged()) out.expunge(number);
  }
  // Rows that were told before are those below: of the old ones, some are gone.
  const auto rows = told_rows - std::min(told_rows, vanished_count);
  if (map_.announce()) {
    claim_recent();
    out.exists(map_.size());
    if (with_recent_) out.recent(recent_count());
  }
  if (want_flags_ || own) tell_flags(out, changed, rows, own);
  if (observer_) tell_observer(changed, rows);
  return true;
}

void mailbox_session::tell_observer(const std::vector<flag_news>& changed, std::uint32_t new_from) const {
  std::vector<std::uint32_t> uids;
  for (const auto& c : changed) {
    if (c.row >= new_from) break;
    const auto place = view_->at(c.row);
    uids.push_back(place.in->uid[place.row]);
  }
  for (auto row = new_from; row < map_.announced_rows(); ++row) uids.push_back(map_.list().at(row));
  if (!uids.empty()) observer_->changed(uids);
}

void mailbox_session::tell_flags(imap::response_writer& out, const std::vector<flag_news>& changed, std::uint32_t rows,
                                 const own_change* own) const {
  if (changed.empty()) return;
  const imap::flag_printer printer(view_->keywords);
  const auto& mode = out.mode();
  const bool with_modseq = mode.condstore && view_->status.highest_modseq != 0;
  const auto own_bits = own ? bits_of(own->flags) : 0;
  for (const auto& c : changed) {
    if (c.row >= rows) break;
    const auto place = view_->at(c.row);
    const auto uid = place.in->uid[place.row];
    const auto modseq = place.in->modseq[place.row];
    auto flags = place.in->flags[place.row];
    bool say_flags = true;
    if (own && imap::contains(own->uids, uid)) {
      if (!own->silent) continue;
      const auto expected = own->how == imap::store::change::add      ? c.before | own_bits
                            : own->how == imap::store::change::remove ? c.before & ~own_bits
                                                                      : own_bits;
      say_flags = flags != expected;
      if (!say_flags && !with_modseq) continue;
    }
    if (imap::contains(recent_, uid)) flags |= imap::flag::recent;
    auto row = out.message(map_.number_of_row(c.row), uid);
    if ((mode.condstore || mode.rev2 || mode.notify) && !mode.uid_only) row.uid(uid);
    if (say_flags) row.flags(printer, flags);
    if (with_modseq) row.modseq(modseq);
    row.end();
  }
}

} // namespace rookery::actors
