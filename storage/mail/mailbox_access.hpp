/// What a mailbox's record says of others than its owner. Immutable once it is in a record or a view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rookery::storage::mail {

/// Lines of one mailbox.
inline constexpr std::size_t access_entries_max = 500;
/// Octets of an identifier.
inline constexpr std::size_t access_who_octets_max = 400;

struct access_entry {
  std::string who;           ///< as in set_rights
  std::uint32_t rights = 0;  ///< not 0
  bool operator==(const access_entry&) const = default;
};

struct mailbox_access {
  std::vector<access_entry> entries;  ///< by `who`, none twice
  bool seen_per_reader = false;       ///< guests have a \Seen of their own
  bool empty() const noexcept { return entries.empty() && !seen_per_reader; }
};

} // namespace rookery::storage::mail
