/// Does what users order by mail to the system account (system_order.hpp), one order after the other.
///
/// One a node, detached: orders read bodies and wait for shards. An order stays in the spool, in the
/// queue "system", until the commit group that has its answer also takes it away: a crash at any
/// moment repeats it or has answered it, and answers once.
#pragma once

#include "actors/node.hpp"
#include "base/id.hpp"

#include <caf/all.hpp>

namespace rookery::actors {

/// To the actor, from dispatch: this order came, or may run now. Not answered.
struct system_mail {
  base::message_id id;
};

/// Understands system_mail and delivery_configured (its queue may be frozen or not any more).
caf::actor spawn_system_mail(caf::actor_system&, node&);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::system_mail)
