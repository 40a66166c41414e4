// The half of mailbox_state that reads pages from the tree and writes them to it.
#include "storage/mail/mailbox_state.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::storage::mail {
namespace {

/// Rows of `later` behind those of `earlier`, which has lower slots.
void append_rows(page& earlier, const page& later) {
  earlier.uid.insert(earlier.uid.end(), later.uid.begin(), later.uid.end());
  earlier.modseq.insert(earlier.modseq.end(), later.modseq.begin(), later.modseq.end());
  earlier.flags.insert(earlier.flags.end(), later.flags.begin(), later.flags.end());
  earlier.slot.insert(earlier.slot.end(), later.slot.begin(), later.slot.end());
}

} // namespace

std::vector<mailbox_state::entry> mailbox_state::read_pages(std::optional<std::uint32_t> only) const {
  std::vector<entry> out;
  std::vector<std::uint32_t> in_tree; // slots, entry by entry
  const auto range = [&](family f) {
    return only ? key::page(f, page_of(*only)) : key::of_mailbox(f, account_, id_);
  };
  const auto number_of = [](std::string_view k) {
    key_reader in(k);
    in.u64();
    in.u32();
    const auto number = in.u32();
    base::check(in.ok(), "mail tree: damaged key of a page");
    return number;
  };
  const auto hot = range(family::hot);
  must(store_->rows->scan(hot, key::behind(hot), [&](std::string_view k, std::string_view value) {
    entry e;
    e.number = number_of(k);
    e.hot = std::make_shared<page>();
    in_tree.push_back(read_hot(value, *e.hot));
    out.push_back(std::move(e));
    return true;
  }));
  // Runs belong to the page that is being filled, or to one that was emptied while it was filled: pictures
  // may still show that one, and its hot row says that nothing is left.
  const auto with_hot = out.size();
  const auto runs = range(family::run);
  must(store_->rows->scan(runs, key::behind(runs), [&](std::string_view k, std::string_view value) {
    const auto number = number_of(k);
    if (out.empty() || out.back().number < number) {
      entry e;
      e.number = number;
      e.hot = std::make_shared<page>();
      out.push_back(std::move(e));
      in_tree.push_back(0);
    }
    auto at = out.size() - 1;
    if (out[at].number != number) {
      const auto end = out.begin() + static_cast<std::ptrdiff_t>(with_hot);
      const auto found = std::lower_bound(out.begin(), end, number, [](const entry& e, std::uint32_t n) { return e.number < n; });
      at = static_cast<std::size_t>(found - out.begin());
      base::check(found != end && found->number == number && in_tree[at] == page_slots, "mail tree: a run of a sealed page");
    }
    const auto run = read_run(value);
    auto& into = *out[at].hot;
    for (std::size_t i = 0; i < run.hot.size(); ++i) {
      const auto slot = run.first_slot + static_cast<std::uint32_t>(i);
      if (slot < in_tree[at]) continue; // the hot row speaks for it
      base::check(slot == in_tree[at], "mail tree: a gap in the runs of a page");
      into.uid.push_back(run.hot[i].uid);
      into.modseq.push_back(run.hot[i].modseq);
      into.flags.push_back(run.hot[i].flags);
      into.slot.push_back(static_cast<std::uint8_t>(slot));
      ++in_tree[at];
    }
    return true;
  }));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].source = out[i].hot->source = std::make_shared<page_source>(store_, page_of(out[i].number), in_tree[i]);
    out[i].sealed = in_tree[i] == page_slots;
  }
  return out;
}

void mailbox_state::open_pages() {
  if (complete_) return;
  auto all = read_pages(std::nullopt);
  for (auto& e : entries_) { // arrived since the last flush: behind what the tree has
    if (!all.empty() && all.back().number == e.number) {
      append_rows(*all.back().hot, *e.hot);
      all.back().source = all.back().hot->source = e.source;
    } else {
      all.push_back(std::move(e));
    }
  }
  entries_ = std::move(all);
  complete_ = true;
}

void mailbox_state::close_pages() {
  entries_.clear();
  complete_ = false;
}

void mailbox_state::collect(tree::batch& batch, std::vector<std::shared_ptr<page_source>>& replaced) {
  if (gone) {
    batch.remove(key::mailbox(account_, id_));
    if (record.uid_next == 1) return; // never had a message
    for (const auto f : {family::hot, family::statics, family::text, family::run}) {
      const auto prefix = key::of_mailbox(f, account_, id_);
      must(store_->rows->scan(prefix, key::behind(prefix), [&](std::string_view k, std::string_view) {
        batch.remove(std::string(k));
        return true;
      }));
    }
    return;
  }
  batch.put(key::mailbox(account_, id_), encode(record));
  for (auto& e : entries_) {
    const bool empty = complete_ && e.hot->uid.empty() && slots_of(e) == page_slots;
    if (!empty) {
      collect_page(e, batch);
      continue;
    }
    // Pictures may still show its messages: what they need goes when the last of them does. Until then
    // an empty hot row speaks for the runs that the tree has.
    if (e.source->first_pending() > 0) batch.put(key::page(family::hot, e.source->id()), encode_hot(*e.hot, page_slots));
    batch.put(key::page(family::grave, e.source->id()), {});
    replaced.push_back(e.source);
  }
}

