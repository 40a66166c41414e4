#include "protocols/imap/sort.hpp"

#include <algorithm>
#include <compare>
#include <cstddef>

namespace rookery::imap {

namespace {

std::weak_ordering compare(const sort_row& a, const sort_row& b, sort_criterion by) {
  switch (by) {
    case sort_criterion::arrival: return a.arrival <=> b.arrival;
    case sort_criterion::date: return a.sent <=> b.sent;
    case sort_criterion::size: return a.size <=> b.size;
    case sort_criterion::subject: return a.subject <=> b.subject;
    case sort_criterion::from: return a.from <=> b.from;
    case sort_criterion::to: return a.to <=> b.to;
    case sort_criterion::cc: return a.cc <=> b.cc;
    case sort_criterion::display_from: return a.display_from <=> b.display_from;
    case sort_criterion::display_to: return a.display_to <=> b.display_to;
    case sort_criterion::relevancy: return b.relevancy <=> a.relevancy; // RFC 6203 §6: the best first
  }
  return std::weak_ordering::equivalent;
}

/// The text that a criterion compares; null where it compares a number.
std::string_view sort_row::*text_of(sort_criterion by) {
  switch (by) {
    case sort_criterion::subject: return &sort_row::subject;
    case sort_criterion::from: return &sort_row::from;
    case sort_criterion::to: return &sort_row::to;
    case sort_criterion::cc: return &sort_row::cc;
    case sort_criterion::display_from: return &sort_row::display_from;
    case sort_criterion::display_to: return &sort_row::display_to;
    default: return nullptr;
  }
}

std::uint64_t rank(std::int64_t value) { return static_cast<std::uint64_t>(value) ^ std::uint64_t{1} << 63; }

std::uint64_t number_of(const sort_row& row, sort_criterion by) {
  switch (by) {
    case sort_criterion::arrival: return rank(row.arrival);
    case sort_criterion::date: return rank(row.sent);
    case sort_criterion::size: return row.size;
    case sort_criterion::relevancy: return std::uint64_t{255} - row.relevancy;
    default: return 0;
  }
}

/// Octets that all rows begin with.
std::size_t common_octets(std::span<const sort_row> rows, std::string_view sort_row::*text) {
  const auto first = rows.front().*text;
  auto common = first.size();
  for (const auto& row : rows) {
    const auto other = (row.*text).substr(0, common);
    common = static_cast<std::size_t>(std::mismatch(other.begin(), other.end(), first.begin()).first - other.begin());
    if (common == 0) break;
  }
  return common;
}

/// The first eight octets from `begin`, as a number that compares as they do; a shorter text is filled up with zeros.
std::uint64_t text_head(std::string_view text, std::size_t begin) {
  std::uint64_t head = 0;
  for (std::size_t i = begin; i < begin + 8; ++i) head = head << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return head;
}

/// What is moved about while sorting: rows are ten times as large, and few need a second look.
struct sort_item {
  std::uint64_t head;  ///< of the first key; where it differs, it decides
  std::uint32_t row;
};

std::vector<sort_item> sort_items(std::span<const sort_row> rows, const sort_key& key) {
  const auto text = text_of(key.by);
  const auto begin = text != nullptr ? common_octets(rows, text) : 0;
  std::vector<sort_item> items;
  items.reserve(rows.size());
  for (const auto& row : rows) {
    const auto head = text != nullptr ? text_head(row.*text, begin) : number_of(row, key.by);
    items.push_back({key.reverse ? ~head : head, static_cast<std::uint32_t>(items.size())});
  }
  return items;
}

} // namespace

std::uint32_t used_criteria(const sort& s) noexcept {
  std::uint32_t used = 0;
  for (const auto& key : s.keys) used |= 1u << static_cast<unsigned>(key.by);
  return used;
}

bool sorts_by_relevancy(const sort& s) noexcept {
  return std::any_of(s.keys.begin(), s.keys.end(), [](const sort_key& k) { return k.by == sort_criterion::relevancy; });
}

std::vector<std::uint32_t> sorted_order(std::span<const sort_row> rows, std::span<const sort_key> keys) {
  std::vector<std::uint32_t> order;
  if (rows.empty()) return order;
  auto items = sort_items(rows, keys.front());
  // Mail lies in runs (dates, numbered subjects), which merging likes; std::sort's pivots do not, it fell back to its heap sort.
  std::stable_sort(items.begin(), items.end(), [rows, keys](const sort_item& x, const sort_item& y) {
    if (x.head != y.head) return x.head < y.head;
    const auto &a = rows[x.row], &b = rows[y.row];
    for (const auto& key : keys) {
      const auto found = compare(a, b, key.by);
      if (found != 0) return key.reverse ? found > 0 : found < 0;
    }
    return a.order < b.order;
  });
  order.reserve(items.size());
  for (const auto& item : items) order.push_back(item.row);
  return order;
}

} // namespace rookery::imap
