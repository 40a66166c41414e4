#include "storage/mail/mailbox_state.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "storage/mail/reader_seen.hpp"

#include <algorithm>
#include <utility>

namespace rookery::storage::mail {
namespace {

/// Calls `each(row)` for the rows of a page whose UIDs lie in `ranges`; `from` is the first
/// range that may concern this page or a later one.
template <class F>
void each_selected(const std::vector<std::uint32_t>& uids, const uid_ranges& ranges, std::size_t& from, F&& each) {
  if (uids.empty()) return;
  while (from < ranges.size() && ranges[from].second < uids.front()) ++from;
  for (auto at = from; at < ranges.size() && ranges[at].first <= uids.back(); ++at) {
    auto row = static_cast<std::size_t>(std::lower_bound(uids.begin(), uids.end(), ranges[at].first) - uids.begin());
    for (; row < uids.size() && uids[row] <= ranges[at].second; ++row) each(row);
  }
}

} // namespace

mailbox_state::mailbox_state(std::shared_ptr<mail_store> store, base::account_id account, base::mailbox_id id,
                             mailbox_record r, bool stored)
    : record(std::move(r)), recent_from(record.uid_next), store_(std::move(store)), account_(account), id_(id),
      complete_(!stored) {}

bool mailbox_state::held() const noexcept {
  return (cell && cell.use_count() > 1) ||
         std::any_of(readers.begin(), readers.end(), [](const reader_view& r) { return r.cell.use_count() > 1; });
}

mailbox_state::entry* mailbox_state::find_page(std::uint32_t number) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), number,
                                   [](const entry& e, std::uint32_t n) { return e.number < n; });
  return at != entries_.end() && at->number == number ? &*at : nullptr;
}

mailbox_state::entry& mailbox_state::tail() {
  if (entries_.empty() || entries_.back().number != record.page) {
    entry e;
    e.number = record.page;
    e.hot = std::make_shared<page>();
    e.source = e.hot->source = std::make_shared<page_source>(store_, page_of(e.number), record.slot);
    entries_.push_back(std::move(e));
  }
  return entries_.back();
}

page& mailbox_state::writable(entry& e) {
  if (e.frozen) {
    e.hot = std::make_shared<page>(*e.hot);
    e.frozen = false;
  }
  return *e.hot;
}

void mailbox_state::mark_hot(entry& e) {
  if (!e.hot_dirty) store_->waiting_octets += 32 + e.hot->rows() * 8;
  e.hot_dirty = true;
}

std::optional<std::uint64_t> mailbox_state::bits_of(const flag_set& flags, bool drop) {
  auto bits = flags.system & flag::system_mask;
  const auto known = record.keywords.size();
  for (const auto& keyword : flags.keywords) {
    std::size_t k = 0;
    while (k < record.keywords.size() && !base::iequals(record.keywords[k], keyword)) ++k;
    if (k == flag::keywords_max) {
      if (drop) continue;
      record.keywords.resize(known);
      return std::nullopt;
    }
    if (k == record.keywords.size()) record.keywords.push_back(keyword);
    bits |= std::uint64_t{1} << (flag::first_keyword_bit + k);
  }
  return bits;
}

std::uint64_t mailbox_state::known_bits_of(const flag_set& flags) const {
  auto bits = flags.system & flag::system_mask;
  for (const auto& keyword : flags.keywords)
    for (std::size_t k = 0; k < record.keywords.size(); ++k)
      if (base::iequals(record.keywords[k], keyword)) bits |= std::uint64_t{1} << (flag::first_keyword_bit + k);
  return bits;
}

std::vector<std::string> mailbox_state::keywords_of(std::uint64_t flags) const {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < record.keywords.size(); ++k)
    if ((flags >> (flag::first_keyword_bit + k) & 1) != 0) names.push_back(record.keywords[k]);
  return names;
}

std::uint32_t mailbox_state::add(std::uint64_t modseq, std::uint64_t flags, page_source::cold_octets cold) {
  if (record.slot == page_slots) {
    ++record.page;
    record.slot = 0;
  }
  auto& e = tail();
  const auto head = cold_row(*cold).head();
  store_->waiting_octets += cold->size() + 160;
  const auto slot = record.slot++;
  const auto uid = record.uid_next++;
  auto& hot = writable(e);
  hot.uid.push_back(uid);
  hot.modseq.push_back(modseq);
  hot.flags.push_back(flags);
  hot.slot.push_back(static_cast<std::uint8_t>(slot));
  e.source->add(std::move(cold));
  ++record.messages;
  record.octets += head.size;
  if ((flags & flag::seen) == 0) ++record.unseen;
  if ((flags & flag::deleted) != 0) ++record.deleted;
  store_->pending.put(key::body(head.body.segment, head.body.offset, account_, id_, uid),
                      encode(body_row{head.body.id, head.body.length, e.number, slot}));
  return uid;
}

