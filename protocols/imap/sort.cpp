#include "protocols/imap/sort.hpp"

#include <algorithm>
#include <compare>

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

} // namespace

std::uint32_t used_criteria(const sort& s) noexcept {
  std::uint32_t used = 0;
  for (const auto& key : s.keys) used |= 1u << static_cast<unsigned>(key.by);
  return used;
}

bool sorts_by_relevancy(const sort& s) noexcept {
  return std::any_of(s.keys.begin(), s.keys.end(), [](const sort_key& k) { return k.by == sort_criterion::relevancy; });
}

void sort_rows(std::vector<sort_row>& rows, std::span<const sort_key> keys) {
  std::sort(rows.begin(), rows.end(), [keys](const sort_row& a, const sort_row& b) {
    for (const auto& key : keys) {
      const auto order = compare(a, b, key.by);
      if (order != 0) return key.reverse ? order > 0 : order < 0;
    }
    return a.order < b.order;
  });
}

} // namespace rookery::imap
