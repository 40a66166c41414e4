/// What a server session keeps only while a login or an APPEND runs.
#pragma once

#include "protocols/imap/server_session.hpp"

#include <optional>

namespace rookery::imap {

struct server_session::sasl_progress {
  sasl::server_exchange exchange;
  std::string_view mechanism; ///< a literal of the program
  bool login_command = false; ///< LOGIN, not AUTHENTICATE
  std::optional<sasl::succeeded> last; ///< the final message was sent; the client owes an empty answer
  sasl::mechanism of = sasl::mechanism::plain;
};

struct server_session::append_progress {
  append_message message; ///< the present one
  bool sync = true;       ///< its literal waits for "+"
  std::uint64_t total = 0;
  std::size_t messages = 0; ///< that the host was told of
  std::string mailbox;
  std::optional<replaced_message> replaced; ///< REPLACE
};

} // namespace rookery::imap
