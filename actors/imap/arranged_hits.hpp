/// What SORT and THREAD make of a search's hits. Blocks on the disk unless `sort_columns_in_memory`.
///
/// Source: RFC 5256, RFC 5957.
#pragma once

#include "actors/imap/search_rows.hpp"
#include "protocols/imap/search.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::actors {

/// Are the columns of all hits at hand? (The answer of one moment.)
bool sort_columns_in_memory(const search_run&);
struct arranged_hits {
  std::vector<std::uint32_t> numbers;     ///< message numbers, or UIDs, in sorted order
  std::vector<std::uint8_t> relevancies;  ///< theirs; none where the program has no fuzzy key
};
arranged_hits sorted_hits(const search_run&, const imap::sort&);
/// The printed tree.
std::string threaded_hits(const search_run&, const imap::thread&);

} // namespace rookery::actors
