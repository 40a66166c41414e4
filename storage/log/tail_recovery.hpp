/// Finds and mends the end of the log's last segment after a crash.
///
/// A crash explains damage only in what was written since the last sync, and each write
/// that followed a sync begins with a record flagged `commit_begin`. So a whole record
/// with that flag behind the damage says that the damaged octets were durable once: the
/// disk lost them, and opening is refused instead of cutting acknowledged mail.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/log_writer.hpp"
#include "storage/log/segment_scanner.hpp"

#include <cstdint>

namespace rookery::storage {

struct recovered_tail {
  std::uint64_t end = segment_header_octets; ///< behind the last whole group
  std::uint64_t next_lsn = 1;
  log_position needed_from;                  ///< by the header and the checkpoints of this segment
  log_recovery report;
  std::uint64_t last_begin = segment_header_octets; ///< of the last whole write
  std::uint64_t used = segment_header_octets;       ///< behind the last octet that is not zero
};

/// Most that a follower has written and not synced.
inline constexpr std::uint64_t followed_unsynced_octets_max = 8u << 20;

/// What `recover_tail` would find, read only. `damaged` when no crash explains it. `followed`: a
/// follower wrote the segment and synced several writes at once, so any part of them may be missing.
base::result<recovered_tail> find_tail(const open_segment& segment, const std::string& path, bool followed = false);

/// Verifies every record of `segment`, zeroes what a crash left behind the last whole group, writes
/// again what the last process may have failed to sync, and syncs.
base::result<recovered_tail> recover_tail(open_segment& segment, const std::string& path, bool followed = false);

} // namespace rookery::storage
