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
  std::uint64_t total = 0;
  std::size_t messages = 0; ///< that the host was told of
  std::string mailbox;
  std::optional<replaced_message> replaced; ///< REPLACE
  std::string line;         ///< of the command, since the last text; literals of URLs in place, the last announcement not
  std::size_t at = 0;       ///< what of it was read
  std::optional<literal> found; ///< that ends `line`
  bool inside = false;      ///< CATENATE's list is open
  bool text_next = false;   ///< the host was asked about `found`
  bool paren = false;       ///< UTF8 ( is open
  std::size_t parts = 0;    ///< of the present message
  std::uint64_t text_octets = 0; ///< in them
};

} // namespace rookery::imap
