/// One deadline for each of many connections, at a cost that does not depend on
/// how many there are.
///
/// Deadlines are rounded up to `tick`; far ones wait in the last slot and are
/// placed anew when the wheel comes round. Moving a deadline to later costs
/// nothing until the old one comes. One thread.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace rookery::net {

class timer_wheel {
public:
  static constexpr std::chrono::milliseconds tick{50};
  static constexpr std::size_t slots = 4096; ///< 204.8 s

  class entry {
  public:
    virtual void on_timer(base::instant now) = 0;
    bool scheduled() const noexcept { return next_ != nullptr; }

  protected:
    entry() = default;
    virtual ~entry() = default;

  private:
    friend class timer_wheel;
    entry* next_ = nullptr;
    entry* previous_ = nullptr;
    base::instant when_{};  ///< what its owner wants
    base::instant placed_{};///< where it stands in the wheel
  };

  timer_wheel();
  /// Calls `on_timer` once, not before `when`. Replaces what was scheduled.
  void schedule(entry&, base::instant when, base::instant now);
  void cancel(entry&) noexcept;
  /// Fires what is due.
  void advance(base::instant now);
  /// Time until the next tick that may have something; nothing when the wheel is empty.
  std::optional<std::chrono::milliseconds> next_wait(base::instant now) const;

private:
  struct head final : entry {
    void on_timer(base::instant) override {}
  };
  void place(entry&, base::instant now);
  static void unlink(entry&) noexcept;

  std::array<head, slots> slots_;
  std::size_t count_ = 0;
  std::size_t hand_ = 0;           ///< next slot to look at
  base::instant hand_time_{};      ///< the moment that slot stands for
};

} // namespace rookery::net
