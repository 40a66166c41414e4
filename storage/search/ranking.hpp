/// Searching as people mean it: by words, their forms and near misses, the best first (RFC 6203).
///
/// Any thread; blocks on the disk. Of what is in the index alone.
#pragma once

#include "storage/search/account_index.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::storage::search {

/// For each document, by number, its relevance from 1 to 100, or 0: it has not all words of the needle. A word
/// of it may be another form in `language` (as Xapian calls it; "none": forms are different words), or from
/// `misspelled_octets_min` octets on be one slip away. Errors: damaged; invalid: no such language.
base::result<std::vector<std::uint8_t>> rank(const account_index&, const question&, const std::string& language);

/// Shorter words have too many neighbours.
inline constexpr std::size_t misspelled_octets_min = 5;

} // namespace rookery::storage::search
