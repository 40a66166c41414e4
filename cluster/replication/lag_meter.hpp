/// How far the replicas of a led volume are behind its log: in octets, in records, and for how long. Pure.
///
/// It remembers the ends of what was written, `marks_max` at most: of more the neighbours become one, so that a lag is told
/// too large by some of them, and never too small. Times are of any steady clock of this node.
#pragma once

#include "cluster/replication/member.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace rookery::replication {

struct lag {
  std::uint64_t octets = 0, records = 0;
  std::chrono::milliseconds time{0};        ///< since the first of what it does not have was written
  bool at_least = false;                    ///< it is further behind than is remembered
  bool operator==(const lag&) const = default;
};

class lag_meter {
public:
  static constexpr std::size_t marks_max = 1024;

  /// A lead begins: what is before `end` is on its way to those who need it since `now`.
  void begin(log_position end, moment now);
  /// `octets` that end at `end` were written; `next_record` is the number of the record that follows.
  void written(log_position end, std::uint64_t octets, std::uint64_t next_record, moment now);
  /// Nobody asks for what is before `all` any more.
  void forget(log_position all);
  lag of(log_position durable, moment now) const;

private:
  struct mark {
    log_position end;                       ///< of what this mark is for
    std::uint64_t octets = 0, records = 0;  ///< of all up to there, since the lead began
    moment since{0};                        ///< its first octet was written
  };
  void add(mark);

  std::deque<mark> marks_;                  ///< by position
  std::size_t stride_ = 1, in_last_ = 1;    ///< batches of one mark; of the last one so far
  mark before_;                             ///< the end of what is forgotten
  std::uint64_t octets_ = 0, records_ = 0;
  std::uint64_t next_record_ = 0;           ///< 0: not known yet
};

} // namespace rookery::replication
