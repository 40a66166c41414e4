/// What a client has switched on, and what follows for our answers.
///
/// Source: RFC 5161 (ENABLE); RFC 9051 §6.3.1; RFC 7162 §3.1, §3.2.3; RFC 6855 §3; RFC 9586; RFC 5465 §5.1; RFC 5255 §3.
#pragma once

#include "protocols/imap/language.hpp"

namespace rookery::imap {

struct client_mode {
  bool rev2 = false;      ///< IMAP4rev2: no RECENT, ESEARCH always, UTF-8 names
  bool utf8 = false;      ///< UTF8=ACCEPT
  bool condstore = false; ///< MODSEQ in every FETCH that tells of a change
  bool notify = false;    ///< NOTIFY was used: a FETCH that tells of a change names the UID
  bool uid_only = false;  ///< UIDONLY: no message numbers, neither way
  bool qresync = false;   ///< VANISHED instead of EXPUNGE; implies condstore

  imap::language language = imap::language::english; ///< LANGUAGE (RFC 5255 §3): of texts for people

  /// Names and texts travel as UTF-8.
  bool utf8_names() const noexcept { return rev2 || utf8; }
};

} // namespace rookery::imap
