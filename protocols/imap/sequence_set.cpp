#include "protocols/imap/sequence_set.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace rookery::imap {

namespace {

/// A number or "*" at the front.
bool read_side(std::string_view& text, std::uint32_t& out) {
  if (text.empty()) return false;
  if (text.front() == '*') {
    text.remove_prefix(1);
    out = sequence_set::star;
    return true;
  }
  if (!base::is_digit(text.front())) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || out == 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

} // namespace

bool sequence_set::has_star() const noexcept {
  return std::any_of(written.begin(), written.end(), [](const auto& r) { return r.first == star || r.second == star; });
}

std::uint32_t sequence_set::largest() const noexcept {
  std::uint32_t most = 0;
  for (const auto& [a, b] : written) most = std::max({most, a, b}); // star is 0
  return most;
}

number_ranges sequence_set::resolve(std::uint32_t largest_number, std::span<const number_range> saved_numbers) const {
  number_ranges out;
  out.reserve(written.size() + (saved ? saved_numbers.size() : 0));
  for (auto [a, b] : written) {
    if ((a == star || b == star) && largest_number == 0) continue;
    if (a == star) a = largest_number;
    if (b == star) b = largest_number;
    out.emplace_back(std::min(a, b), std::max(a, b));
  }
  if (saved) out.insert(out.end(), saved_numbers.begin(), saved_numbers.end());
  normalize(out);
  return out;
}

std::optional<sequence_set> read_sequence_set(std::string_view& text, std::size_t ranges_max) {
  sequence_set out;
  auto at = text;
  for (;;) {
    if (!at.empty() && at.front() == '$') {
      at.remove_prefix(1);
      out.saved = true;
    } else {
      number_range range;
      if (!read_side(at, range.first)) return {};
      range.second = range.first;
      if (!at.empty() && at.front() == ':') {
        at.remove_prefix(1);
        if (!read_side(at, range.second)) return {};
      }
      if (out.written.size() >= ranges_max) return {};
      out.written.push_back(range);
    }
    if (at.empty() || at.front() != ',') break;
    at.remove_prefix(1);
  }
  text = at;
  return out;
}

std::optional<sequence_set> parse_sequence_set(std::string_view text, std::size_t ranges_max) {
  auto set = read_sequence_set(text, ranges_max);
  if (!text.empty()) return {};
  return set;
}

void normalize(number_ranges& ranges) {
  if (ranges.size() < 2) return;
  if (!std::is_sorted(ranges.begin(), ranges.end())) std::sort(ranges.begin(), ranges.end());
  std::size_t last = 0;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    // The first is above 0, so "first - 1" touches.
    if (ranges[i].first - 1 <= ranges[last].second)
      ranges[last].second = std::max(ranges[last].second, ranges[i].second);
    else
      ranges[++last] = ranges[i];
  }
  ranges.resize(last + 1);
}

bool contains(std::span<const number_range> ranges, std::uint32_t number) noexcept {
  const auto at = std::upper_bound(ranges.begin(), ranges.end(), number,
                                   [](std::uint32_t n, const number_range& r) { return n < r.first; });
  return at != ranges.begin() && number <= std::prev(at)->second;
}

std::uint64_t count(std::span<const number_range> ranges) noexcept {
  std::uint64_t n = 0;
  for (const auto& [a, b] : ranges) n += std::uint64_t{b} - a + 1;
  return n;
}

number_ranges intersect(std::span<const number_range> a, std::span<const number_range> b) {
  number_ranges out;
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    const auto first = std::max(a[i].first, b[k].first);
    const auto last = std::min(a[i].second, b[k].second);
    if (first <= last) out.emplace_back(first, last);
    if (a[i].second < b[k].second) ++i;
    else ++k;
  }
  return out;
}

number_ranges subtract(std::span<const number_range> a, std::span<const number_range> b) {
  number_ranges out;
  std::size_t k = 0;
  for (auto [first, last] : a) {
    while (k < b.size() && b[k].second < first) ++k;
    auto i = k;
    bool open = true;
    for (; i < b.size() && b[i].first <= last; ++i) {
      if (b[i].first > first) out.emplace_back(first, b[i].first - 1);
      if (b[i].second >= last) {
        open = false;
        break;
      }
      first = b[i].second + 1;
    }
    if (open) out.emplace_back(first, last);
  }
  return out;
}

void print(std::span<const number_range> ranges, base::buffer& out) {
  bool comma = false;
  for (const auto& [first, last] : ranges) {
    char* const begin = out.prepare(24);
    char* to = begin;
    if (comma) *to++ = ',';
    comma = true;
    to = std::to_chars(to, begin + 24, first).ptr;
    if (last != first) {
      *to++ = ':';
      to = std::to_chars(to, begin + 24, last).ptr;
    }
    out.commit(static_cast<std::size_t>(to - begin));
  }
}

std::string print(std::span<const number_range> ranges) {
  base::buffer out;
  print(ranges, out);
  return std::string(out.view());
}

} // namespace rookery::imap
