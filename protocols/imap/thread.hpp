/// THREAD: conversations from references or from subjects.
///
/// Source: RFC 5256 §2.1 (base subject), §3 (THREAD), both algorithms in full, including
/// the subject gathering of step 5 of REFERENCES.
#pragma once

#include "protocols/imap/search.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::imap {

/// One message to be threaded; views must outlive the call.
struct thread_row {
  std::uint32_t number = 0;         ///< what is printed: message number or UID
  std::uint32_t order = 0;          ///< message number: decides ties of the sent date
  std::int64_t sent = 0;            ///< ms since 1970, UTC
  std::string_view message_id;      ///< without angle brackets; empty when there is none
  /// References, oldest first, or the first id of In-Reply-To where there are none.
  std::vector<std::string_view> references;
  std::string_view base_subject;    ///< folded for comparison
  bool reply = false;               ///< the subject was a reply or a forward (RFC 5256 §2.1)
};

/// The printed tree "(2)(3 6 (4 23)(44 7 96))", without "* THREAD".
std::string thread_rows(const std::vector<thread_row>&, thread_algorithm);

} // namespace rookery::imap
