/// The bound on what waits for the log: asked before a commit request is sent, so that
/// the log actor's mailbox cannot grow without end. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>

namespace rookery::actors {

class commit_gate {
public:
  /// Octets of commands and bodies that may wait: some seconds of a slow disk.
  static constexpr std::size_t octets_max = 256u << 20;
  static constexpr std::size_t requests_max = 100'000;

  /// False: answer "try later". Else counted until `leave`.
  bool enter(std::size_t octets) noexcept {
    if (closed_.load(std::memory_order_relaxed) || octets_.load(std::memory_order_relaxed) > octets_max ||
        requests_.load(std::memory_order_relaxed) >= requests_max)
      return false;
    octets_.fetch_add(octets, std::memory_order_relaxed);
    requests_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  void leave(std::size_t octets) noexcept {
    octets_.fetch_sub(octets, std::memory_order_relaxed);
    requests_.fetch_sub(1, std::memory_order_relaxed);
  }
  /// The log has failed or the node stops: nothing is accepted any more.
  void close() noexcept { closed_.store(true); }
  bool closed() const noexcept { return closed_.load(); }
  std::size_t requests() const noexcept { return requests_.load(std::memory_order_relaxed); }

private:
  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> octets_{0};
  std::atomic<std::size_t> requests_{0};
};

} // namespace rookery::actors
