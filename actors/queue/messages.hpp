/// Messages between the actors of outgoing mail. Local to a node: they carry shared pointers.
///
///   spool machine ── spool_changed ──► dispatch ◄── take_work ── delivery_host, local_actor
///   dispatch ── open_connection ──► destination ── dials ──► connection with its delivery_host
///   delivery_host, local_actor, dispatch ── attempt_result(s) ──► record ── commit ──► log
///   record ── transaction_over ──► dispatch
#pragma once

#include "actors/shard/messages.hpp"
#include "policy/delivery/notifications.hpp"
#include "policy/delivery/outcome.hpp"
#include "policy/delivery/route_choice.hpp"
#include "policy/queueing/dispatcher.hpp"
#include "protocols/smtp/address.hpp"
#include "storage/queue/envelope_record.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

class lent_octets;

using envelope_ptr = std::shared_ptr<const storage::queue::envelope>;
using way_ptr = std::shared_ptr<const delivery::way>;

/// To a destination's actor or the local one: a connection more is wanted. Its number goes to
/// `connection_over` in the end, also when it never came about.
struct open_connection {
  queueing::slot slot;
  way_ptr way;
};

/// To dispatch: what shall this connection do next? Answered with given_work: at once, or when
/// there is something, or when the connection has idled long enough.
struct take_work {
  queueing::connection_number connection = 0;
  std::uint32_t recipients_max = 0;          ///< what the peer allows in a transaction; 0: anything
  bool waits = true;                         ///< when there is nothing, for what may come soon
};
struct given_work {
  queueing::take_result what = queueing::take_result::nothing;
  queueing::transaction work;
  envelope_ptr message;                      ///< when `what` is work
  base::wall_time until{};                   ///< when `what` is later
  bool verify_only = false;                  ///< `message` has an envelope alone: up to RCPT, nothing is written down
  std::shared_ptr<const lent_octets> octets{}; ///< of a message in another node's spool; null: it is in this one's
};

/// To the dispatch of a lent connection: all but the end of the message was sent. Answered with whether it may be, a bool.
struct end_message {
  std::uint64_t transaction = 0;
};

/// Why a destination could not be reached, or cannot be used as it should.
struct way_failure {
  delivery::verdict as;                      ///< what it means for the mail
  std::string host;                          ///< that was tried; may be empty
  bool next_host = true;                     ///< another host of the destination may do better
  bool in_the_clear = false;                 ///< this host may be dialed again without TLS (RFC 7435)

  bool permanent() const noexcept { return as.what == delivery::fate::failed; }
};

/// To dispatch: the connection is gone, or did not come about.
struct connection_over {
  queueing::connection_number connection = 0;
  queueing::close_reason how = queueing::close_reason::finished;
  way_failure why;                           ///< unless it is finished
  std::uint64_t passed = 0;                  ///< the last transaction whose result went to record
  bool unreached = false;                    ///< no host took mail: it is written down with what is due
};
/// To the destination's actor: the peer has said that it takes mail, so this host is a good one …
struct connection_ready {
  queueing::connection_number connection = 0;
};
/// … or it has not, and another host may be tried.
struct connection_unfit {
  queueing::connection_number connection = 0;
  way_failure why;
};

/// To dispatch: the mail of these gateways is asked for (ETRN). `trusted`: as often as it likes.
/// Answered with gateways_started.
struct start_gateways {
  std::vector<std::string> domains;
  bool trusted = false;
};
struct gateways_started {
  std::uint64_t messages = 0;                ///< that wait for them
  bool too_often = false;                    ///< some were not started: they were a moment ago
};
/// To dispatch: a server that may have the mail of these gateways is connected, and takes it on that
/// connection (ATRN). Answered with customer_admitted; each of its connections goes to
/// `connection_over` in the end.
struct admit_customer { std::vector<std::string> domains; };
struct customer_admitted {
  std::vector<queueing::connection_number> connections; ///< one for each way that has mail; none: there is no mail
  caf::actor record;                         ///< gets the outcomes
};

/// To dispatch: the node that a connection was lent to did not reach the destination; it is opened here.
struct connection_returned {
  queueing::connection_number connection = 0;
};

/// To record: an attempt begins. Written down without waiting.
struct attempt_started {
  base::message_id id;
  std::vector<std::uint32_t> recipients;
};

/// What became of one recipient in an attempt.
struct recipient_result {
  std::uint32_t recipient = 0;
  delivery::verdict as;
  delivery::happened here = delivery::happened::delivered; ///< of what was done here
};

/// To record: an attempt is over, or was not possible, or a deadline has come.
struct attempt_result {
  std::uint64_t transaction = 0;             ///< the dispatcher's number
  envelope_ptr message;
  std::vector<recipient_result> recipients;
  queueing::end_reason how = queueing::end_reason::answered;
  std::string remote_host;                   ///< who answered; "" when nobody was reached
  std::string session;                       ///< for the logs
  std::string tls;                           ///< version and what was verified, for the logs
  std::string dns;                           ///< "validated", "not validated"; "" where nobody asked for it
  base::instant answered{};                  ///< when the peer's answer was read; 0: no peer was asked
  bool here = false;                         ///< into mailboxes of this node
  bool peer_does_dsn = false;                ///< reports of success are the peer's matter
  bool deadline = false;                     ///< no attempt: a deadline has come
  storage::commit_group with;                ///< goes into the same commit (local delivery)
  std::shared_ptr<void> keep;                ///< spill file behind a body of `with`
};
using attempt_result_ptr = std::shared_ptr<attempt_result>;
/// To record: several that came to nothing here, written down in one commit. Answered with transactions_over.
struct attempt_results {
  std::vector<attempt_result_ptr> all;
};

/// To dispatch: the outcome is durable and applied, or could not be written.
struct transaction_over {
  std::uint64_t transaction = 0;
  queueing::end_reason how = queueing::end_reason::answered;
};

/// To dispatch: the same of all of an attempt_results.
struct transactions_over {
  std::vector<std::uint64_t> transactions;
  queueing::end_reason how = queueing::end_reason::answered;
};

/// A stored address; the null path for "".
smtp::mailbox mailbox_of(std::string_view address);
/// A message as logs and `rookery trace` name it: 16 hex digits.
std::string message_name(base::message_id);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::open_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::take_work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::given_work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::end_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::connection_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::connection_returned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::connection_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::connection_unfit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::start_gateways)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::gateways_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::admit_customer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::customer_admitted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::attempt_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::attempt_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::attempt_results)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::transaction_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::transactions_over)
