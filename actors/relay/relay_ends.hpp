/// The two ends of a relayed session on the accepting node: the client's connection, and the stream to the account's home.
///
/// Both are protocols of connections in one reactor and share a `relay_pipe`; everything here runs in its thread. What one
/// reads waits in the pipe for the other to send, `relay_octets_max` each way; beyond that the one does not read.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/relay/handover.hpp"
#include "base/bytes.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>

namespace rookery::actors {

inline constexpr std::size_t relay_octets_max = 256 * 1024;

struct relay_pipe {
  caf::actor_addr owner;          ///< the client's connection; set once, for any thread
  caf::actor client, home;        ///< the connections; null before they begin and when they are gone
  base::buffer to_client, to_home;
  std::string good_bye;           ///< what a client hears when its home is lost: one line of its protocol
  bool over = false;              ///< the home has ended the session
  bool lost = false;              ///< the stream ended before that
  bool client_gone = false;
  bool shut = false;              ///< the client has shut its side
  bool at_line_end = true;        ///< of what the client was given
  std::uint64_t volume = 0, leader = 0, epoch = 0;

  /// The home is lost: says good-bye where a line can stand, and closes.
  void lose();
  static void wake(const caf::actor& connection);
};

/// Replaces the session's host (connection::turn_over).
std::unique_ptr<net::protocol> make_client_end(std::shared_ptr<relay_pipe>);
/// `unread`: octets of frames that came already.
std::unique_ptr<net::protocol> make_home_end(std::shared_ptr<relay_pipe>, std::string unread);

} // namespace rookery::actors
