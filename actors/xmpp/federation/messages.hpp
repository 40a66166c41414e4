/// Messages between the streams to other servers and the actors of their domains.
///
/// Local to a node: they carry shared pointers.
#pragma once

#include "actors/xmpp/messages.hpp"
#include "protocols/xmpp/federation/peer_session.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace rookery::actors {

/// How far a stream has come with what an actor of a domain gave it. Shared by both.
struct carrying_progress {
  std::atomic<std::uint64_t> taken{0};   ///< out of the mailbox, into the stream
  std::atomic<std::uint64_t> arrived{0}; ///< the first of these: acknowledged, or sent where nobody acknowledges
};
/// To a stream: a stanza, encoded.
struct carry_stanza {
  xmpp::stanza_octets octets;
  std::shared_ptr<carrying_progress> progress;
};
/// To a stream: close it without a fault.
struct close_stream { std::string why; };
/// To a stream: what became of a key that it had asked for.
struct key_answer {
  xmpp::federation::domain_pair between;
  xmpp::federation::key_verdict what{};
};

/// To the actor of a domain: stanzas for it can go over this stream.
struct peer_ready {
  std::uint64_t stream = 0;
  caf::actor connection;
  std::string ours;
};
/// To the actor of a domain: this stream is no more, or never came about.
struct peer_gone {
  std::uint64_t stream = 0;
  std::string why;
  xmpp::condition says = xmpp::condition::remote_server_timeout;
};
/// To the actor of a domain: is this a key of its server? The stream gets a key_answer.
struct ask_key {
  xmpp::federation::domain_pair between;
  std::string id, key;
  caf::actor connection;
};
/// To the actor of a domain: what its server said, on the stream that was opened for it.
struct key_verdict_seen {
  std::uint64_t stream = 0;
  xmpp::federation::key_verdict what{};
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::carry_stanza)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::close_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::key_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::peer_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::peer_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::ask_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::key_verdict_seen)
