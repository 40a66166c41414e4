/// Commands as structs: what a host must do. Mailbox names are normalized (mailbox_name.hpp).
///
/// Commands that a session answers alone (CAPABILITY, LOGIN, AUTHENTICATE, STARTTLS, LOGOUT,
/// ENABLE, ID, NAMESPACE, COMPRESS, IDLE) and APPEND, whose message streams, are events of
/// their own in server_session.hpp.
///
/// Source: RFC 9051 §6, RFC 3501 §6; extensions in the headers of their nouns.
#pragma once

#include "protocols/imap/acl.hpp"
#include "protocols/imap/append.hpp"
#include "protocols/imap/fetch.hpp"
#include "protocols/imap/list.hpp"
#include "protocols/imap/metadata.hpp"
#include "protocols/imap/multi_search.hpp"
#include "protocols/imap/notify.hpp"
#include "protocols/imap/quota.hpp"
#include "protocols/imap/search.hpp"
#include "protocols/imap/status.hpp"
#include "protocols/imap/store.hpp"
#include "protocols/imap/url_auth.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rookery::imap {

/// RFC 7162 §3.2.5.
struct qresync_parameters {
  std::uint32_t uid_validity = 0;
  std::uint64_t modseq = 0;
  std::optional<number_ranges> known_uids;      ///< none: all that existed
  number_ranges match_numbers, match_uids;      ///< §3.2.5.2; same count, or both empty
};

/// Also any command in which a client may hear news: answer after printing what changed.
struct noop {};
struct check {};
/// SELECT or EXAMINE. The session has left the mailbox selected before (and said CLOSED):
/// drop it, then answer with `selected` and respond_ok, or respond_no.
struct select {
  std::string mailbox;
  bool read_only = false; ///< EXAMINE
  bool condstore = false;
  std::optional<qresync_parameters> qresync;
};
/// CLOSE: expunge silently if selected for writing; then `deselected` and respond_ok.
struct close_mailbox {};
/// UNSELECT: no expunge (RFC 3691).
struct unselect {};
/// Leave the account and answer with `unauthenticated` (RFC 8437); no NO is allowed.
struct unauthenticate {};
/// UIDBATCHES (draft-ietf-mailmaint-imap-uidbatches): answer with ranges of UIDs, the newest first.
struct uid_batches {
  std::uint32_t messages = 0; ///< in one batch
  std::optional<std::pair<std::uint32_t, std::uint32_t>> batches; ///< which, from 1 on; none: all
};
/// No more updates of the searches with these tags (RFC 5267 §4.3.5).
struct cancel_update { std::vector<std::string> tags; };
struct create_mailbox {
  std::string mailbox;
  std::uint32_t special_use = 0; ///< list_attribute bits (RFC 6154 §3)
};
struct delete_mailbox { std::string mailbox; };
struct rename_mailbox { std::string from, to; };
struct subscribe {
  std::string mailbox;
  bool on = true; ///< false: UNSUBSCRIBE
};
/// EXPUNGE, or UID EXPUNGE with its set (RFC 4315).
struct expunge { std::optional<sequence_set> uids; };
struct copy {
  bool uid = false;
  sequence_set set;
  std::string mailbox;
};
/// RFC 6851.
struct move {
  bool uid = false;
  sequence_set set;
  std::string mailbox;
};

using any_command = std::variant<noop, check, select, close_mailbox, unselect, create_mailbox, delete_mailbox,
                                 rename_mailbox, subscribe, list, status, expunge, search, sort, thread, fetch, store,
                                 copy, move, get_quota, get_quota_root, set_quota, unauthenticate, uid_batches, cancel_update, notify,
                                 multi_search, set_acl, delete_acl, get_acl, list_rights, my_rights, get_metadata, set_metadata, reset_key, gen_url_auth, url_fetch>;

} // namespace rookery::imap
