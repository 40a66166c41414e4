/// One destination in use: knows its hosts, dials them in order, remembers which do not answer.
///
/// Child of dispatch. For each connection that is wanted: hosts by preference, their addresses, what
/// TLS each must fulfil; the first that takes mail has it (`connection_ready`) and is dispatch's from
/// then on. When none does, dispatch hears why (`connection_over` with `unreached`).
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "actors/queue/messages.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

struct destination_parts {
  node* of = nullptr;
  std::string destination;
  caf::actor dispatch, record;
  std::vector<std::unique_ptr<net::reactor>>* reactors = nullptr;
  bool lent = false;                         ///< by another node (delivery_parts)
  std::optional<std::chrono::seconds> time;  ///< for each step of a dialogue, in place of RFC 5321's
};

caf::actor spawn_destination(caf::local_actor& parent, std::shared_ptr<destination_parts>);

} // namespace rookery::actors
