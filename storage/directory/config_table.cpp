#include "storage/directory/config_table.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <atomic>

namespace rookery::storage::directory {
namespace {

/// Rows a leaf may hold before it is halved, and below which it joins its neighbour.
constexpr std::size_t leaf_rows_max = 128;
constexpr std::size_t leaf_rows_low = 24;

// Tells the leaves that an editor made from those that others may be reading.
std::atomic<std::uint64_t> last_edit{0};

} // namespace

config_table::place config_table::locate(const index& in, std::string_view key) noexcept {
  const auto& leaves = in.leaves;
  auto leaf_at = std::upper_bound(leaves.begin(), leaves.end(), key, [](std::string_view k, const auto& l) {
    return k < std::string_view(l->rows.front()->key);
  });
  if (leaf_at != leaves.begin()) --leaf_at;
  place at;
  at.leaf = static_cast<std::size_t>(leaf_at - leaves.begin());
  if (leaf_at == leaves.end()) return at;
  const auto& rows = (*leaf_at)->rows;
  const auto row = std::lower_bound(rows.begin(), rows.end(), key,
                                    [](const document_ptr& d, std::string_view k) { return std::string_view(d->key) < k; });
  at.row = static_cast<std::size_t>(row - rows.begin());
  at.found = row != rows.end() && (*row)->key == key;
  return at;
}

const config_table::index* config_table::index_of(document_kind kind) const noexcept {
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? nullptr : found->second.get();
}

const document* config_table::find(document_kind kind, std::string_view key) const noexcept {
  const auto* in = index_of(kind);
  if (in == nullptr) return nullptr;
  const auto at = locate(*in, key);
  return at.found ? in->leaves[at.leaf]->rows[at.row].get() : nullptr;
}

document_ptr config_table::find_shared(document_kind kind, std::string_view key) const noexcept {
  const auto* in = index_of(kind);
  if (in == nullptr) return nullptr;
  const auto at = locate(*in, key);
  return at.found ? in->leaves[at.leaf]->rows[at.row] : nullptr;
}

std::size_t config_table::count(document_kind kind) const noexcept {
  const auto* in = index_of(kind);
  return in == nullptr ? 0 : in->count;
}

void config_table::for_each(document_kind kind, std::string_view after,
                            const std::function<bool(const document_ptr&)>& each) const {
  const auto* in = index_of(kind);
  if (in == nullptr || in->leaves.empty()) return;
  place at;
  if (!after.empty()) {
    at = locate(*in, after);
    if (at.found) ++at.row;
  }
  for (; at.leaf < in->leaves.size(); ++at.leaf, at.row = 0) {
    const auto& rows = in->leaves[at.leaf]->rows;
    for (; at.row < rows.size(); ++at.row)
      if (!each(rows[at.row])) return;
  }
}

std::vector<document_ptr> config_table::page(document_kind kind, std::string_view after, std::size_t limit) const {
  std::vector<document_ptr> rows;
  if (limit == 0) return rows;
  for_each(kind, after, [&](const document_ptr& d) {
    rows.push_back(d);
    return rows.size() < limit;
  });
  return rows;
}

std::vector<document_kind> config_table::kinds() const {
  std::vector<document_kind> kinds;
  for (const auto& [kind, in] : kinds_)
    if (in->count != 0) kinds.push_back(kind);
  return kinds;
}

void config_table::for_each_change(const config_table& before, const config_table& after,
                                   const std::function<void(const document*, const document_ptr&)>& each) {
  // One ordered walk over both; leaves that are the same object are skipped whole.
  const auto walk = [&each](const index& a, const index& b) {
    place i, j;
    for (;;) {
      const bool more_a = i.leaf < a.leaves.size();
      const bool more_b = j.leaf < b.leaves.size();
      if (!more_a && !more_b) return;
      if (more_a && more_b && i.row == 0 && j.row == 0 && a.leaves[i.leaf] == b.leaves[j.leaf]) {
        ++i.leaf;
        ++j.leaf;
        continue;
      }
      const document* old_row = more_a ? a.leaves[i.leaf]->rows[i.row].get() : nullptr;
      const document_ptr* new_row = more_b ? &b.leaves[j.leaf]->rows[j.row] : nullptr;
      const int order = !more_a ? 1 : !more_b ? -1 : old_row->key.compare((*new_row)->key);
      if (order < 0) each(old_row, nullptr);
      else if (order > 0) each(nullptr, *new_row);
      else if (old_row != new_row->get()) each(old_row, *new_row);
      if (order <= 0 && ++i.row == a.leaves[i.leaf]->rows.size()) {
        ++i.leaf;
        i.row = 0;
      }
      if (order >= 0 && ++j.row == b.leaves[j.leaf]->rows.size()) {
        ++j.leaf;
        j.row = 0;
      }
    }
  };
  const index none;
  for (const auto& [kind, in] : before.kinds_) {
    const auto* now = after.index_of(kind);
    if (now != in.get()) walk(*in, now != nullptr ? *now : none);
  }
  for (const auto& [kind, in] : after.kinds_)
    if (before.index_of(kind) == nullptr) walk(none, *in);
}

config_table::editor::editor(const config_table& from) : table_(from), edit_(++last_edit) {}

config_table::index& config_table::editor::own(document_kind kind) {
  auto& owned = owned_[kind];
  if (owned == nullptr) {
    const auto* old = table_.index_of(kind);
    auto fresh = old != nullptr ? std::make_shared<index>(*old) : std::make_shared<index>();
    owned = fresh.get();
    table_.kinds_[kind] = std::move(fresh);
  }
  return *owned;
}

config_table::leaf& config_table::editor::own(index& in, std::size_t number) {
  auto& at = in.leaves[number];
  if (at->edit != edit_) {
    auto fresh = std::make_shared<leaf>(*at);
    fresh->edit = edit_;
    at = std::move(fresh);
  }
  // Made by this editor and seen by nobody else yet.
  return const_cast<leaf&>(*at);
}

void config_table::editor::put(document_ptr row) {
  auto& in = own(row->kind);
  if (in.leaves.empty()) {
    auto first = std::make_shared<leaf>();
    first->edit = edit_;
    in.leaves.push_back(std::move(first));
    own(in, 0).rows.push_back(std::move(row));
    in.count = 1;
    return;
  }
  const auto at = locate(in, row->key);
  auto& rows = own(in, at.leaf).rows;
  if (at.found) {
    rows[at.row] = std::move(row);
    return;
  }
  rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(at.row), std::move(row));
  ++in.count;
  if (rows.size() <= leaf_rows_max) return;
  // Keys often come in order: then the left half stays nearly full.
  const bool at_end = at.leaf + 1 == in.leaves.size() && at.row + 1 == rows.size();
  const auto cut = static_cast<std::ptrdiff_t>(at_end ? leaf_rows_max - 8 : rows.size() / 2);
  auto right = std::make_shared<leaf>();
  right->edit = edit_;
  right->rows.assign(std::make_move_iterator(rows.begin() + cut), std::make_move_iterator(rows.end()));
  rows.erase(rows.begin() + cut, rows.end());
  in.leaves.insert(in.leaves.begin() + static_cast<std::ptrdiff_t>(at.leaf) + 1, std::move(right));
}

bool config_table::editor::remove(document_kind kind, std::string_view key) {
  if (table_.find(kind, key) == nullptr) return false;
  auto& in = own(kind);
  const auto at = locate(in, key);
  auto& rows = own(in, at.leaf).rows;
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at.row));
  --in.count;
  const auto here = in.leaves.begin() + static_cast<std::ptrdiff_t>(at.leaf);
  if (rows.empty()) {
    in.leaves.erase(here);
  } else if (rows.size() < leaf_rows_low && here + 1 != in.leaves.end() &&
             rows.size() + (*(here + 1))->rows.size() <= leaf_rows_max / 2) {
    const auto& next = (*(here + 1))->rows;
    rows.insert(rows.end(), next.begin(), next.end());
    in.leaves.erase(here + 1);
  }
  return true;
}

std::shared_ptr<const config_table> config_table::editor::finish(std::uint64_t version) {
  table_.version_ = version;
  owned_.clear();
  edit_ = ++last_edit;
  return std::make_shared<const config_table>(std::move(table_));
}

} // namespace rookery::storage::directory
