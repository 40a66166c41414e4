/// The words of a stored message, for the search index.
#pragma once

#include "actors/account/message_octets.hpp"
#include "base/bytes.hpp"
#include "protocols/mime/part_tree.hpp"
#include "storage/search/document.hpp"

#include <cstddef>

namespace rookery::actors {

/// Of a message that is read for its words; what is behind is not, and searches read the message itself.
inline constexpr std::size_t indexed_octets_max = 16u << 20;

/// Row `row` of `page`. What cannot be read makes the document partial. Blocks on the disk.
void collect_words(storage::search::document& into, storage::body_reader&, storage::mail::mailbox_cell&, const storage::mail::page&,
                   std::uint32_t row);

/// Of one that was read already.
void collect_words(storage::search::document& into, base::const_bytes whole, base::const_bytes header, const mime::part_tree&);

} // namespace rookery::actors
