/// Adds the reports that an outcome owes (RFC 3464) to the commit group that records it.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "policy/delivery/notifications.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/queue/command.hpp"

#include <vector>

namespace rookery::actors {

/// For each report that `news` owes: its octets as a body of `group`, and an `accepted` command. Reads
/// the message's header, or all of it: only in a thread that may wait. `verdicts` and `outcomes` are those
/// of the attempt.
void add_reports(node&, const storage::queue::envelope&, const std::vector<delivery::recipient_news>& news,
                 const std::vector<storage::queue::attempt_ended::outcome_of>& outcomes,
                 const std::vector<recipient_result>& verdicts, storage::commit_group& group);

} // namespace rookery::actors
