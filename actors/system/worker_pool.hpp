/// A few detached actors for what must not hold a reactor: blocking reads, password
/// hashing, long searches. Bounded: a full pool refuses.
#pragma once

#include "actors/net/connection.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace rookery::actors {

class worker_pool {
public:
  /// `waiting_max`: tasks that may wait for a worker; more are refused. `nice`: by how much the workers' threads stand
  /// back behind the others (setpriority(2)), for what takes the CPU for long.
  worker_pool(caf::actor_system&, std::size_t workers, std::size_t waiting_max, int nice = 0);

  /// Runs `task` in a worker, then `then` in the thread of `from`, unless `from` has ended.
  /// False when the pool is full; neither runs then. `task` must not touch `from`.
  bool run(net::connection& from, std::function<void()> task, std::function<void()> then);
  /// The same without an answer.
  bool run(std::function<void()> task);

private:
  const caf::actor& next() noexcept { return workers_[turn_.fetch_add(1, std::memory_order_relaxed) % workers_.size()]; }
  std::vector<caf::actor> workers_;
  std::shared_ptr<std::atomic<std::size_t>> waiting_;
  std::size_t waiting_max_;
  std::atomic<std::size_t> turn_{0};
};

} // namespace rookery::actors
