/// How many messages each account has sent today: the durable counts of the spool's notes, in memory, so
/// that sessions which send at the same time cannot take more than is left.
///
/// A day is one of UTC. Thread-safe. An account in it costs some 60 octets; yesterday's are forgotten
/// with the first question of a new day.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "storage/queue/command.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace rookery::storage::queue {
class spool_view;
}

namespace rookery::actors {

class sent_today {
public:
  /// The space of the notes.
  static constexpr const char* space = "sent-today";
  /// Reads the counts of the day. Blocks on the disk; before the first session.
  void load(const storage::queue::spool_view&, base::wall_time now);

  std::uint64_t of(base::account_id, base::wall_time now) const;
  /// Counts `cost` more, unless that is more than `limit` (0: none). What was taken is given back when
  /// the message was not accepted after all.
  bool take(base::account_id, std::uint64_t cost, std::uint64_t limit, base::wall_time now);
  void give_back(base::account_id, std::uint64_t cost, base::wall_time then);

  /// What keeps a count of `cost` more over a restart: goes into the commit group of the message.
  static storage::queue::count_note note(base::account_id, std::uint64_t cost, base::wall_time now);

private:
  void turn_to(base::wall_time now) const;

  mutable std::mutex lock_;
  mutable std::int64_t day_ = 0;             ///< since 1970
  mutable std::unordered_map<std::uint64_t, std::uint64_t> counts_;
};

} // namespace rookery::actors
