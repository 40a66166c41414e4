/// Asks the servers behind gateways whether they have a recipient, before his mail is taken: the
/// dialogue of a delivery up to RCPT, without a message.
///
/// One a node, detached. It keeps the answers for a while (policy/gateway/verification_cache.hpp)
/// and is dispatch and record to the destinations and connections that it uses.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "policy/gateway/verification_cache.hpp"

#include <caf/all.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

/// To the verifier; who asks sets a deadline. Answered with recipient_verified.
struct verify_recipient {
  std::string address;                       ///< canonical
  std::string gateway;                       ///< its domain
};
struct recipient_verified { gateway::verification value; };

/// Questions that wait; further ones are answered with `unavailable`.
inline constexpr std::size_t verifications_waiting_max = 10'000;
/// Connections to the server of one gateway at the same time.
inline constexpr std::size_t verifying_connections_max = 2;

struct verifier_parts {
  node* of = nullptr;
  std::vector<std::unique_ptr<net::reactor>>* reactors = nullptr;
};

caf::actor spawn_verifier(caf::actor_system&, std::shared_ptr<verifier_parts>);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::verify_recipient)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::recipient_verified)
