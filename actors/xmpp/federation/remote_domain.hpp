/// The actor of another server's domain: what waits for it, the streams to it, questions about its keys.
///
/// A stanza waits until a stream from the sender's domain is there: one that we open, or one of theirs that goes both ways.
/// What cannot go is answered with an error (RFC 6120 §8.3.3.16, §8.3.3.17).
#pragma once

#include "actors/xmpp/federation/peer_service.hpp"

#include <caf/all.hpp>

#include <string>

namespace rookery::actors {

caf::actor spawn_remote_domain(caf::actor_system&, peer_service&, std::string domain);

} // namespace rookery::actors
