#include "actors/imap/virtual_mailbox.hpp"

#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <map>

namespace rookery::actors {
namespace {

using storage::mail::account_view;
using storage::mail::mailbox_status;
using storage::mail::mailbox_view;
using storage::mail::page;
namespace flag = storage::mail::flag;

std::string_view leaf_of(virtual_kind kind) noexcept { return kind == virtual_kind::unread ? "All unread" : "All flagged"; }

bool has_use(const mailbox_status& m, std::string_view use) { return m.special_use.find(use) != std::string::npos; }

bool below(std::string_view name, std::string_view top) {
  return name.size() > top.size() && name.starts_with(top) && name[top.size()] == imap::hierarchy_separator;
}

/// Pages of `all` that are not in `others`. Pictures of one mailbox differ in few places.
std::vector<const page*> not_in(const std::vector<std::shared_ptr<const page>>& all,
                                const std::vector<std::shared_ptr<const page>>& others) {
  std::size_t first = 0, end = all.size(), others_end = others.size();
  while (first < end && first < others_end && all[first] == others[first]) ++first;
  while (end > first && others_end > first && all[end - 1] == others[others_end - 1]) --end, --others_end;
  std::vector<const page*> there;
  for (auto i = first; i < others_end; ++i) there.push_back(others[i].get());
  std::sort(there.begin(), there.end());
  std::vector<const page*> left;
  for (auto i = first; i < end; ++i)
    if (!std::binary_search(there.begin(), there.end(), all[i].get())) left.push_back(all[i].get());
  return left;
}

} // namespace

base::mailbox_id virtual_id(virtual_kind kind) noexcept {
  return base::mailbox_id{kind == virtual_kind::unread ? 0xfffffffeu : 0xfffffffdu};
}

bool is_virtual_parent(std::string_view parent) noexcept {
  return !parent.empty() && parent != "none" && parent.find_first_of("/*%") == std::string_view::npos;
}

std::string virtual_name(std::string_view parent, virtual_kind kind) {
  std::string name(parent);
  name += imap::hierarchy_separator;
  name += leaf_of(kind);
  return name;
}

std::optional<virtual_kind> virtual_named(std::string_view parent, std::string_view name, const account_view& all) {
  if (!is_virtual_parent(parent) || !below(name, parent)) return std::nullopt;
  const auto leaf = name.substr(parent.size() + 1);
  for (const auto kind : {virtual_kind::unread, virtual_kind::flagged})
    if (leaf == leaf_of(kind) && all.find(name) == nullptr) return kind;
  return std::nullopt;
}

virtual_sources sources_of(virtual_kind kind, const account_view& all, const virtual_limits& limits) {
  std::vector<std::string_view> hidden;
  for (const auto& m : all.mailboxes)
    if (has_use(*m, "\\Trash") || has_use(*m, "\\Junk")) hidden.push_back(m->name);
  virtual_sources found;
  const auto take = [&](const mailbox_status& m) {
    if ((kind == virtual_kind::unread ? m.unseen : m.messages) == 0) return;
    for (const auto top : hidden)
      if (m.name == top || below(m.name, top)) return;
    if (found.mailboxes.size() < limits.mailboxes) found.mailboxes.push_back(m.id);
    else ++found.left_out;
  };
  const auto* inbox = all.find("INBOX");
  if (inbox != nullptr) take(*inbox);
  for (const auto& m : all.mailboxes)
    if (m.get() != inbox) take(*m);
  return found;
}

std::uint32_t unread_in(const account_view& all, const virtual_limits& limits) {
  std::uint64_t unread = 0;
  const auto sources = sources_of(virtual_kind::unread, all, limits);
  std::vector<std::uint32_t> ids;
  for (const auto id : sources.mailboxes) ids.push_back(id.value);
  std::sort(ids.begin(), ids.end());
  for (const auto& m : all.mailboxes)
    if (std::binary_search(ids.begin(), ids.end(), m->id.value)) unread += m->unseen;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(unread, limits.messages));
}

std::uint32_t next_virtual_validity(base::wall_time now) {
  static std::atomic<std::uint32_t> last{0};
  const auto seconds = static_cast<std::uint32_t>(base::to_milliseconds(now) / 1000);
  auto before = last.load();
  std::uint32_t next;
  do next = std::max({seconds, before + 1, 1u});
  while (!last.compare_exchange_weak(before, next));
  return next;
}

virtual_mailbox::virtual_mailbox(virtual_kind kind, std::string name, std::uint32_t uid_validity, virtual_limits limits)
    : kind_(kind), limits_(limits) {
  status_.id = virtual_id(kind);
  status_.name = std::move(name);
  if (kind == virtual_kind::flagged) status_.special_use = "\\Flagged";
  status_.uid_validity = uid_validity;
  status_.highest_modseq = 0; // none of its own (RFC 7162 §3.1.2.2)
  recent_from = UINT32_MAX;   // what is \Recent is so where it lies
  compose();
}