void mailbox_state::collect_page(entry& e, tree::batch& batch) {
  const auto slots = slots_of(e);
  const auto first_new = e.source->first_pending();
  const bool fresh = first_new < slots;
  const bool seal = slots == page_slots && !e.sealed;
  if (seal || e.statics_dirty) {
    page complete;
    const page* rows = e.hot.get();
    if (!complete_ && first_new > 0) { // light: what the tree has comes before ours
      auto stored = read_pages(e.number);
      base::check(stored.size() == 1, "mail tree: the page being filled is not there");
      complete = std::move(*stored.front().hot);
      append_rows(complete, *e.hot);
      rows = &complete;
    }
    collect_cold(e, *rows, batch);
    batch.put(key::page(family::hot, e.source->id()), encode_hot(*rows, slots));
    return;
  }
  if (fresh) {
    const auto pending = e.source->pending();
    std::vector<run_hot> hot(pending.size());
    for (std::size_t row = e.hot->rows(); row-- > 0 && e.hot->slot[row] >= first_new;)
      hot[e.hot->slot[row] - first_new] = {e.hot->uid[row], e.hot->modseq[row], e.hot->flags[row]};
    std::vector<std::string_view> cold;
    cold.reserve(pending.size());
    for (const auto& row : pending) cold.push_back(*row);
    batch.put(key::run(e.source->id(), first_new), encode_run(first_new, hot, cold));
  }
  if (e.hot_dirty) batch.put(key::page(family::hot, e.source->id()), encode_hot(*e.hot, slots));
}

void mailbox_state::collect_cold(entry& e, const page& complete, tree::batch& batch) {
  const auto& id = e.source->id();
  const auto slots = slots_of(e);
  if (e.sealed) { // bodies moved
    batch.put(key::page(family::statics, id), encode_statics(e.source->load_statics(), slots));
    return;
  }
  std::array<std::string, page_slots> owned;
  std::vector<std::string_view> cold(slots);
  const auto prefix = key::page(family::run, id);
  must(store_->rows->scan(prefix, key::behind(prefix), [&](std::string_view k, std::string_view value) {
    batch.remove(std::string(k));
    const auto run = read_run(value);
    for (std::size_t i = 0; i < run.cold.size(); ++i) cold[run.first_slot + i] = owned[run.first_slot + i] = run.cold[i];
    return true;
  }));
  const auto pending = e.source->pending();
  const auto first_new = e.source->first_pending();
  for (std::size_t i = 0; i < pending.size(); ++i) cold[first_new + i] = *pending[i];
  if (e.statics_dirty) {
    const auto& statics = e.source->load_statics();
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      auto head = cold_row(cold[slot]).head();
      head.body = statics.body[slot];
      cold[slot] = owned[slot] = with_head(cold[slot], head);
    }
  }
  if (slots < page_slots) { // one run of all, with moved bodies
    std::vector<run_hot> hot(slots);
    for (std::size_t row = 0; row < complete.rows(); ++row)
      hot[complete.slot[row]] = {complete.uid[row], complete.modseq[row], complete.flags[row]};
    batch.put(key::run(id, 0), encode_run(0, hot, cold));
    return;
  }
  const auto columns = empty_statics();
  for (std::uint32_t slot = 0; slot < slots; ++slot) put_static(*columns, slot, cold_row(cold[slot]));
  batch.put(key::page(family::statics, id), encode_statics(*columns, slots));
  std::vector<std::string_view> rows(slots);
  for (std::size_t i = 0; i < text_column_count; ++i) {
    const auto column = static_cast<text_column>(i);
    for (std::uint32_t slot = 0; slot < slots; ++slot) rows[slot] = cold_row(cold[slot]).text(column);
    batch.put(key::text(id, column), encode_text(rows));
  }
}

void mailbox_state::flushed() {
  dirty = false;
  if (!complete_) {
    for (auto& e : entries_) e.source->flushed();
    entries_.clear();
    return;
  }
  std::erase_if(entries_, [&](const entry& e) { return e.hot->uid.empty() && slots_of(e) == page_slots; });
  for (auto& e : entries_) {
    e.source->flushed();
    e.hot_dirty = e.statics_dirty = false;
    e.sealed = slots_of(e) == page_slots;
  }
}

} // namespace rookery::storage::mail
