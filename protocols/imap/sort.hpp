/// SORT: orders messages by keys that were made when they arrived.
///
/// Source: RFC 5256 §2.1 (base subject), §2.2 (sent date), §3; RFC 5957 (DISPLAY); RFC 6203 §6
/// (RELEVANCY).
#pragma once

#include "protocols/imap/search.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace rookery::imap {

/// One message to be sorted. Texts are folded for comparison already (i;unicode-casemap,
/// RFC 5051) and compared octet by octet; views must outlive the call.
struct sort_row {
  std::uint32_t number = 0;       ///< what is printed: message number or UID
  std::uint32_t order = 0;        ///< message number: decides ties
  std::int64_t arrival = 0;       ///< ms since 1970
  std::int64_t sent = 0;          ///< ms since 1970, UTC; the arrival where the header has none
  std::uint64_t size = 0;
  std::uint8_t relevancy = 0;     ///< 1 to 100
  std::string_view subject;       ///< base subject
  std::string_view from, to, cc;  ///< mailbox part of the first address
  std::string_view display_from, display_to; ///< display name, or the address where there is none
};
/// Which of the fields above a SORT uses: bit 1 << criterion.
std::uint32_t used_criteria(const sort&) noexcept;
bool sorts_by_relevancy(const sort&) noexcept;
/// Indices of `rows` in sorted order by one key or more; ties go by `order`, which REVERSE does not turn round (RFC 5256 §3).
std::vector<std::uint32_t> sorted_order(std::span<const sort_row> rows, std::span<const sort_key> keys);

} // namespace rookery::imap
