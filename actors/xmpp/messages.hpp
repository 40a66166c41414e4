/// Messages between the streams of clients, the actors of accounts in chat, and services (rooms and the like).
///
/// Local to a node: they carry shared pointers.
#pragma once

#include "actors/xmpp/arrival_notes.hpp"
#include "actors/xmpp/caps_book.hpp"
#include "actors/xmpp/receipt.hpp"
#include "protocols/xmpp/stanza.hpp"
#include "protocols/xmpp/stream_management.hpp"
#include "protocols/xmpp/stream_session.hpp"
#include "storage/log/commit_group.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

using stanza_ptr = std::shared_ptr<const xmpp::element>;

/// To an account's actor or a service: a stanza for it. `from` and `to` are those of the stanza, in normal form.
struct routed_stanza {
  stanza_ptr what;
  xmpp::jid from, to;
  receipt_ptr receipt;                  ///< let it go when the stanza is dealt with; may be null
  /// Commands of the sender that belong to the same commit (his line of the archive). Who gets them must commit
  /// them, or answer with an error. May be null.
  std::shared_ptr<const std::vector<storage::shard_command>> along;
  caf::actor sender;                    ///< with `along`: gets message_sent
  std::uint64_t token = 0;
  std::string news_of = {};             ///< news of this node of the sender: for those clients that wish for it
  wish_list wishes = {};                ///< no stanza: the client `from` wishes for the last items of these nodes
  stanza_origin origin = {};
};
using routed_stanza_ptr = std::shared_ptr<const routed_stanza>;

/// To the sender's account: what went along is on the disk.
struct message_sent {
  std::uint64_t token = 0;
  std::uint64_t archive_id = 0;
};

/// To a client's connection: a stanza, encoded.
struct deliver_stanza {
  xmpp::stanza_octets octets;
  bool can_wait = false;                ///< presence and states of chats: not worth waking a client that is inactive
  std::string presence_of;              ///< if it is presence of somebody: only the last one counts
};
/// To a client's connection: end the stream.
struct end_stream {
  xmpp::stream_fault why{};
  std::string text;
};
/// To a client's connection: it asked for another password of its account. Whether its stream ends with the old one is
/// clear with the answer.
struct password_changes {};
/// Behind the answer. The stream stays while the account has this password.
struct password_changed {
  std::string stored_key;               ///< SCRAM-SHA-256; empty: none was made
};
/// To a client's connection: another one goes on with its stream; give it up (park_session).
struct surrender_stream {};

/// What is left of a stream whose connection is gone.
struct parked_stream {
  xmpp::stream_management management;
  std::uint32_t counted_from = 0;
  std::shared_ptr<handled_counter> handled;
};
using parked_ptr = std::shared_ptr<parked_stream>;

/// How many stanzas a connection has taken out of its mailbox. Shared by it and its account's actor.
struct delivery_progress {
  std::atomic<std::uint64_t> taken{0};
};

/// From a connection to its account's actor. Answered with session_bound.
struct bind_session {
  caf::actor connection;
  std::shared_ptr<delivery_progress> progress;
  std::string resource;                 ///< not empty
  std::string session_id, peer;         ///< for the operator
  std::string client_id;                ///< earlier sessions of the same client end; may be empty
  bool at_login = false;                ///< it gets from the archive what waited, and is told of that
  bool carbons = false;
};
struct session_bound {
  std::uint64_t session = 0;            ///< 0: refused
  xmpp::condition why{};
  std::string archive = {};             ///< `at_login`: the archive's metadata as XML
};
/// From a connection to its account's actor: a login by password or token is right. Answered with token_made.
struct settle_token {
  std::string client_key;               ///< of its record
  std::string used;                     ///< by this token; empty: none
  std::string mechanism;                ///< a fresh one for this; empty: none is wanted
  std::string password;                 ///< what shows which password the account has
  bool forget = false;                  ///< the one that was used
  std::uint64_t days = 0;               ///< a fresh one lives so long
};
struct token_made {
  bool done = false;                    ///< it is on the disk
  std::string token;                    ///< empty: none
  base::wall_time expires{};
};
/// The client can come back within a time: under this secret id.
struct manage_session {
  std::uint64_t session = 0;
  std::string id;
};
/// The connection is gone; null: for good.
struct park_session {
  std::uint64_t session = 0;
  parked_ptr stream;
};
/// The stream ended; what the client has not acknowledged.
struct end_session {
  std::uint64_t session = 0;
  std::vector<xmpp::stanza_octets> unacknowledged;
};
/// Answered with session_resumed.
struct resume_session {
  caf::actor connection;
  std::shared_ptr<delivery_progress> progress;
  std::string id;
  std::string session_id, peer;
};
struct session_resumed {
  std::uint64_t session = 0;            ///< 0: there is none
  std::string resource = {};
  parked_ptr stream = nullptr;
};
/// The client said whether anybody looks at it (XEP-0352).
struct client_activity {
  std::uint64_t session = 0;
  bool active = true;
};
/// A stanza that a client sent. `to` empty: for his own account.
struct client_stanza {
  std::uint64_t session = 0;
  std::shared_ptr<xmpp::element> what;
  xmpp::jid to;
  receipt_ptr receipt;
};
/// To an account's actor: of its clients, for the operator. Answered with client_list.
struct list_clients {};
struct client_info {
  std::string address, session_id, peer, show;
  int priority = 0;
  bool available = false, connected = true, carbons = false;
};
struct client_list {
  std::shared_ptr<const std::vector<client_info>> clients;
};
/// To an account's actor: end its streams (of one resource, if it is named). Answered with how many there were.
struct kick_clients {
  std::string resource;
  xmpp::stream_fault why{};
  std::string text;
};
/// To an account's actor: a message of the server to all of its clients.
struct announce {
  std::shared_ptr<const xmpp::element> message;
};

/// To an account's actor: all sessions of accounts and rooms at home in this volume have ended, for another node leads it, or again.
struct home_lost {
  std::uint64_t volume = 0;
};

/// To an account's actor: it says this to somebody, without a client of its own. Answered with true when that is on the disk, false when it was
/// refused.
struct say_message {
  stanza_ptr what;                      ///< with its addresses
  xmpp::jid to;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::routed_stanza_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::message_sent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::deliver_stanza)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::end_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::password_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::password_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::surrender_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::bind_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::session_bound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::settle_token)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::token_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::manage_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::park_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::end_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::resume_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::session_resumed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::client_activity)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::client_stanza)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::say_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::home_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::list_clients)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::client_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::kick_clients)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::announce)
