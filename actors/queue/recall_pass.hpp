/// What a recall does in the volume that remembers the message: finds the copies, takes them back, and says for each recipient what
/// became of it.
///
/// What is done is noted in the spool (space "recall", one note an order) in the same commit group that does
/// it, so that an order which is run again after a crash reports what the first run did.
#pragma once

#include "actors/queue/system_order.hpp"
#include "policy/recall/sent_record.hpp"
#include "storage/queue/spool_machine.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

inline constexpr const char* recall_space = "recall";

struct recall_run {
  base::message_id order;            ///< in the spool of `from`
  std::string from;                  ///< another volume of the cluster; "": this one
  base::account_id account;          ///< that wrote it
  base::wall_time received{};        ///< the order
};

/// How the settings have it.
recall::recall_rules recall_rules_of(const node&);
/// Homes on other nodes that do not answer are asked again for some minutes after the order came; then the report says so.
bool waits_for_homes(const node&, base::wall_time received);
/// The message that is meant, of those that `counts` lets count.
std::optional<recall::sent_record> find_sent(const storage::queue::spool_view&, const recall::request&, base::account_id requester,
                                             const std::function<bool(const recall::sent_record&)>& counts);
/// Of an order that was begun before.
std::optional<recall::sent_record> recall_begun(const node&, const recall_run&);
/// Nothing: something does not answer; to be run again. Blocks.
std::optional<std::vector<recall::recipient_report>> run_recall(const order_tools&, const recall_run&, recall::sent_record);
/// Goes into the commit that ends an order of this volume.
storage::queue::any_command recall_over(base::message_id order);

} // namespace rookery::actors
