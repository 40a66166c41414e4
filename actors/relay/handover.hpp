/// What an accepting node tells the home of an account about a session that has just logged in. Pure.
///
/// The home makes the same session in the state "logged in, the login not yet answered": it checks what only it can know, answers
/// the login, and goes on with what the client says next.
#pragma once

#include "base/id.hpp"
#include "cluster/stream/stream_frame.hpp"
#include "protocols/connection_facts.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace rookery::actors {

/// Of a stream that carries a session.
inline constexpr const char* session_stream = "session";
/// Its frames: octets of the session; the session is over; the client has shut its side; the accepting node drains.
inline constexpr std::uint8_t session_octets = cluster::first_own_type, session_over = session_octets + 1, session_shut = session_octets + 2,
                              session_drain = session_octets + 3;
/// Octets of one frame at most.
inline constexpr std::size_t session_piece_octets = 64 * 1024;

struct session_handover {
  std::string protocol;       ///< "imap", "pop3"
  std::uint64_t volume = 0;   ///< where the account is at home
  base::account_id account;
  std::string address;        ///< of the account
  std::string tag;            ///< IMAP: of the login that is not answered yet
  std::uint8_t language = 0;  ///< IMAP: of texts (imap::language)
  bool utf8 = false;          ///< POP3: the client said UTF8
  connection_facts facts;     ///< of the client's connection; no certificate of its
};

std::map<std::string, std::string> fields_of(const session_handover&);
std::optional<session_handover> read_handover(const std::map<std::string, std::string>& fields);

} // namespace rookery::actors
