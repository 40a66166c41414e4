/// Knows all that waits to leave and gives it to connections: the actor around
/// policy/queueing/dispatcher, filled from the spool at start and by its changes.
///
/// One a node, detached: it reads envelopes from the spool's tree.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/connection_lender.hpp"
#include "actors/queue/messages.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

struct dispatch_parts {
  node* of = nullptr;
  caf::actor record;                                     ///< gets attempt_result_ptr
  caf::actor system_mail;                                ///< gets what comes into the queue "system"
  caf::actor local;                                      ///< serves the destination delivery::local_destination
  /// Makes the actor of a destination; it gets open_connection messages and ends by itself when
  /// `destination_idle` has told it to.
  std::function<caf::actor(caf::local_actor& parent, const std::string& destination)> make_destination;
  connection_lender::make_lent make_lent;                ///< of a connection that another node opens; may be empty
};

/// To dispatch: settings, routes or domains have changed; everything is looked at again when they
/// concern where mail goes.
struct delivery_configured {};
/// To dispatch: the server goes down, nothing is given out any more.
struct stop_dispatch {};
/// To dispatch: nothing is given out until it is said again with false; what is under way goes on.
struct freeze_all_queues { bool frozen = false; };
/// To a destination's actor: nothing is open or waits there; it may end.
struct destination_idle {};

/// For the operator. Answered with the number of what it concerned.
struct pause_destination { std::string destination, because; };
struct resume_destination { std::string destination; };
struct retry_destination { std::string destination; };
/// Notes of this space in the spool name paused destinations, and why: read at start.
inline constexpr const char* paused_space = "paused";
/// These were made due by the operator: their destinations are asked anew. Not answered.
struct retry_messages { std::vector<base::message_id> ids; };
/// Nothing of this message is given out any more, until look_at_message. Answered with withdrawn_message: the recipients that are in a transaction now.
struct withdraw_message { base::message_id id; };
struct withdrawn_message { std::vector<std::uint32_t> in_flight; };
/// Take it as the spool has it. Not answered.
struct look_at_message { base::message_id id; };
/// Answered with destination_list.
struct list_destinations { std::string after; std::size_t max = 1000; };
struct destination_list {
  std::shared_ptr<const std::vector<queueing::destination_status>> items;
};

caf::actor spawn_dispatch(caf::actor_system&, std::shared_ptr<dispatch_parts>);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::delivery_configured)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::destination_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::freeze_all_queues)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::pause_destination)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::resume_destination)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::retry_destination)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::retry_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::stop_dispatch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::withdraw_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::withdrawn_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::look_at_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::list_destinations)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::destination_list)