bool virtual_mailbox::has(base::mailbox_id id) const noexcept {
  return std::binary_search(known_.begin(), known_.end(), id.value);
}

void virtual_mailbox::add(base::mailbox_id id, std::shared_ptr<storage::mail::mailbox_cell> cell) {
  if (has(id) || sources_.size() >= limits_.mailboxes) return;
  known_.insert(std::lower_bound(known_.begin(), known_.end(), id.value), id.value);
  sources_.push_back({id, cell, nullptr, {}, {}});
  const std::lock_guard hold(lock_);
  cells_.push_back(std::move(cell));
}

bool virtual_mailbox::matches(std::uint64_t flags) const noexcept {
  return kind_ == virtual_kind::unread ? (flags & flag::seen) == 0 : (flags & flag::flagged) != 0;
}

/// True when bits mean something else than before.
bool virtual_mailbox::translate_keywords(source& s, const mailbox_view& now) {
  if (s.seen && s.seen->keywords == now.keywords) return false;
  std::vector<std::uint64_t> bits;
  for (const auto& word : now.keywords) {
    auto at = std::find(keywords_.begin(), keywords_.end(), word);
    if (at == keywords_.end() && keywords_.size() < flag::keywords_max) at = keywords_.insert(at, word);
    bits.push_back(at == keywords_.end()
                       ? 0
                       : std::uint64_t{1} << (flag::first_keyword_bit + static_cast<unsigned>(at - keywords_.begin())));
  }
  const bool same = bits.size() >= s.keyword_bits.size() && std::equal(s.keyword_bits.begin(), s.keyword_bits.end(), bits.begin());
  s.keyword_bits = std::move(bits);
  changed_ = true;
  return !same;
}

std::uint64_t virtual_mailbox::flags_here(const source& s, std::uint64_t flags) const noexcept {
  auto here = flags & flag::system_mask;
  for (std::size_t k = 0; k < s.keyword_bits.size(); ++k)
    if (flags >> (flag::first_keyword_bit + k) & 1) here |= s.keyword_bits[k];
  return here;
}

/// Rows of pages that changed are made anew from `now`; those that are gone there go.
void virtual_mailbox::renew(std::uint32_t from, const std::vector<const page*>& changed, const mailbox_view& now) {
  auto& s = sources_[from];
  std::vector<shown_page> next;
  next.reserve(pages_.size());
  for (auto& old : pages_) {
    if (old.from != from || !std::binary_search(changed.begin(), changed.end(), old.real.get())) {
      next.push_back(std::move(old));
      continue;
    }
    std::shared_ptr<page> open;
    for (const auto uid : old.here->uid) {
      const auto there = places_[uid - 1].uid;
      const auto index = now.find(there);
      if (index == now.size()) {
        s.shown.erase(std::lower_bound(s.shown.begin(), s.shown.end(), there));
        --messages_;
        continue;
      }
      const auto at = now.at(index);
      if (!open || next.back().real.get() != at.in) {
        open = std::make_shared<page>();
        open->source = at.in->source;
        next.push_back({from, now.pages[at.page_number], open});
      }
      open->uid.push_back(uid);
      open->modseq.push_back(at.in->modseq[at.row]);
      open->flags.push_back(flags_here(s, at.in->flags[at.row]));
      open->slot.push_back(at.in->slot[at.row]);
    }
    changed_ = true;
  }
  pages_ = std::move(next);
}

void virtual_mailbox::look_at(std::uint32_t from, view_ptr now, std::vector<match>& fresh) {
  auto& s = sources_[from];
  static const std::vector<page_ptr> none;
  const auto& before = s.seen ? s.seen->pages : none;
  const auto& pages = now->gone ? none : now->pages;
  auto gone = not_in(before, pages);
  const auto come = not_in(pages, before);
  if (translate_keywords(s, *now) && s.seen) {
    gone.clear();
    for (const auto& p : before) gone.push_back(p.get());
  }
  if (!gone.empty()) {
    std::sort(gone.begin(), gone.end());
    static const mailbox_view nothing;
    renew(from, gone, now->gone ? nothing : *now);
  }
  std::uint32_t number = 0;
  for (const auto* p : come) {
    while (pages[number].get() != p) ++number;
    for (std::uint32_t row = 0; row < p->rows(); ++row)
      if (matches(p->flags[row]) && !std::binary_search(s.shown.begin(), s.shown.end(), p->uid[row])) fresh.push_back({from, number, row});
  }
  s.seen = std::move(now);
}

