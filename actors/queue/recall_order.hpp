/// The order RECALL: takes back what its writer has sent, out of queues and mailboxes, and says for each
/// recipient what became of it.
///
/// A message is remembered in the spool of the volume that accepted it. In a cluster that may be another one than that of the order:
/// then the others are asked which of them remembers it, and that one does what is to be done.
#pragma once

#include "actors/queue/system_order.hpp"

namespace rookery::actors {

std::optional<order_answer> recall_order(const order_tools&, const system_order&);

} // namespace rookery::actors
