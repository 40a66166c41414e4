/// Outgoing mail as a whole: makes its actors, tells them of new settings, ends them in order.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/node.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace rookery::actors {

/// Sets `resolver` and `dispatch` of the node. The node's log and machines must be there; reactors may
/// still stand. One thread.
class outgoing {
public:
  outgoing(caf::actor_system&, node&, std::vector<std::unique_ptr<net::reactor>>& reactors);
  /// The published settings, routes or domains are new. Any thread.
  void configured();
  /// No attempt begins any more.
  void drain();
  /// Waits until the outcomes of all attempts are written, `limit` at most.
  void settle(std::chrono::milliseconds limit);

private:
  caf::actor_system& system_;
  node& node_;
  caf::actor record_;
};

} // namespace rookery::actors
