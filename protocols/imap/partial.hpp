/// PARTIAL: one page of a list of results, counted from its front or its end.
///
/// Source: RFC 9394 §3, §4; RFC 5267 §4.4.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace rookery::imap {

class word_reader;

struct partial_range {
  bool from_end = false;              ///< "-1:-100": 1 is the last result
  std::uint32_t first = 1, last = 1;  ///< as written; either may be the larger one

  /// Places [begin, end) in a list of `results`; empty when none of them is named.
  std::pair<std::size_t, std::size_t> places(std::size_t results) const noexcept;
};

/// partial-range; false: the reader holds the fault.
bool read_partial_range(word_reader&, partial_range&);
void print(const partial_range&, base::buffer& out);

} // namespace rookery::imap
