/// Outgoing mail as a whole: makes its actors, tells them of new settings, ends them in order.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/node.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace rookery::actors {

/// Names and policies of others are looked up for the whole process: sets `resolver` and `fetcher` of the node.
void start_lookups(caf::actor_system&, node&);
/// The published settings are new. Any thread.
void configure_lookups(const node&);

/// Of one volume: sets `dispatch`, `sts`, `verifier` and the like of its node. The node's log, machines and lookups must be
/// there; reactors may still stand. One thread.
class outgoing {
public:
  outgoing(caf::actor_system&, node&, std::vector<std::unique_ptr<net::reactor>>& reactors);
  /// The published settings, routes or domains are new. Any thread.
  void configured();
  /// No attempt begins any more.
  void drain();
  /// Waits until the outcomes of all attempts are written, `limit` at most.
  void settle(std::chrono::milliseconds limit);
  /// Who is to be ended when the volume is closed, behind `settle`.
  std::vector<caf::actor> actors() const;
  /// They have ended.
  void forget() { record_ = local_ = system_mail_ = nullptr; }

private:
  caf::actor_system& system_;
  node& node_;
  caf::actor record_, local_, system_mail_;
};

} // namespace rookery::actors
