#include "protocols/imap/sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstring>
#include <utility>

namespace rookery::imap {

namespace {

std::weak_ordering compare(const sort_columns& in, std::uint32_t a, std::uint32_t b, sort_criterion by) {
  switch (by) {
    case sort_criterion::arrival: return in.arrival[a] <=> in.arrival[b];
    case sort_criterion::date: return in.sent[a] <=> in.sent[b];
    case sort_criterion::size: return in.size[a] <=> in.size[b];
    case sort_criterion::subject: return in.subject[a] <=> in.subject[b];
    case sort_criterion::from: return in.from[a] <=> in.from[b];
    case sort_criterion::to: return in.to[a] <=> in.to[b];
    case sort_criterion::cc: return in.cc[a] <=> in.cc[b];
    case sort_criterion::display_from: return in.display_from[a] <=> in.display_from[b];
    case sort_criterion::display_to: return in.display_to[a] <=> in.display_to[b];
    case sort_criterion::relevancy: return in.relevancy[b] <=> in.relevancy[a]; // RFC 6203 §6: the best first
  }
  return std::weak_ordering::equivalent;
}

/// The texts that a criterion compares; null where it compares a number.
const std::vector<std::string_view>* texts_of(const sort_columns& in, sort_criterion by) {
  switch (by) {
    case sort_criterion::subject: return &in.subject;
    case sort_criterion::from: return &in.from;
    case sort_criterion::to: return &in.to;
    case sort_criterion::cc: return &in.cc;
    case sort_criterion::display_from: return &in.display_from;
    case sort_criterion::display_to: return &in.display_to;
    default: return nullptr;
  }
}

std::uint64_t rank(std::int64_t value) { return static_cast<std::uint64_t>(value) ^ std::uint64_t{1} << 63; }

std::uint64_t number_of(const sort_columns& in, std::uint32_t row, sort_criterion by) {
  switch (by) {
    case sort_criterion::arrival: return rank(in.arrival[row]);
    case sort_criterion::date: return rank(in.sent[row]);
    case sort_criterion::size: return in.size[row];
    case sort_criterion::relevancy: return std::uint64_t{255} - in.relevancy[row];
    default: return 0;
  }
}

/// Octets that all texts begin with.
std::size_t common_octets(const std::vector<std::string_view>& texts) {
  const auto first = texts.front();
  auto common = first.size();
  if (common == 0) return 0;
  for (const auto& text : texts) {
    if (text.size() >= common && std::memcmp(text.data(), first.data(), common) == 0) continue;
    const auto other = text.substr(0, common);
    common = static_cast<std::size_t>(std::mismatch(other.begin(), other.end(), first.begin()).first - other.begin());
    if (common == 0) break;
  }
  return common;
}

/// The first eight octets from `begin`, as a number that compares as they do; a shorter text is filled up with zeros.
std::uint64_t text_head(std::string_view text, std::size_t begin) {
  if (text.size() <= begin) return 0;
  std::uint64_t head = 0;
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(&head, text.data() + begin, std::min(sizeof head, text.size() - begin));
  return __builtin_bswap64(head);
}

/// What is moved about while sorting.
struct sort_item {
  std::uint64_t head;  ///< of the first key; where it differs, it decides
  std::uint32_t row;
};

std::vector<sort_item> sort_items(const sort_columns& in, const sort_key& key) {
  const auto* texts = texts_of(in, key.by);
  const auto begin = texts != nullptr ? common_octets(*texts) : 0;
  std::vector<sort_item> items(in.messages);
  for (std::uint32_t row = 0; row < items.size(); ++row) {
    const auto head = texts != nullptr ? text_head((*texts)[row], begin) : number_of(in, row, key.by);
    items[row] = {key.reverse ? ~head : head, row};
  }
  return items;
}

/// Sorts by heads, ties as they are: octet by octet from the last one, without those that all heads have in common.
void sort_by_heads(std::vector<sort_item>& items) {
  constexpr std::size_t octets = sizeof(std::uint64_t);
  std::array<std::array<std::uint32_t, 256>, octets> counts{};
  for (const auto& item : items)
    for (std::size_t o = 0; o < octets; ++o) ++counts[o][item.head >> 8 * o & 255];
  std::vector<sort_item> other(items.size());
  for (std::size_t o = 0; o < octets; ++o) {
    auto& places = counts[o];
    if (places[items.front().head >> 8 * o & 255] == items.size()) continue;
    std::uint32_t before = 0;
    for (auto& place : places) before += std::exchange(place, before);
    for (const auto& item : items) other[places[item.head >> 8 * o & 255]++] = item;
    items.swap(other);
  }
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

std::vector<std::uint32_t> sorted_order(const sort_columns& in, std::span<const sort_key> keys) {
  std::vector<std::uint32_t> order;
  if (in.messages == 0) return order;
  auto items = sort_items(in, keys.front());
  sort_by_heads(items);
  // A head is all of a number; of a text it is the beginning.
  const auto rest = texts_of(in, keys.front().by) != nullptr ? keys : keys.subspan(1);
  const auto before = [&in, rest](const sort_item& x, const sort_item& y) {
    for (const auto& key : rest) {
      const auto found = compare(in, x.row, y.row, key.by);
      if (found != 0) return key.reverse ? found > 0 : found < 0;
    }
    return false;
  };
  for (auto first = items.begin(); !rest.empty() && first != items.end();) {
    const auto end = std::find_if(first + 1, items.end(), [first](const sort_item& i) { return i.head != first->head; });
    // Mail lies in runs (dates, numbered subjects), which merging likes.
    if (end - first > 1) std::stable_sort(first, end, before);
    first = end;
  }
  order.reserve(items.size());
  for (const auto& item : items) order.push_back(item.row);
  return order;
}

} // namespace rookery::imap
