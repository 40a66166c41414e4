/// Mail that other nodes bring for accounts at home here.
///
/// What is done with it is what the queue's own local delivery does (rules, forwarding, quota, archives); what was done is noted in
/// the same commit under the sender's volume, message and recipient, so that a message that is brought again is answered and
/// not delivered again.
#pragma once

#include "actors/node.hpp"
#include "cluster/stream/node_stream.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace rookery::actors {

/// How long a delivery is known again; mail waits less long in any queue.
inline constexpr std::chrono::hours home_deliveries_kept{24 * 14};
/// And how many; older ones go first. The mailboxes remember deliveries too (storage/mail/delivery_memory.hpp).
inline constexpr std::uint64_t home_deliveries_max = 200'000;

/// Serves one stream until it ends; in the stream's own thread.
void take_home_mail(node&, std::unique_ptr<cluster::node_stream>, const cluster::stream_opening&);

} // namespace rookery::actors
