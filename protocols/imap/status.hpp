/// STATUS: what is asked of a mailbox that is not open, and the answer's values.
///
/// Source: RFC 9051 §6.3.11, §7.3.4; RFC 8438 (SIZE); RFC 7162 §3.1.7 (HIGHESTMODSEQ);
/// RFC 8474 §4.3 (MAILBOXID); RFC 7889 §5 (APPENDLIMIT); RFC 9208 §4.4 (DELETED-STORAGE).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::imap {

namespace status_item {
inline constexpr std::uint32_t messages = 1, recent = 2, uidnext = 4, uidvalidity = 8, unseen = 16, deleted = 32,
                               size = 64, highestmodseq = 128, mailboxid = 256, appendlimit = 512,
                               deleted_storage = 1024;
} // namespace status_item

struct status {
  std::string mailbox;
  std::uint32_t items = 0; ///< status_item::...
};

struct status_values {
  std::uint64_t messages = 0, recent = 0, unseen = 0, deleted = 0, size = 0, highestmodseq = 0, deleted_storage = 0;
  std::uint32_t uidnext = 0, uidvalidity = 0;
  std::string mailboxid;                    ///< without parentheses
  std::optional<std::uint64_t> appendlimit; ///< none prints NIL
};

/// The item of that name (ASCII case ignored), or 0.
std::uint32_t find_status_item(std::string_view name) noexcept;

} // namespace rookery::imap
