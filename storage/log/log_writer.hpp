/// The node log's one writer: everything durable enters here.
///
/// Synchronous; one thread owns it (the log actor). Groups are gathered by `append`
/// and made durable together by `commit`. Positions and places given by `append` mean
/// something to others only after `commit` has succeeded.
///
/// After a failed write or sync every later call fails: the process must end and open
/// the log anew (what the kernel dropped is unknown). A full disk is no such failure:
/// `append` refuses the group with no_space and the log goes on.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/log/log_format.hpp"
#include "storage/log/log_piece.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::storage {

struct log_settings {
  base::node_id node{1};
  std::uint32_t segment_octets = 64u << 20;         ///< a larger group gets a segment of its own size
  std::uint64_t waiting_octets_max = 64u << 20;     ///< gathered and not committed; beyond: try_later
  std::uint64_t group_octets_max = 1024u << 20;     ///< one group; beyond: over_limit
  std::uint64_t reserve_octets = 128u << 20;        ///< free on the volume below this: groups with bodies get no_space
  std::uint64_t floor_octets = 16u << 20;           ///< below this commands without bodies get it too
  std::uint64_t zero_ahead_octets = 4u << 20;       ///< most written ahead with zeros after one commit; 0: only allocate
  std::uint64_t salt = 0;                           ///< of new segments; 0: random
};

struct segment_info {
  std::uint32_t segment = 0;
  std::uint64_t octets = 0;    ///< used, header included
  std::uint64_t first_lsn = 0;
  bool sealed = false;         ///< no record will be added
};

/// What opening found at the end of the log.
struct log_recovery {
  std::uint64_t verified_octets = 0;  ///< of the last segment
  std::uint64_t dropped_records = 0;  ///< whole records of a group that had no end
  std::uint64_t dropped_octets = 0;   ///< of a torn tail, now zero
};

class log_writer {
public:
  /// Opens or creates the log in `directory`. Verifies the last segment, drops a torn tail, and
  /// refuses with `damaged` when a crash cannot explain what it finds.
  static base::result<std::unique_ptr<log_writer>> open(file_system&, const std::string& directory, const log_settings&);
  ~log_writer();
  log_writer(const log_writer&) = delete;
  log_writer& operator=(const log_writer&) = delete;

  /// Lays a group's records down for the next commit: its commands as they will be read at replay.
  /// Bodies in memory are held until the commit; spilled ones are copied now.
  /// Refusals that leave the log usable: no_space, try_later, over_limit, invalid.
  base::result<std::vector<committed_command>> append(const commit_group&);
  /// Lays down the mark that `shard` has durably reached `position`.
  base::result<void> append_checkpoint(base::shard_id shard, log_position position);
  /// One gathered write and one sync: all groups appended since the last commit are durable.
  base::result<void> commit();

  /// The write of `commit` without its sync: so that replicas can be told first (`take_written`).
  base::result<void> write();

  /// From now on (everything before is committed here) what is written is kept for `take_written`.
  /// Gives the end of the log.
  base::result<log_position> start_tap();
  void stop_tap() noexcept;
  /// What was written since the last call, in order; null when nothing was, or nobody asked. Not yet
  /// durable here unless `commit` came in between.
  log_batch_ptr take_written();

  /// Prepares the next segment a little, in step with what was committed, so that later commits are quicker.
  /// To be called after a commit, once those who waited for it have their answers.
  void look_ahead();

  /// Octets appended and not yet committed.
  std::uint64_t waiting_octets() const noexcept;
  /// Right behind the last durable group.
  log_position end() const noexcept;
  std::uint64_t next_lsn() const noexcept;
  /// False when mail would be refused for lack of space. Looks at the volume with `look_ahead`.
  bool has_space() const noexcept;
  bool failed() const noexcept;
  const log_recovery& recovery() const noexcept;

  /// All segments in order; the last one is not sealed.
  std::vector<segment_info> segments() const;
  /// Ends the current segment, so that all records before are in sealed ones (backup, compaction).
  base::result<void> seal();
  /// Says that no machine needs a command before `position`: each has durably flushed all its commands
  /// before it (or has none). Written with the next commit, which writes it even when nothing else
  /// waits; replay begins there. Never goes back.
  void set_needed_from(log_position position) noexcept;
  /// The position that is durable.
  log_position needed_from() const noexcept;
  /// Removes a sealed segment before `needed_from()` (else `invalid`). The caller vouches that no
  /// body in it is live.
  base::result<void> remove_segment(std::uint32_t segment);
  /// Changes `log_settings::reserve_octets` for the groups that come.
  void set_reserve(std::uint64_t octets);
  /// Looks at the volume again (after others made room).
  void look_at_space();

private:
  class state;
  explicit log_writer(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

} // namespace rookery::storage
