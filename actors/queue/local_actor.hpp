/// Delivers what waits in the spool for mailboxes of this node: deferred mail whose time
/// has come, reports, collected and redirected mail.
///
/// One a node, detached: it reads bodies. A delivery and the end of its attempt are one commit
/// group, so that a message reaches a mailbox exactly once whatever happens between.
#pragma once

#include "actors/account/message_gathering.hpp"
#include "actors/node.hpp"
#include "actors/queue/messages.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace rookery::actors {

struct local_parts {
  node* of = nullptr;
  caf::actor record;
};

/// Understands open_connection; asks its sender (dispatch) with take_work.
caf::actor spawn_local(caf::actor_system&, std::shared_ptr<local_parts>);

/// The result of delivering `recipients` of `message` here: answers, and for what could be done the
/// commit group. A target elsewhere (an alias that leads outside) becomes a message of its own in
/// that group. Reads the body: only in a thread that may wait.
attempt_result_ptr deliver_here(node&, const queueing::transaction&, const envelope_ptr& message);

/// Mail that another node has brought.
struct handed_over_mail {
  std::shared_ptr<message_gathering> octets;   ///< prefix and body
  std::uint64_t origin = 0;                    ///< what its deliveries are known by
  std::vector<std::uint32_t> numbers;          ///< of the recipients there
};
/// The same for `recipients` (their places in `message`) of accounts at home here; those that are not are put off.
attempt_result_ptr deliver_handed_over(node&, const envelope_ptr& message, const std::vector<std::uint32_t>& recipients, handed_over_mail);

} // namespace rookery::actors
