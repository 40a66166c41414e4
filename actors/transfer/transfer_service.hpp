/// The transfers of this node: starts each in a thread of its own, and remembers how they went.
/// Thread-safe. Lives as long as the node; a transfer ends early when the node drains.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "actors/transfer/transfer_order.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace rookery::actors {

/// At the same time; more are refused with `try_later`.
inline constexpr std::size_t transfers_running_max = 32;
/// That have ended and are remembered.
inline constexpr std::size_t transfers_remembered_max = 1000;

class transfer_service {
public:
  /// All outlives it.
  transfer_service(node& n, std::vector<net::reactor*> reactors) : node_(n), reactors_(std::move(reactors)) {}

  /// `conflict` while another one of this account and source or file runs.
  base::result<transfer_run_ptr> start(transfer_order);
  /// Oldest first.
  std::vector<transfer_run_ptr> all() const;

private:
  node& node_;
  std::vector<net::reactor*> reactors_;
  mutable std::mutex lock_;
  std::deque<transfer_run_ptr> runs_;
  std::uint64_t last_id_ = 0;
};

} // namespace rookery::actors
