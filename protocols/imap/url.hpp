/// URLs that name a message or a part of one: what CATENATE puts together, and what URLAUTH lets others read.
///
/// Source: RFC 5092 §11 (imap://, relative ones by RFC 3986 §4.2); RFC 5550 §3.1 (;PARTIAL=); RFC 4467 §3, §9
/// (;EXPIRE=, ;URLAUTH=); RFC 3339 §5.6 (its time).
#pragma once

#include "base/clock.hpp"
#include "protocols/imap/fetch.hpp"
#include "protocols/imap/limits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::imap {

/// Who may use a URL that carries an authorization (RFC 4467 §3).
enum class url_access : std::uint8_t {
  none,      ///< it carries none: only who may read the message anyway
  anonymous, ///< everybody who can log in
  authuser,  ///< every user of this server
  user,      ///< one user
  submit     ///< a submission server on behalf of one user
};

struct message_url {
  bool absolute = false;      ///< "imap://…": `user` and `host` say where
  std::string user;           ///< whose mailbox names these are; "": not said
  std::string host;           ///< lower case
  std::uint16_t port = 143;
  std::string mailbox;        ///< normalized (mailbox_name.hpp); "": the selected one
  std::uint32_t uid_validity = 0; ///< 0: not said
  std::uint32_t uid = 0;
  fetch_section section;      ///< of the message; its `partial` is the URL's
  bool to_end = false;        ///< ";PARTIAL=1000": from there on, whatever `section.octets` is

  std::optional<base::wall_time> expires;
  url_access access = url_access::none;
  std::string access_user;    ///< of `user` and `submit`
  std::string mechanism;      ///< lower case; "": there is no token yet
  std::string token;          ///< hexadecimal digits as written
  std::size_t rump_octets = 0;///< of the text, up to the token's mechanism: what the token is made of
};

/// Nothing for a URL of another scheme, one that names no message, or what is not allowed in one; octets are
/// percent-decoded, names are UTF-8. A URL with an authorization is absolute and names its user.
std::optional<message_url> parse_message_url(std::string_view text, const server_limits&);

} // namespace rookery::imap
