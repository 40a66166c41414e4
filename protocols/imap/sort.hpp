/// SORT: orders messages by keys that were made when they arrived.
///
/// Source: RFC 5256 §2.1 (base subject), §2.2 (sent date), §3; RFC 5957 (DISPLAY); RFC 6203 §6
/// (RELEVANCY).
#pragma once

#include "protocols/imap/search.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace rookery::imap {

/// What is compared of the messages, which stand in the order of their numbers. A column that no key uses may be empty;
/// the others have an entry for each message. Texts are folded for comparison already (i;unicode-casemap, RFC 5051)
/// and compared octet by octet; what the views show must outlive the call.
struct sort_columns {
  std::size_t messages = 0;
  std::vector<std::int64_t> arrival;     ///< ms since 1970
  std::vector<std::int64_t> sent;        ///< DATE: ms since 1970, UTC; the arrival where the header has none
  std::vector<std::uint64_t> size;
  std::vector<std::uint8_t> relevancy;   ///< 1 to 100
  std::vector<std::string_view> subject; ///< base subject
  std::vector<std::string_view> from, to, cc;              ///< mailbox part of the first address
  std::vector<std::string_view> display_from, display_to;  ///< display name, or the address where there is none
};
/// The criteria a SORT uses, each once: bit 1 << criterion.
std::uint32_t used_criteria(const sort&) noexcept;
bool sorts_by_relevancy(const sort&) noexcept;
/// Indices of the messages in sorted order by one key or more; ties keep their order, which REVERSE does not turn round (RFC 5256 §3).
std::vector<std::uint32_t> sorted_order(const sort_columns&, std::span<const sort_key>);

} // namespace rookery::imap
