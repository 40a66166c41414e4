/// The collector: knows all collections, starts each when it is due, and hears how it went.
///
/// One a node, event-based. A run reads its notes in a worker, asks for the host's addresses, and
/// lives in a connection (`collection_host`) from then on; here is nothing that waits.
#pragma once

#include "actors/collection/collection_board.hpp"
#include "actors/net/reactor.hpp"
#include "actors/node.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

/// Collections that run at the same time; the others wait for their turn.
inline constexpr std::size_t collections_running_max = 20;

/// All of it outlives the collector.
struct collector_parts {
  node* in = nullptr;
  std::shared_ptr<published<collection::collection_view>> view;
  std::shared_ptr<collection_board> board;
  std::vector<net::reactor*> reactors;
};

caf::actor spawn_collector(caf::actor_system&, std::shared_ptr<const collector_parts>);

} // namespace rookery::actors
