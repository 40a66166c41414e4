/// What a log remembers of its leads, beside its segments: `log/epoch`.
///
/// A store that was never replicated has none. Written by replacing the file, so that a crash
/// leaves the old or the new one. docs/formats/log_piece.md has the octets.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/commit_group.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace rookery::storage {

struct log_epoch {
  std::uint64_t epoch = 0; ///< the highest seen: what comes from a lower one is refused
  /// The last segment was written by a follower, which syncs when it likes: a whole write behind a
  /// torn one is then no sign of a bad disk. Cleared when a writer has opened the log.
  bool followed = false;
  log_position cut;        ///< a truncation that has begun: what lies behind must go. 0:0: none
  /// What the log's notes of needed_from say is true of the leader's machines. Of ours: they durably have
  /// everything before `floor`.
  log_position floor;
  /// The notes up to this value are another's: `floor` counts. While `followed`: all are.
  log_position followed_until;

  /// Where replay must begin, given what the log says.
  log_position needed_from(log_position noted) const noexcept {
    return followed || noted <= followed_until ? std::min(noted, floor) : noted;
  }
  bool ever_followed() const noexcept { return followed || followed_until != log_position{}; }
};

/// Epoch 0 when there is no such file. Errors: `damaged`, io, `unsupported` (a newer format).
base::result<log_epoch> read_log_epoch(file_system&, const std::string& directory);
base::result<void> write_log_epoch(file_system&, const std::string& directory, const log_epoch&);
/// Remembers a higher epoch, which was agreed. `conflict` when the log has seen a higher one; fine when it is the same.
base::result<void> raise_log_epoch(file_system&, const std::string& directory, std::uint64_t epoch);

/// The log is a replica's from now on, with trees for which the log's own notes were true (`noted`).
/// Nothing changes when it was before.
base::result<void> begin_following(file_system&, const std::string& directory, log_position noted);
/// A writer has the log, which ends at `end`.
base::result<void> end_following(file_system&, const std::string& directory, log_position end);
/// The machines of the replica durably have everything before `floor`.
base::result<void> raise_floor(file_system&, const std::string& directory, log_position floor);

/// Removes everything behind `position`, durably; nobody has the log open. Its epoch file says so
/// first: whoever opens the log after a crash in the middle goes on with it. Fine when the log ends
/// before. `not_found` when the segment is missing though the log goes on behind it.
base::result<void> cut_log(file_system&, const std::string& directory, log_position position);
/// Ends what a crash left of `cut_log`. To be called before the log is opened.
base::result<void> finish_cut(file_system&, const std::string& directory);

} // namespace rookery::storage
