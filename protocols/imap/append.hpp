/// APPEND: what is known of a message before its octets.
///
/// Source: RFC 9051 §6.3.12; RFC 3502 (MULTIAPPEND); RFC 4466 §6; RFC 4469 (CATENATE); RFC 6855 §4 (UTF8); RFC 8508 (REPLACE).
#pragma once

#include "base/clock.hpp"
#include "protocols/imap/flag.hpp"

#include <cstdint>
#include <optional>

namespace rookery::imap {

/// The message that REPLACE removes (RFC 8508).
struct replaced_message {
  bool uid = false;         ///< UID REPLACE
  std::uint32_t number = 0; ///< 0 for "*"
};

struct append_message {
  flag_list flags;
  std::optional<base::wall_time> internal_date; ///< none: the time of arrival
  std::uint64_t octets = 0;                     ///< exactly so many will follow
  bool binary = false;                          ///< literal8 (RFC 3516)
  bool utf8 = false;                            ///< UTF8 (~{...}): headers are UTF-8
  bool catenate = false;                        ///< it comes in parts, and `octets` is not known
};

} // namespace rookery::imap
