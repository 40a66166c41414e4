/// What a POP3 session knows of a mailbox: sizes, unique ids, marks. Bounded by 16 octets a message.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::pop3 {

/// One message as it was at login; its place in the list is its number less one.
struct message {
  std::uint64_t octets = 0; ///< As stored; RFC 1939 §11: octets with CRLF as line end.
  std::uint32_t uid = 0;    ///< Its unique id is the maildrop's prefix and this number.
  bool deleted = false;     ///< Marked in this session; the host leaves it false.
};

/// RFC 1939 §7: a unique id has 1 to 70 characters from 0x21 to 0x7E, the prefix no more
/// than 60 of them.
struct maildrop {
  std::string uid_prefix; ///< "UIDVALIDITY."
  std::vector<message> messages;
};

} // namespace rookery::pop3
