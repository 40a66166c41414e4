/// The trace lines that a server puts before a message.
///
/// Source: RFC 5321 §4.4, RFC 3848 (ESMTPSA and its family), RFC 6531 §4.3 (UTF8SMTP),
/// RFC 8314 §4.3 (TLS cipher).
#pragma once

#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"

#include <string>
#include <string_view>

namespace rookery::smtp {

enum class greeting_verb : std::uint8_t { helo, ehlo, lhlo };

struct received_facts {
  std::string_view helo;              ///< as the client named itself; may be empty
  greeting_verb greeting = greeting_verb::ehlo;
  const connection_facts* connection = nullptr;
  std::string_view by;                ///< our host name
  std::string_view software;          ///< in a comment behind it; may be empty
  std::string_view id;                ///< the message's id in the logs
  std::string_view for_recipient;     ///< only when there is exactly one; else empty
  bool authenticated = false;
  bool smtputf8 = false;
  base::wall_time time{};
};

/// "Received: from … by … with … id …; date" CRLF, folded. What the client said is cleaned.
std::string received_field(const received_facts&);
/// "Return-Path: <…>" CRLF. `sender` without brackets, "" for the null path.
std::string return_path_field(std::string_view sender);
/// "SMTP", "ESMTPSA", "UTF8LMTPS" …
std::string_view with_protocol(greeting_verb, bool tls, bool authenticated, bool smtputf8) noexcept;
/// "Delivered-To: address" CRLF.
std::string delivered_to_field(std::string_view address);

} // namespace rookery::smtp
