/// The log of a replica: the leader's octets at the leader's places.
///
/// Synchronous; one thread owns it. Pieces are taken in the order in which the leader's writer made
/// them; what does not continue what is there, or is damaged, is refused, and nothing of it is
/// written. Several commits of the leader share one sync. When it is closed, or after a crash, the
/// directory opens with `log_writer` and `node_store`; the file log/epoch tells them that
/// a follower wrote it.
///
/// After a failed write or sync, and after anything was refused as damaged, every later call fails:
/// the log is opened anew.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/log_epoch.hpp"
#include "storage/log/log_piece.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::storage {

struct follower_log_settings {
  base::node_id node{1};                             ///< whose log it is: what each segment's header must say
  std::uint64_t segment_room_max = 2048ull << 20;    ///< of the room that the leader's segments had, most is taken ahead
  std::uint64_t zero_ahead_octets = 4u << 20;        ///< as in log_settings, of the present segment; 0: only allocate
};

class follower_log {
public:
  /// Opens or makes the log in `directory`, ends a truncation that a crash cut short, and drops what is
  /// torn at its end. Errors as `log_writer::open`.
  static base::result<std::unique_ptr<follower_log>> open(file_system&, const std::string& directory, const follower_log_settings&);
  ~follower_log();
  follower_log(const follower_log&) = delete;
  follower_log& operator=(const follower_log&) = delete;

  /// The highest epoch that this log has seen.
  std::uint64_t epoch() const noexcept;
  /// Follows the leader of this epoch from now on; durable. `conflict`: the log has seen a higher one. Only for an
  /// epoch that was agreed, and after `truncate_to` its start: a log that says a higher one than it has would not be
  /// cut where that epoch begins.
  base::result<void> follow(std::uint64_t epoch);
  /// Removes everything behind `position`, durably. Fine when the log ends before.
  base::result<void> truncate_to(log_position position);

  /// `invalid`: it does not continue the log; `damaged`: these are no records; `no_space`.
  base::result<void> take(const piece_view&);
  /// Makes everything taken durable, and says up to where.
  base::result<log_position> sync();

  /// Writes zeros a little ahead, so that later syncs are quicker. To be called once the leader has his answer.
  void look_ahead();

  /// Behind the last octet taken: where the leader goes on. 0:0 in a log without segments.
  log_position end() const noexcept;
  /// Behind the last whole group that is durable.
  log_position durable() const noexcept;
  /// What the leader last said of it (log_writer::needed_from), here as soon as the record is taken.
  log_position needed_from() const noexcept;
  bool failed() const noexcept;

  /// Segments that are gone at the leader and still here.
  std::vector<std::uint32_t> dead_segments() const;
  /// Some of them could go if machines had durably reached `position`.
  bool may_remove(log_position position) const noexcept;
  /// Removes those of them that are not needed by machines which have durably reached `position`. Gives
  /// their number.
  base::result<std::size_t> remove_dead(log_position position);

private:
  class state;
  explicit follower_log(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

} // namespace rookery::storage