bool mailbox_state::store(const uid_ranges& ranges, flag_change change, std::uint64_t bits,
                          std::optional<std::uint64_t> unchanged_since, std::vector<std::uint32_t>& uids,
                          std::vector<std::uint32_t>& refused, std::uint64_t mask) {
  open_pages();
  const auto modseq = record.highest_modseq + 1;
  bool changed = false;
  std::size_t from = 0;
  for (auto& e : entries_) {
    page* hot = nullptr;
    const auto seen = e.hot; // stays while a copy takes its place
    each_selected(seen->uid, ranges, from, [&](std::size_t row) {
      const auto& now = *seen;
      if (unchanged_since && now.modseq[row] > *unchanged_since) {
        refused.push_back(now.uid[row]);
        return;
      }
      uids.push_back(now.uid[row]);
      const auto before = now.flags[row];
      const auto after = change == flag_change::replace ? bits | (before & ~mask)
                         : change == flag_change::add   ? before | bits
                                                        : before & ~bits;
      if (after == before) return;
      if (hot == nullptr) hot = &writable(e);
      hot->flags[row] = after;
      hot->modseq[row] = modseq;
      const auto turned = before ^ after;
      if ((turned & flag::seen) != 0) record.unseen += (after & flag::seen) != 0 ? ~0u : 1u;
      if ((turned & flag::deleted) != 0) record.deleted += (after & flag::deleted) != 0 ? 1u : ~0u;
    });
    if (hot == nullptr) continue;
    changed = true;
    mark_hot(e);
  }
  if (changed) record.highest_modseq = modseq;
  return changed;
}

bool mailbox_state::store_for_reader(const uid_ranges& ranges, flag_change change, std::uint64_t bits,
                                     std::optional<std::uint64_t> unchanged_since, std::vector<std::uint32_t>& uids,
                                     std::vector<std::uint32_t>& refused, std::uint64_t mask, uid_ranges& seen) {
  const auto others = bits & ~flag::seen;
  uid_ranges named;
  std::size_t from = 0;
  open_pages();
  for (const auto& e : entries_)
    each_selected(e.hot->uid, ranges, from, [&](std::size_t row) {
      if (unchanged_since && e.hot->modseq[row] > *unchanged_since) refused.push_back(e.hot->uid[row]);
      else append_uid(named, e.hot->uid[row]);
    });
  const bool has = (bits & flag::seen) != 0;
  uid_ranges turned;
  if ((mask & flag::seen) == 0) {
    // It stays as it is.
  } else if (change == flag_change::remove ? has : change == flag_change::replace && !has) {
    const auto left = without(seen, named);
    turned = without(seen, left);
    seen = left;
  } else if (has) {
    turned = without(named, seen);
    seen = united(seen, named);
  }
  const auto before = record.highest_modseq;
  std::vector<std::uint32_t> none;
  store(named, change, others, std::nullopt, uids, none, mask & ~flag::seen); // the owner's \Seen stays as it is
  if (turned.empty()) return record.highest_modseq != before;
  if (record.highest_modseq == before) step();
  touch_messages(turned, record.highest_modseq);
  return true;
}

void mailbox_state::touch_messages(const uid_ranges& ranges, std::uint64_t modseq) {
  open_pages();
  std::size_t from = 0;
  for (auto& e : entries_) {
    page* hot = nullptr;
    const auto seen = e.hot;
    each_selected(seen->uid, ranges, from, [&](std::size_t row) {
      if (hot == nullptr) hot = &writable(e);
      hot->modseq[row] = modseq;
    });
    if (hot != nullptr) mark_hot(e);
  }
}

