/// One SMTP mail transaction: the envelope as accepted, the message as it arrives, and
/// the commit group that makes both durable.
#pragma once

#include "actors/account/archive_mail.hpp"
#include "actors/account/message_gathering.hpp"
#include "actors/account/onward_mail.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "policy/reception/reception.hpp"
#include "policy/routing/recipient_route.hpp"
#include "protocols/smtp/fix_ups.hpp"
#include "protocols/smtp/server_session.hpp"
#include "protocols/smtp/trace.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/mail/mailbox_view.hpp"
#include "storage/queue/envelope_record.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

/// One accepted RCPT TO.
struct accepted_recipient {
  smtp::mailbox address;
  smtp::rcpt_parameters parameters;
  routing::recipient_route route;
  /// Those of its accounts that have a quota, and where what they use is seen.
  struct bounded_account {
    routing::account_ptr account;
    std::shared_ptr<storage::mail::account_cell> use;
  };
  std::vector<bounded_account> bounded;
  bool takes_reports = false;               ///< reports about TLS are not for its mailboxes
  reception::end_verdict::one at_end{};     ///< known when the message is whole
};

struct transaction {
  base::message_id id;
  base::wall_time begun{};
  smtp::mailbox sender;
  smtp::mail_parameters parameters;
  std::vector<accepted_recipient> recipients;
  std::unique_ptr<message_gathering> message;
  std::optional<base::error> failed;        ///< gathering failed: answered at the end
  std::uint32_t added_octets = 0;           ///< trace fields at the front of `message`
  std::string first_line;                   ///< what has come of it, until it is whole
  bool begun_text = false;                  ///< the first line has been looked at
  std::uint64_t counted = 0;                ///< in `sent_today`; taken back unless it is accepted

  /// As it is shown: 16 hex digits.
  std::string name() const;
};

/// Who takes part, besides the transaction itself. Values only: a worker may read them when the
/// connection is gone.
struct commit_facts {
  std::string peer;                         ///< address of the client
  std::string session;                      ///< its id in the logs
  routing::account_ptr account;             ///< null when nobody logged in
  std::string login;
  std::string helo;
  std::string fix_ups;                      ///< fields to put in front, each with CRLF
  std::string subject, message_id;          ///< of its header, as the envelope keeps them
  base::wall_time hold_until{};             ///< nobody has it before; 0: at once
  storage::queue::dnssec_wish dnssec = storage::queue::dnssec_wish::none;
  std::int8_t priority = 0;                 ///< as storage::queue::envelope has it
  bool tls_optional = false;
  std::function<base::shard_id(base::account_id)> shard_of;
  std::function<bool(const routing::account_record&)> elsewhere; ///< at home on another node: the queue takes it there
  std::shared_ptr<archive_mail> archive;   ///< told of the accounts that are reached; never null
  std::shared_ptr<const delivery::delivery_view> delivery; ///< whose gateways have queues of their own
  onward_facts onward;                      ///< for accounts that forward
  std::function<base::message_id()> next_id;
  std::uint64_t remembered = 0;             ///< sent messages that are remembered in all; 0: not this one
  std::uint64_t counted = 0;                ///< what it adds to what the account has sent today
};

/// A message ready for the log. Keeps the gathering, whose spill file the log reads.
struct prepared_message {
  storage::commit_group group;
  std::shared_ptr<message_gathering> message;
  std::optional<base::error> failed;
  std::size_t local = 0;
  std::size_t remote = 0;
};

/// Builds the commit group: one body, a deliver command for each account, and one
/// spool command for all others, or one for each queue that they wait in. Recipients that were refused at the end are left out. Reads the spill file of a large message: then only
/// in a thread that may wait. Takes the message out of the transaction.
std::shared_ptr<prepared_message> prepare(transaction&, const commit_facts&);

} // namespace rookery::actors
