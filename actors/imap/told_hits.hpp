/// Which hits of a search are told, and so are saved and counted for MODSEQ.
///
/// Source: RFC 7162 §3.1.10; RFC 5182 §2.1; RFC 9394 §3.2.
#pragma once

#include "protocols/imap/search.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rookery::actors {

/// With neither ALL nor COUNT: MIN, MAX and PARTIAL name them.
inline bool tells_some_only(bool extended, std::uint16_t returns) {
  namespace wanted = imap::search_return;
  return extended && (returns & (wanted::min | wanted::max | wanted::partial)) != 0 &&
         (returns & (wanted::all | wanted::count)) == 0;
}

/// The hits that MIN, MAX and PARTIAL name, in the order of all.
inline std::vector<std::uint32_t> told_hits(const std::vector<std::uint32_t>& hits, std::uint16_t returns,
                                            const imap::partial_range& page) {
  namespace wanted = imap::search_return;
  std::vector<std::uint32_t> told;
  if (hits.empty()) return told;
  if (returns & wanted::partial) {
    const auto [begin, end] = page.places(hits.size());
    told.assign(hits.begin() + static_cast<std::ptrdiff_t>(begin), hits.begin() + static_cast<std::ptrdiff_t>(end));
  }
  if ((returns & wanted::min) && (told.empty() || told.front() != hits.front())) told.insert(told.begin(), hits.front());
  if ((returns & wanted::max) && (told.empty() || told.back() != hits.back())) told.push_back(hits.back());
  return told;
}

} // namespace rookery::actors
