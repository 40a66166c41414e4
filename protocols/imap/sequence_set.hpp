/// Sets of message numbers or UIDs, as clients write them and as servers print them.
///
/// Source: RFC 9051 §9 `sequence-set`, `seq-range`, `uid-set`; RFC 5182 §2 ("$", here
/// RFC 9051 §6.4.4.1).
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::imap {

/// Inclusive; first <= second. The same shape as storage::mail::uid_range.
using number_range = std::pair<std::uint32_t, std::uint32_t>;
/// Ascending, neither overlapping nor touching.
using number_ranges = std::vector<number_range>;

/// A set as written; "*" is not resolved yet.
struct sequence_set {
  static constexpr std::uint32_t star = 0; ///< stands for "*" in `written`: 0 is no number
  std::vector<number_range> written;       ///< in the client's order, sides as written
  bool saved = false;                      ///< "$": the result of the last SEARCH RETURN (SAVE)

  bool empty() const noexcept { return written.empty() && !saved; }
  /// True when a "*" stands somewhere.
  bool has_star() const noexcept;
  /// The largest plain number written; 0 when there is none.
  std::uint32_t largest() const noexcept;
  /// With "*" = `largest_number`. An empty mailbox (0) makes every range with "*" empty.
  /// "$" adds `saved_numbers`. Sides may be written in any order ("*:4").
  number_ranges resolve(std::uint32_t largest_number, std::span<const number_range> saved_numbers = {}) const;
};

/// Reads the set at the front of `text` and takes it off. Nothing when there is none, a
/// number is 0 or above 2^32-1, or there are more than `ranges_max` ranges.
std::optional<sequence_set> read_sequence_set(std::string_view& text, std::size_t ranges_max);
/// The whole of `text` is one set.
std::optional<sequence_set> parse_sequence_set(std::string_view text, std::size_t ranges_max = 20000);

/// Sorts and joins.
void normalize(number_ranges&);
/// Adds a number not below any in it; joins with the last range.
inline void append_number(number_ranges& ranges, std::uint32_t number) {
  if (!ranges.empty() && ranges.back().second >= number - 1) {
    if (ranges.back().second < number) ranges.back().second = number;
    return;
  }
  ranges.emplace_back(number, number);
}
bool contains(std::span<const number_range>, std::uint32_t number) noexcept; ///< O(log n)
std::uint64_t count(std::span<const number_range>) noexcept;
number_ranges intersect(std::span<const number_range>, std::span<const number_range>);
/// In `a` and not in `b`.
number_ranges subtract(std::span<const number_range> a, std::span<const number_range> b);
/// "1:3,7"; nothing for an empty set.
void print(std::span<const number_range>, base::buffer& out);
std::string print(std::span<const number_range>);

} // namespace rookery::imap