/// Of each mailbox the newest; as many of each as is possible, so that only the larger ones give way.
void virtual_mailbox::drop_beyond_limit(std::vector<match>& fresh) {
  const auto uids_left = limits_.uids - std::min<std::size_t>(limits_.uids, places_.size());
  const std::uint64_t room = std::min<std::uint64_t>(limits_.messages - std::min(limits_.messages, messages_), uids_left);
  left_out_ = 0;
  if (fresh.size() <= room) return;
  left_out_ = fresh.size() - room;
  std::map<std::uint32_t, std::uint64_t> of_each;
  for (const auto& m : fresh) ++of_each[m.from];
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_size;
  for (const auto& [from, n] : of_each) by_size.emplace_back(n, from);
  std::sort(by_size.begin(), by_size.end());
  auto left = room;
  for (std::size_t i = 0; i < by_size.size(); ++i) {
    const auto share = std::min(by_size[i].first, left / (by_size.size() - i));
    of_each[by_size[i].second] = by_size[i].first - share; // that go, the oldest
    left -= share;
  }
  std::erase_if(fresh, [&](const match& m) {
    auto& go = of_each[m.from];
    if (go == 0) return false;
    --go;
    return true;
  });
}

void virtual_mailbox::append(std::vector<match> fresh) {
  drop_beyond_limit(fresh);
  if (fresh.empty()) return;
  const std::lock_guard hold(lock_);
  std::shared_ptr<page> open;
  for (const auto& m : fresh) {
    auto& s = sources_[m.from];
    const auto& real = s.seen->pages[m.page];
    const auto& p = *real;
    if (!open || pages_.back().real != real) {
      open = std::make_shared<page>();
      open->source = p.source;
      pages_.push_back({m.from, real, open});
    }
    places_.push_back({m.from, p.uid[m.row]});
    open->uid.push_back(static_cast<std::uint32_t>(places_.size()));
    open->modseq.push_back(p.modseq[m.row]);
    open->flags.push_back(flags_here(s, p.flags[m.row]));
    open->slot.push_back(p.slot[m.row]);
    if (s.shown.empty() || s.shown.back() < p.uid[m.row]) s.shown.push_back(p.uid[m.row]);
    else s.shown.insert(std::lower_bound(s.shown.begin(), s.shown.end(), p.uid[m.row]), p.uid[m.row]);
  }
  messages_ += static_cast<std::uint32_t>(fresh.size());
  changed_ = true;
}

void virtual_mailbox::look() {
  std::vector<match> fresh;
  for (std::uint32_t from = 0; from < sources_.size(); ++from) {
    if (!sources_[from].cell) continue;
    auto now = sources_[from].cell->view();
    if (now != sources_[from].seen) look_at(from, std::move(now), fresh);
  }
  if (!fresh.empty()) append(std::move(fresh));
  if (std::exchange(changed_, false)) compose();
}

void virtual_mailbox::compose() {
  auto made = std::make_shared<mailbox_view>();
  made->keywords = keywords_;
  made->first_row.push_back(0);
  status_.unseen = 0;
  for (const auto& p : pages_) {
    made->pages.push_back(p.here);
    made->first_row.push_back(made->first_row.back() + static_cast<std::uint32_t>(p.here->rows()));
    for (const auto f : p.here->flags) status_.unseen += (f & flag::seen) == 0;
  }
  status_.messages = made->size();
  status_.uid_next = static_cast<std::uint32_t>(places_.size()) + 1;
  made->status = status_;
  changed_ = false;
  publish(std::move(made));
}

storage::mail::mailbox_cell::found_message virtual_mailbox::find_message(std::uint32_t uid) const {
  place there;
  std::shared_ptr<storage::mail::mailbox_cell> cell;
  {
    const std::lock_guard hold(lock_);
    if (uid != 0 && uid <= places_.size()) {
      there = places_[uid - 1];
      cell = cells_[there.from];
    }
  }
  if (cell) return cell->find_message(there.uid);
  auto now = view();
  const auto none = now->size();
  return {std::move(now), none};
}

std::vector<virtual_mailbox::part> virtual_mailbox::parts_of(
    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& uids) const {
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> found(sources_.size()); // UIDs there and here
  const auto now = view();
  for (const auto& [first, last] : uids) {
    const auto end = last == UINT32_MAX ? now->size() : now->lower_bound(last + 1);
    for (auto index = now->lower_bound(first); index < end; ++index) {
      const auto at = now->at(index);
      const auto uid = at.in->uid[at.row];
      const auto& p = places_[uid - 1];
      found[p.from].emplace_back(p.uid, uid);
    }
  }
  std::vector<part> parts;
  for (std::size_t from = 0; from < found.size(); ++from) {
    if (found[from].empty()) continue;
    std::sort(found[from].begin(), found[from].end());
    auto& p = parts.emplace_back();
    p.mailbox = sources_[from].id;
    for (const auto& [there, here] : found[from]) {
      p.uids.push_back(there);
      p.shown_as.push_back(here);
    }
  }
  return parts;
}

} // namespace rookery::actors