std::vector<stored_message> mailbox_state::take_copies(const uid_ranges& ranges, std::int64_t save_date) {
  open_pages();
  std::vector<stored_message> out;
  std::size_t from = 0;
  for (auto& e : entries_) {
    page_source::lease statics;
    std::array<std::shared_ptr<const text_rows>, text_column_count> texts;
    std::vector<page_source::cold_octets> waiting;
    std::uint32_t first_waiting = 0;
    each_selected(e.hot->uid, ranges, from, [&](std::size_t row) {
      const std::uint32_t slot = e.hot->slot[row];
      if (waiting.empty() && statics.columns == nullptr) {
        first_waiting = e.source->first_pending();
        waiting = e.source->pending();
      }
      stored_message message{e.hot->uid[row], e.hot->flags[row], nullptr};
      if (slot >= first_waiting && slot - first_waiting < waiting.size()) {
        const auto& cold = *waiting[slot - first_waiting];
        auto head = cold_row(cold).head();
        head.save_date = save_date;
        message.cold = std::make_shared<const std::string>(with_head(cold, head));
      } else {
        if (statics.columns == nullptr) {
          statics = e.source->borrow_statics();
          for (std::size_t i = 0; i < text_column_count; ++i)
            texts[i] = e.source->load_text(static_cast<text_column>(i), slots_of(e));
        }
        const auto& s = *statics.columns;
        cold_head head;
        head.internal_date = s.internal_date[slot];
        head.save_date = save_date;
        head.thread = s.thread[slot];
        head.size = s.size[slot];
        head.header_octets = s.header_octets[slot];
        head.body = s.body[slot];
        std::array<std::string_view, text_column_count> rows;
        for (std::size_t i = 0; i < text_column_count; ++i) rows[i] = texts[i]->row(slot);
        message.cold = std::make_shared<const std::string>(encode_cold(head, s.prefix[slot], rows));
      }
      out.push_back(std::move(message));
    });
  }
  return out;
}

std::vector<std::uint32_t> mailbox_state::expungible(const std::optional<uid_ranges>& ranges, bool even_undeleted, bool unseen_only) {
  std::vector<std::uint32_t> out;
  if (record.messages == 0 || (!even_undeleted && record.deleted == 0)) return out;
  open_pages();
  static const uid_ranges all{{1, 0xffffffffu}};
  std::size_t from = 0;
  for (const auto& e : entries_)
    each_selected(e.hot->uid, ranges ? *ranges : all, from, [&](std::size_t row) {
      const auto flags = e.hot->flags[row];
      if (unseen_only && (flags & flag::seen) != 0) return;
      if (even_undeleted || (flags & flag::deleted) != 0) out.push_back(e.hot->uid[row]);
    });
  return out;
}

weight mailbox_state::remove(const std::vector<std::uint32_t>& uids, std::uint64_t modseq) {
  open_pages();
  weight removed;
  uid_ranges ranges;
  auto next = uids.begin();
  for (auto& e : entries_) {
    if (next == uids.end()) break;
    if (e.hot->uid.empty() || *next > e.hot->uid.back()) continue;
    const auto statics = e.source->borrow_statics();
    auto& hot = writable(e);
    mark_hot(e);
    std::size_t kept = 0;
    for (std::size_t row = 0; row < hot.uid.size(); ++row) {
      const auto uid = hot.uid[row];
      if (next != uids.end() && *next == uid) {
        ++next;
        const auto slot = hot.slot[row];
        const auto& body = statics.columns->body[slot];
        store_->pending.remove(key::body(body.segment, body.offset, account_, id_, uid));
        store_->lost_bodies[body.segment] += body.length;
        ++removed.messages;
        removed.octets += statics.columns->size[slot];
        if ((hot.flags[row] & flag::seen) == 0) --record.unseen;
        if ((hot.flags[row] & flag::deleted) != 0) --record.deleted;
        append_uid(ranges, uid);
        continue;
      }
      hot.uid[kept] = uid;
      hot.modseq[kept] = hot.modseq[row];
      hot.flags[kept] = hot.flags[row];
      hot.slot[kept] = hot.slot[row];
      ++kept;
    }
    hot.uid.resize(kept);
    hot.modseq.resize(kept);
    hot.flags.resize(kept);
    hot.slot.resize(kept);
  }
  base::check(next == uids.end(), "removing a message that is not there");
  record.messages -= static_cast<std::uint32_t>(removed.messages);
  record.octets -= removed.octets;
  store_->pending.put(key::vanished(account_, id_, modseq), encode_ranges(ranges));
  store_->waiting_octets += removed.messages * 32;
  record.vanished += removed.messages;
  trim_vanished();
  return removed;
}

