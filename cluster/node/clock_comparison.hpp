/// How far away another node is, and how far its clock is off ours: from stamps that both send each other. Pure.
///
/// A stamp carries the other's last one back, with the time it was kept (as in NTP, RFC 5905 §8); of the last few the one with
/// the shortest way counts, as waiting makes a way longer and never shorter.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace rookery::cluster {

struct clock_stamp {
  std::uint64_t sent_us = 0;   ///< by the sender's steady clock
  std::uint64_t wall_us = 0;   ///< by its wall clock, since 1970
  std::uint64_t echo_us = 0;   ///< `sent_us` of the last stamp that it has heard; 0: none
  std::uint64_t held_us = 0;   ///< how long ago that was
  bool operator==(const clock_stamp&) const = default;
};

class clock_comparison {
public:
  using microseconds = std::chrono::microseconds;
  static constexpr std::size_t samples = 8;

  clock_stamp next(std::uint64_t steady_us, std::uint64_t wall_us) const;
  /// One that cannot be true is not looked at.
  void heard(const clock_stamp&, std::uint64_t steady_us, std::uint64_t wall_us);
  std::optional<microseconds> round_trip() const;
  /// What the other's clock shows more than ours.
  std::optional<microseconds> offset() const;

private:
  struct sample {
    microseconds way, offset;
  };
  const sample* best() const;
  std::deque<sample> last_;
  std::uint64_t echo_us_ = 0, echo_heard_us_ = 0;
};

} // namespace rookery::cluster
