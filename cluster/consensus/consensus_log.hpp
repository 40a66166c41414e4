/// The durable log of the consensus: term, vote, entries and the last snapshot of one node.
///
/// Small files of its own beside the node's store (docs/formats/consensus_log.md). Each `write` is one frame and one
/// sync, so only the last frame can be torn: it is cut off at opening; damage in front of a whole frame is refused.
/// After the first failure every later call fails: the process ends and opens anew. One thread.
#pragma once

#include "base/result.hpp"
#include "cluster/consensus/records.hpp"
#include "storage/file/file_system.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

namespace rookery::consensus {

class consensus_log {
public:
  /// A new, empty one that begins with `state` (engine::found, or nothing at all for a node that joins).
  /// `exists` when there is one.
  static base::result<void> create(storage::file_system&, const std::string& directory, member_id self, const durable_state& state);
  /// `not_found` when there is none; `damaged` says what and where.
  static base::result<std::unique_ptr<consensus_log>> open(storage::file_system&, const std::string& directory);

  member_id self() const noexcept { return self_; }
  /// As it is on the disk now.
  durable_state state() const;
  /// All of it durable, or the log has failed.
  base::result<void> write(std::span<const durable_write>);
  std::uint64_t octets() const noexcept { return end_; } ///< of the journal

private:
  consensus_log(storage::file_system& files, std::string directory) : files_(files), directory_(std::move(directory)) {}
  base::result<void> load(const std::string& name);
  base::result<void> begin_journal(std::uint64_t number);
  void apply(const durable_write&);
  std::string journal_path(std::uint64_t number) const;
  std::string snapshot_path(const snapshot&) const;
  void forget_old_files();

  storage::file_system& files_;
  std::string directory_;
  std::unique_ptr<storage::file> journal_;
  std::uint64_t number_ = 0; ///< of the journal
  std::uint64_t frame_ = 0;  ///< number of the next one
  std::uint64_t end_ = 0;
  bool failed_ = false;

  member_id self_ = 0;
  std::uint64_t term_ = 0;
  member_id vote_ = 0;
  snapshot_ptr last_;
  std::uint64_t first_ = 1;
  std::deque<entry> entries_;
};

} // namespace rookery::consensus
