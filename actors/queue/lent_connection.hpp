/// A connection to another server that another node of the cluster has for this queue: to dispatch it is as one of a
/// destination_actor, to record as a delivery_host.
///
/// Detached, one for each; ends by itself. A node that does not reach the destination gives the connection back
/// (connection_returned). When the stream is lost before `go`, nobody has the message, and its recipients wait again; behind it what became
/// of it is unknown: they wait again when the other node can no longer be sending (`lent_afterlife`), and are counted.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>

namespace rookery::actors {

struct lent_parts {
  std::shared_ptr<node> of;              ///< the volume whose queue it is
  std::uint64_t to = 0;                  ///< the other node
  caf::actor dispatch, record;
  open_connection what;
};
/// Child of dispatch.
caf::actor spawn_lent_connection(caf::local_actor& parent, std::shared_ptr<lent_parts>);

} // namespace rookery::actors
