/// STORE: a change of flags. Source: RFC 9051 §6.4.6; RFC 7162 §3.1.3 (UNCHANGEDSINCE).
#pragma once

#include "protocols/imap/flag.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <cstdint>
#include <optional>

namespace rookery::imap {

struct store {
  enum class change : std::uint8_t { replace, add, remove };
  bool uid = false;
  sequence_set set;
  change how = change::replace;
  bool silent = false;
  flag_list flags;
  /// Messages changed after this are left alone and named in the MODIFIED code. 0 means:
  /// none may ever have been changed, so all are refused that exist with any modseq.
  std::optional<std::uint64_t> unchanged_since;
};

} // namespace rookery::imap