void mailbox_state::trim_vanished() {
  if (record.vanished <= store_->settings.vanished_kept_max) return;
  // Whole rows, oldest first; the newest stays, so that one large expunge is remembered.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> oldest; // modseq, UIDs
  auto left = record.vanished;
  store_->pending.scan(key::of_mailbox(family::vanished, account_, id_), [&](std::string_view k, std::string_view value) {
    key_reader in(k);
    in.u64();
    in.u32();
    const auto modseq = in.u64();
    if (left <= store_->settings.vanished_kept_max || modseq == record.highest_modseq) return false;
    std::uint64_t uids = 0;
    for (const auto& [first, last] : read_ranges(value)) uids += last - first + 1u;
    oldest.emplace_back(modseq, uids);
    left -= uids;
    return true;
  });
  if (oldest.empty()) return;
  record.vanished = left;
  record.expunged_known_since = oldest.back().first;
  if (cell) cell->known_since.store(record.expunged_known_since);
  for (const auto& r : readers) r.cell->known_since.store(record.expunged_known_since);
  for (const auto& [modseq, uids] : oldest) store_->pending.remove(key::vanished(account_, id_, modseq));
}

weight mailbox_state::remove_everything() {
  weight removed{record.messages, record.octets};
  if (record.messages == 0) return removed;
  open_pages();
  for (auto& e : entries_) {
    if (e.hot->uid.empty()) continue;
    const auto statics = e.source->borrow_statics();
    for (std::size_t row = 0; row < e.hot->uid.size(); ++row) {
      const auto& body = statics.columns->body[e.hot->slot[row]];
      store_->pending.remove(key::body(body.segment, body.offset, account_, id_, e.hot->uid[row]));
      store_->lost_bodies[body.segment] += body.length;
    }
  }
  return removed;
}

void mailbox_state::relocate(std::uint32_t page_number, const std::vector<std::uint32_t>& slots, const body_ref& to) {
  open_pages();
  auto* e = find_page(page_number);
  base::check(e != nullptr, "mail tree: a body row names a page that is not there");
  e->source = e->source->relocated(slots, to);
  writable(*e).source = e->source;
  e->statics_dirty = true;
}

mailbox_status mailbox_state::status() const {
  mailbox_status s;
  s.id = id_;
  s.name = record.name;
  s.special_use = record.special_use;
  s.uid_validity = record.uid_validity;
  s.uid_next = record.uid_next;
  s.messages = record.messages;
  s.unseen = record.unseen;
  s.deleted = record.deleted;
  s.octets = record.octets;
  s.highest_modseq = record.highest_modseq;
  s.expunged_known_since = record.expunged_known_since;
  s.subscribed = subscribed.value_or(false);
  s.access = record.access;
  return s;
}

std::shared_ptr<const mailbox_view> mailbox_state::view() {
  auto v = std::make_shared<mailbox_view>();
  v->status = status();
  v->keywords = record.keywords;
  v->gone = gone;
  v->pages.reserve(entries_.size());
  v->first_row.reserve(entries_.size() + 1);
  std::uint32_t rows = 0;
  for (auto& e : entries_) {
    if (e.hot->uid.empty()) continue;
    e.frozen = true;
    v->first_row.push_back(rows);
    rows += static_cast<std::uint32_t>(e.hot->rows());
    v->pages.push_back(e.hot);
  }
  v->first_row.push_back(rows);
  return v;
}

void mailbox_state::publish() {
  const auto base = view();
  if (cell) cell->publish(base);
  std::erase_if(readers, [](const reader_view& r) { return r.cell.use_count() == 1; });
  for (auto& r : readers) {
    const auto before = r.cell->view();
    r.cell->publish(seen_per_reader() ? view_of_reader(*base, read_seen(store_->pending, account_, id_, r.reader),
                                                       before ? r.base.get() : nullptr, before.get())
                                      : base);
    r.base = base;
  }
}

vanished_uids published_mailbox::vanished_since(std::uint64_t modseq, std::size_t max) const {
  vanished_uids out;
  const auto now = view()->status.highest_modseq;
  std::uint64_t count = 0;
  if (modseq < now)
    store_->pending.scan(key::vanished(account_, id_, modseq + 1), key::vanished(account_, id_, now + 1),
                         [&](std::string_view, std::string_view value) {
                           for (const auto& range : read_ranges(value)) {
                             count += range.second - range.first + 1u;
                             out.uids.push_back(range);
                           }
                           return count <= max;
                         });
  // Read after the rows: the shard raises it before it forgets any.
  out.complete = modseq >= known_since.load();
  std::sort(out.uids.begin(), out.uids.end());
  uid_ranges merged;
  std::uint64_t room = max;
  for (auto [first, last] : out.uids) {
    if (room == 0) break;
    if (last - first + 1u > room) last = first + static_cast<std::uint32_t>(room - 1);
    room -= last - first + 1u;
    if (!merged.empty() && merged.back().second + 1 == first) merged.back().second = last;
    else merged.emplace_back(first, last);
  }
  out.uids = std::move(merged);
  if (count > max) out.complete = false;
  return out;
}

} // namespace rookery::storage::mail
