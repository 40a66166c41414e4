/// The order RECALL: takes back what its writer has sent, out of queues and mailboxes, and says for each
/// recipient what became of it.
///
/// What is done is noted in the spool (space "recall", one note an order) in the same commit group that does
/// it, so that an order which is run again after a crash reports what the first run did.
#pragma once

#include "actors/queue/system_order.hpp"

namespace rookery::actors {

inline constexpr const char* recall_space = "recall";

std::optional<order_answer> recall_order(const order_tools&, const system_order&);

} // namespace rookery::actors
