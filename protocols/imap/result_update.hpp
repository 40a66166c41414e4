/// How the results of a SEARCH or SORT changed, as ADDTO and REMOVEFROM say it.
///
/// Source: RFC 5267 §4.3.
#pragma once

#include "protocols/imap/sequence_set.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace rookery::imap {

/// One pair of a context position and a message. 0: in mailbox order, wherever that is.
struct result_step {
  std::uint32_t position = 0;
  std::uint32_t number = 0; ///< message number or UID
  bool operator==(const result_step&) const = default;
};

/// REMOVEFROM's pairs, in the order in which they must be done: each `gone` is looked up in `list`
/// and taken out of it. What is not in the list is left out.
std::vector<result_step> remove_results(std::vector<std::uint32_t>& list, std::span<const std::uint32_t> gone);
/// ADDTO's pairs that make `before` into `after`, where `before` is `after` without some of its members.
std::vector<result_step> add_results(std::span<const std::uint32_t> before, std::span<const std::uint32_t> after);

} // namespace rookery::imap
