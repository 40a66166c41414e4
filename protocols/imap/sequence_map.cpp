#include "protocols/imap/sequence_map.hpp"

#include <algorithm>

namespace rookery::imap {

void sequence_map::reset(std::shared_ptr<const uid_list> list) {
  list_ = std::move(list);
  announced_ = list_->size();
  ghosts_.clear();
  ghost_rows_.clear();
}

void sequence_map::clear() {
  list_.reset();
  announced_ = 0;
  ghosts_.clear();
  ghost_rows_.clear();
}

void sequence_map::update(std::shared_ptr<const uid_list> next) {
  std::vector<std::uint32_t> vanished;
  std::uint32_t k = 0;
  for (std::uint32_t row = 0; row < announced_; ++row) {
    const auto uid = list_->at(row);
    while (k < next->size() && next->at(k) < uid) ++k;
    if (k < next->size() && next->at(k) == uid) ++k;
    else vanished.push_back(uid);
  }
  update(std::move(next), vanished);
}

void sequence_map::update(std::shared_ptr<const uid_list> next, std::span<const std::uint32_t> vanished) {
  const auto last = announced_ > 0 ? list_->at(announced_ - 1) : 0;
  if (!vanished.empty()) {
    std::vector<std::uint32_t> gone;
    for (const auto uid : vanished) {
      if (uid > last) break;
      const auto row = list_->lower_bound(uid);
      if (row < announced_ && list_->at(row) == uid) gone.push_back(uid);
    }
    if (!gone.empty()) {
      const auto middle = ghosts_.insert(ghosts_.end(), gone.begin(), gone.end());
      std::inplace_merge(ghosts_.begin(), middle, ghosts_.end());
    }
  }
  list_ = std::move(next);
  announced_ = last == 0 ? 0 : last == UINT32_MAX ? list_->size() : list_->lower_bound(last + 1);
  place_ghosts();
}

void sequence_map::place_ghosts() {
  ghost_rows_.clear();
  ghost_rows_.reserve(ghosts_.size());
  for (const auto uid : ghosts_) ghost_rows_.push_back(list_->lower_bound(uid));
}

/// Ghosts that the client counts before the row: those that stood before it.
std::uint32_t sequence_map::ghosts_before_row(std::uint32_t row) const noexcept {
  return static_cast<std::uint32_t>(std::upper_bound(ghost_rows_.begin(), ghost_rows_.end(), row) - ghost_rows_.begin());
}

std::uint32_t sequence_map::largest_uid() const {
  const auto row_uid = announced_ > 0 ? list_->at(announced_ - 1) : 0;
  return std::max(row_uid, ghosts_.empty() ? 0 : ghosts_.back());
}

std::uint32_t sequence_map::uid_of(std::uint32_t number) const {
  const auto place = number - 1;
  if (ghosts_.empty()) return list_->at(place);
  // Ghost i has the place ghost_rows_[i] + i, which grows with i.
  std::size_t low = 0, high = ghosts_.size();
  while (low < high) {
    const auto middle = (low + high) / 2;
    if (ghost_rows_[middle] + middle < place) low = middle + 1;
    else high = middle;
  }
  if (low < ghosts_.size() && ghost_rows_[low] + low == place) return ghosts_[low];
  return list_->at(place - static_cast<std::uint32_t>(low));
}

std::optional<std::uint32_t> sequence_map::number_of(std::uint32_t uid) const {
  const auto row = list_->lower_bound(uid);
  if (row < announced_ && list_->at(row) == uid) return number_of_row(row);
  const auto ghost = std::lower_bound(ghosts_.begin(), ghosts_.end(), uid);
  if (ghost != ghosts_.end() && *ghost == uid) {
    const auto i = static_cast<std::uint32_t>(ghost - ghosts_.begin());
    return ghost_rows_[i] + i + 1;
  }
  return {};
}

sequence_map::selection sequence_map::select(const sequence_set& set, bool by_uid,
                                             std::span<const number_range> saved_uids) const {
  selection out;
  const auto add_rows = [&out](std::uint32_t first, std::uint32_t end) {
    if (first >= end) return;
    if (!out.rows.empty() && out.rows.back().end >= first) {
      out.rows.back().end = std::max(out.rows.back().end, end);
      return;
    }
    out.rows.push_back({first, end});
  };
  const auto add_uids = [&](const number_ranges& uids) {
    for (const auto& [a, b] : uids) {
      const auto first = std::min(list_->lower_bound(a), announced_);
      const auto end = b == UINT32_MAX ? announced_ : std::min(list_->lower_bound(b + 1), announced_);
      add_rows(first, end);
      if (!ghosts_.empty()) {
        const auto ghost = std::lower_bound(ghosts_.begin(), ghosts_.end(), a);
        if (ghost != ghosts_.end() && *ghost <= b) out.ghosts = true;
      }
    }
  };

  if (by_uid || (set.saved && set.written.empty())) {
    add_uids(set.resolve(largest_uid(), saved_uids));
  } else {
    auto numbers = set.resolve(size());
    if (set.largest() > size() || (set.has_star() && size() == 0)) out.out_of_range = true;
    for (auto [a, b] : numbers) {
      a = std::min(a, size() + 1);
      b = std::min(b, size());
      if (a > b) continue;
      if (ghosts_.empty()) {
        add_rows(a - 1, b);
        continue;
      }
      // Places a-1 .. b-1; ghosts among them are not rows.
      const auto ghosts_before_place = [this](std::uint32_t place) {
        std::size_t low = 0, high = ghosts_.size();
        while (low < high) {
          const auto middle = (low + high) / 2;
          if (ghost_rows_[middle] + middle < place) low = middle + 1;
          else high = middle;
        }
        return static_cast<std::uint32_t>(low);
      };
      const auto before = ghosts_before_place(a - 1);
      const auto within = ghosts_before_place(b);
      if (within > before) out.ghosts = true;
      add_rows(a - 1 - before, b - within);
    }
    if (set.saved) {
      // "$" beside numbers: the rows of both, in order.
      auto by_number = std::move(out.rows);
      out.rows.clear();
      add_uids(number_ranges(saved_uids.begin(), saved_uids.end()));
      by_number.insert(by_number.end(), out.rows.begin(), out.rows.end());
      std::sort(by_number.begin(), by_number.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
      out.rows.clear();
      for (const auto& r : by_number) add_rows(r.first, r.end);
    }
  }
  for (const auto& r : out.rows) out.count += r.end - r.first;
  return out;
}

void sequence_map::selection::keep(const partial_range& page) {
  const auto [begin, end] = page.places(count);
  std::vector<row_range> kept;
  std::size_t before = 0;
  for (const auto& r : rows) {
    const std::size_t n = r.end - r.first;
    const auto from = std::max(begin, before), to = std::min(end, before + n);
    if (from < to)
      kept.push_back({r.first + static_cast<std::uint32_t>(from - before), r.first + static_cast<std::uint32_t>(to - before)});
    before += n;
  }
  rows = std::move(kept);
  count = static_cast<std::uint32_t>(end - begin);
}

number_ranges sequence_map::uids_of(std::span<const row_range> rows) const {
  number_ranges out;
  out.reserve(rows.size());
  for (const auto& r : rows) {
    const auto first = list_->at(r.first);
    const auto last = list_->at(r.end - 1);
    if (!out.empty() && out.back().second + 1 == first) out.back().second = last;
    else out.emplace_back(first, last);
  }
  return out;
}

std::vector<std::uint32_t> sequence_map::take_expunged() {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(ghosts_.size());
  for (auto i = static_cast<std::uint32_t>(ghosts_.size()); i-- > 0;) numbers.push_back(ghost_rows_[i] + i + 1);
  ghosts_.clear();
  ghost_rows_.clear();
  return numbers;
}

number_ranges sequence_map::take_vanished() {
  number_ranges uids;
  for (const auto uid : ghosts_) append_number(uids, uid);
  ghosts_.clear();
  ghost_rows_.clear();
  return uids;
}

bool sequence_map::announce() {
  if (!list_ || announced_ == list_->size()) return false;
  announced_ = list_->size();
  return true;
}

} // namespace rookery::imap
