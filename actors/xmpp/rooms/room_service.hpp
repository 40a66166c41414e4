/// The rooms of this node: who is asked for a name, and what the service itself answers.
///
/// One a node, made at start, lives until the process ends; any thread. Rooms are at `conference.<domain>` of each domain
/// that chats; each that is in use is an actor (room_actor).
#pragma once

#include "actors/node.hpp"
#include "actors/xmpp/arrival_notes.hpp"
#include "actors/xmpp/rooms/room_list.hpp"
#include "protocols/xmpp/muc/room.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace rookery::actors {

/// What rooms send goes here: the stanza to each of the addresses. Any thread; must not block.
using room_outlet = std::function<void(const xmpp::muc::send&, const xmpp::jid& from)>;

/// How new rooms of a domain are set up, and what they may have.
struct room_defaults {
  xmpp::muc::room_config config;
  xmpp::muc::room_limits limits;
  std::size_t rooms_max = 100'000;          ///< of the domain; beyond it none are made
  bool served = true;                       ///< else there are no rooms here
  bool elsewhere = false;                   ///< they are in another volume of the cluster
  bool may_create = true;                   ///< else operators make them
};

/// A stanza for the service or a room. `receipt` goes when it is dealt with.
struct room_stanza {
  xmpp::muc::stanza_ptr what;
  xmpp::jid from, to;
  std::shared_ptr<void> receipt;
  stanza_origin origin = {};                ///< of another home
};
using room_stanza_ptr = std::shared_ptr<const room_stanza>;

/// For a room's actor, in its thread, when the room is loaded. What it changes is kept before `done` is called, with
/// whether that went well.
struct room_task {
  std::shared_ptr<std::function<void(xmpp::muc::room&)>> run;
  std::shared_ptr<std::function<void(bool)>> done;
};

class room_service {
public:
  using defaults_of = std::function<room_defaults(std::string_view domain)>;
  room_service(node& n, room_outlet outlet, defaults_of defaults) : node_(n), outlet_(std::move(outlet)), defaults_(std::move(defaults)) {}

  /// The list from the store, at start: blocks. Temporary rooms have ended with the node that had them: they are removed.
  void load();
  void take(room_stanza);
  /// For the operator; made when there is none.
  void run(const xmpp::jid& room, room_task);
  /// The clients of whom this is true are not there any more.
  void lose(std::function<bool(const xmpp::jid&)> lost);
  /// Everybody is told that the service ends.
  void shut_down();
  /// Of the rooms in use.
  std::vector<caf::actor> actors() const;

  node& of() const noexcept { return node_; }
  room_list& list() noexcept { return list_; }
  /// Is there a service of rooms at this domain?
  bool serves(std::string_view domain) const { return defaults_(domain).served; }
  room_defaults defaults(std::string_view domain) const { return defaults_(domain); }
  void send(const xmpp::muc::send& s, const xmpp::jid& from) const { outlet_(s, from); }
  /// From a room's actor: nobody needs it. False: something is on its way to it.
  bool retire(const xmpp::jid& room, std::uint64_t taken);

private:
  struct entry {
    caf::actor actor;
    std::uint64_t handed = 0;               ///< stanzas and tasks since it was made
  };
  caf::actor get(const xmpp::jid& room, bool make);
  void answer(const room_stanza&);
  void refuse(const room_stanza&, xmpp::condition, std::string_view text = {});
  void send_one(const xmpp::jid& to, const xmpp::jid& from, xmpp::element) const;

  node& node_;
  room_outlet outlet_;
  defaults_of defaults_;
  room_list list_;
  mutable std::mutex lock_;
  std::unordered_map<xmpp::jid, entry> rooms_;
  bool ended_ = false;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::room_stanza_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::room_task)
