/// What one replica gets next: from the writer's tap while it keeps up, else from the segments.
///
/// The log's thread offers what it writes and never waits; the thread of the replica's stream takes.
/// Memory is bounded: what does not fit is dropped here and read from the disk later. All calls are
/// thread-safe, but one thread at a time takes.
#pragma once

#include "storage/replica/segment_feed.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace rookery::storage {

struct log_feed_settings {
  std::uint64_t queue_octets_max = 8u << 20; ///< offered and not taken
  std::size_t frame_octets = 512u << 10;     ///< about what one `take` gives; 1 MiB is never reached
};

class log_feed {
public:
  /// `from`: where the replica's log ends (follower_log::end). `durable`: of the leader's log now.
  log_feed(file_system&, std::string directory, log_position from, log_position durable, const log_feed_settings& = {});

  // The log's thread.
  void offer(const log_batch_ptr&);
  /// The leader's log is durable up to here.
  void durable(log_position);

  // The stream's thread.
  /// Pieces (read_pieces) that follow what was taken before; empty: nothing now. May read from the disk.
  /// Errors as `segment_feed::read`: the replica must be made anew.
  base::result<std::string> take();
  /// Waits until `take` may have something, or `stop`; false after the time or `stop`.
  bool wait(std::chrono::milliseconds at_most);
  void stop();

  /// Behind what was taken.
  log_position position() const;
  /// The last `take` came from the tap and not from the disk.
  bool live() const;

private:
  bool has_something() const; ///< with the lock
  void drop_front();

  mutable std::mutex lock_;
  std::condition_variable wake_;
  const log_feed_settings settings_;
  std::deque<log_batch_ptr> queue_;
  std::uint64_t queue_octets_ = 0;
  log_position next_;        ///< behind what is taken or in `frames_`
  log_position durable_;
  bool present_due_ = true;  ///< removals may have been missed
  bool live_ = false;
  bool stopped_ = false;
  // Of the taking thread alone.
  segment_feed segments_;
  std::deque<std::string> frames_; ///< of a batch that is larger than a frame
};

} // namespace rookery::storage
