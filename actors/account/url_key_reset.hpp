/// RESETKEY made the URLs worthless that a person authorized for a mailbox: his sessions that have it selected say so.
///
/// To the owner's mail shard, from there to the owner's account actor, from there to the sessions.
/// Source: RFC 4467 §7.
#pragma once

#include "actors/shard/messages.hpp"

namespace rookery::actors {

struct url_key_reset {
  base::account_id owner;                 ///< whose mailbox
  base::mailbox_id mailbox;
  base::account_id user;                  ///< who authorized
  std::shared_ptr<const account_watch> by; ///< of the session that did it: its answer says so already
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::url_key_reset)
