/// How a client's session logs in to a server elsewhere: shared by POP3 and IMAP.
#pragma once

#include "protocols/connection_facts.hpp"

#include <cstdint>
#include <string>

namespace rookery {

enum class tls_use : std::uint8_t {
  none,         ///< Never, even when offered.
  when_offered, ///< STARTTLS or STLS when the server has it.
  required,     ///< The same, and no login without it.
  implicit      ///< The driver made TLS before the session began.
};

struct remote_login {
  tls_use tls = tls_use::required;
  std::string user, password;
  /// The password may travel without TLS to a server that is not this machine.
  bool plaintext_allowed = false;

  bool password_may_travel(const connection_facts& facts) const noexcept { return facts.secure() || plaintext_allowed; }
};

} // namespace rookery
