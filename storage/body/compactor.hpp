/// Moves live bodies out of segments that are mostly dead, so that these can go.
///
/// Pure steps; an actor drives them at its rate:
///   1. `survey` sealed segments (segment_ledger says which), `begin` with one that is mostly dead.
///   2. `step` gives a commit group: bodies with the commands that relocate them. Commit it, apply
///      its commands like any others, then step again; nothing when all are moved.
///   3. When every machine has durably flushed beyond the last relocation and beyond the segment,
///      and nothing in it is live any more (`removable`), pin it for readers of old views and
///      log_writer::remove_segment (the actor gave log_writer::set_needed_from what it gives here
///      as `flushed_by_all`). If something is live again (a copy made meanwhile): begin anew.
/// A crash at any point leaves bodies doubled, never missing.
#pragma once

#include "base/clock.hpp"
#include "storage/body/body_reader.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/log/log_writer.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace rookery::storage {

/// A reference that some machine holds: shard 1 is the spool (account 0), others are mail shards.
struct live_body {
  body_ref ref;
  base::shard_id shard;
  base::account_id account;
};
/// Asks all machines for the references into one segment (mail_machine and spool_machine have
/// for_each_body). Runs where reading their trees is allowed.
using live_bodies = std::function<std::vector<live_body>(std::uint32_t segment)>;

struct segment_use {
  std::uint32_t segment = 0;
  std::uint64_t octets = 0;      ///< of the file
  std::uint64_t live_octets = 0; ///< of different bodies that somebody refers to
  std::uint64_t live_count = 0;
  /// 0..1
  double live_share() const noexcept { return octets == 0 ? 0 : static_cast<double>(live_octets) / static_cast<double>(octets); }
};

struct compactor_settings {
  std::uint64_t step_octets = 1u << 20; ///< bodies of one step; one body may be larger
  std::uint32_t epoch = 1;
};

class compactor {
public:
  explicit compactor(body_reader& reader, compactor_settings = {});

  static segment_use survey(const segment_info&, const live_bodies&);

  void begin(std::uint32_t segment, const live_bodies&);
  /// The segment being rewritten; 0 when none is.
  std::uint32_t segment() const noexcept { return segment_; }
  /// Reads (waiting), verifies and gives the next bodies to move. An empty group: nothing is left.
  /// `damaged` names a body that does not match its id: it is left out of the plan, the segment stays.
  /// Call again after it.
  base::result<commit_group> step(base::wall_time now);
  /// To be told what became of the group: the position behind it.
  void moved(log_position next) noexcept;
  /// All live bodies were moved, all machines are durably beyond, and nobody refers to it.
  bool removable(log_position flushed_by_all, const live_bodies&) const;

private:
  body_reader& reader_;
  compactor_settings settings_;
  std::uint32_t segment_ = 0;
  std::vector<live_body> plan_;   ///< ordered by offset
  std::size_t next_ = 0;
  bool damaged_ = false;
  log_position behind_;
};

} // namespace rookery::storage
