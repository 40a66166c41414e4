/// Writes down how TLS went with other servers, connection by connection: one actor a node.
///
/// Counts are added to notes of the spool (actors/tlsrpt/notes.hpp) at once, all that come while one commit
/// is under way together with the next: a crash loses what was not committed, a moment at most. Bounds:
/// policy/reporting/tls_tally.hpp.
#pragma once

#include "actors/node.hpp"
#include "protocols/mailauth/tls_report.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>

namespace rookery::actors {

/// One connection to a mail host, or one that a policy forbade. Not answered.
struct tls_session_seen {
  std::string domain;                ///< of the recipients: A-labels, lower case
  mailauth::rpt_policy policy = mailauth::rpt_policy::none;
  std::string result;                ///< RFC 8460 §4.3; "" went well
  std::string host, sent_from, sent_to; ///< of a failure; may be empty
  std::shared_ptr<const mailauth::policy_lines> lines; ///< the policy; may be null
};

/// `node` must outlive it.
caf::actor spawn_tls_counter(caf::actor_system&, node&);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::tls_session_seen)
