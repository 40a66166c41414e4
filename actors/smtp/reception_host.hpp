/// The meeting place of SMTP reception: mail from other servers (MX), from users
/// (submission) and from local programs (LMTP).
///
/// Also where servers ask for the mail of their domains (ETRN, ATRN).
/// Asks the directory who a recipient is, gathers the message, makes it durable with
/// one commit for all its recipients, and only then lets the session say 250.
#pragma once

#include "actors/account/account_entry.hpp"
#include "actors/account/message_gathering.hpp"
#include "actors/imap/url_gate.hpp"
#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "actors/relay/handover.hpp"
#include "actors/smtp/transaction.hpp"
#include "policy/delivery/dnssec_rule.hpp"
#include "policy/reception/reception.hpp"
#include "policy/submission/send_quota.hpp"
#include "protocols/smtp/server_session.hpp"

#include <memory>
#include <optional>

namespace rookery::actors {

struct reception_settings {
  std::shared_ptr<const smtp::server_settings> session;
  reception::reception_limits limits;
  bool from_checked = true;           ///< the From of a submitted message must belong to its sender
  std::shared_ptr<const forwarding::forward_limits> forwards = std::make_shared<forwarding::forward_limits>();
  std::string archive_spam_field;     ///< setting archive.spam_field
  delivery::dnssec_rules dnssec;      ///< which messages want validated name servers
  submission::send_quota quota;       ///< of accounts whose domain says nothing either
  std::string other_users, public_folders; ///< namespaces in IMAP, which URLs name too
  std::uint64_t remembered = 0;       ///< sent messages that can be recalled; 0: none
};

class reception_host final : public net::session_host<smtp::server_session> {
public:
  reception_host(node&, std::shared_ptr<const reception_settings>, const connection_facts&, base::instant now);
  /// Goes on with a session of a node without a volume.
  reception_host(node&, std::shared_ptr<const reception_settings>, const session_handover&, smtp::resumed_session);

  caf::message_handler messages() override;
  bool busy() const override { return waiting_; }
  void gone() override;
  base::const_bytes rest() const override { return session_.rest(); }

private:
  void on(smtp::server_session::event&) override;
  void handle(const smtp::client_named&);
  void handle(const smtp::authenticated&);
  void handle(const smtp::authentication_failed&);
  void handle(const smtp::body_chunk&);
  void handle(const smtp::transaction_reset&);
  void handle(const smtp::protocol_error&);
  void handle(const smtp::gone&);
  void handle(const smtp::check_password&);
  void handle(const smtp::check_proof&);
  void handle(const smtp::find_credentials&);
  void handle(const smtp::mail_from&);
  void handle(const smtp::rcpt_to&);
  void handle(const smtp::data_begin&);
  void handle(const smtp::fetch_url&);
  void handle(const smtp::message_end&);
  void handle(const smtp::start_tls&) { link().start_tls(); }
  void handle(const smtp::start_queue&);
  void handle(const smtp::turn_around&);
  void handle(const smtp::turned&);

  void close_account(bool quiet_hours);
  void refuse(const routing::refusal&);
  void log_refusal(const routing::refusal&) const;
  bool queue_full() const;

  // reception_urls.cpp
  void read_url(std::uint64_t offset);
  void refuse_url(std::string_view enhanced, std::string_view text);

  // reception_relay.cpp
  void hand_over();

  // reception_gateway.cpp
  /// Asks the server of a gateway whether it has the recipient.
  void verify(accepted_recipient);
  std::string dequeuer() const;
  void log_dequeue(std::string_view event, const std::string& what, std::uint64_t messages) const;
  void give_back();

  /// Asks the shard of each account that has a quota how much of it is used, from account `next` on.
  void check_quota(accepted_recipient, std::size_t next);
  void accept_recipient(accepted_recipient);
  /// What the account may send a day.
  submission::send_quota send_quota() const;
  /// Counts the message as sent today. False: that is more than the account may.
  bool count_as_sent();
  void append(base::const_bytes);
  void begin_text();
  /// The message is whole: judge it, summarize it, commit it.
  void take_message();
  std::optional<routing::refusal> judge(const smtp::header_facts&) const;
  base::wall_time hold_until(const smtp::header_facts&) const;
  void read_wishes(std::string_view message, commit_facts&) const;
  /// Judges each recipient again: loops, and the real size against what is left. Nothing: go on.
  std::optional<routing::refusal> judge_recipients(const smtp::header_facts&);
  std::optional<routing::refusal> judge_reports();
  void refuse_message(const routing::refusal&);
  /// 250 for those who have it; on LMTP the others have their own answers.
  void answer_accepted(const smtp::reply&);
  void commit_message(std::shared_ptr<prepared_message>);
  void committed(const commit_done&);
  void log_accepted() const;
  void end_transaction();
  void answer(const smtp::reply&);
  void answer_storage_failure(const base::error&);

  node& node_;
  std::shared_ptr<const reception_settings> settings_;
  account_entry entry_;
  routing::account_ptr account_;      ///< who has logged in, as he was at MAIL
  std::optional<smtp::reply> farewell_; ///< the account was closed: the session ends with this after the next answer
  std::string login_;
  base::account_id handed_over_;      ///< whom another node has logged in; 0: nobody, or that is over
  std::string handed_address_;        ///< of that account
  smtp::greeting_verb greeting_ = smtp::greeting_verb::helo;
  std::string helo_;
  std::shared_ptr<transaction> transaction_; ///< shared with a worker that reads a large message
  struct url_source {
    imap::message_url url;
    std::shared_ptr<storage::mail::mailbox_cell> mailbox;
  };
  std::unique_ptr<url_source> url_;   ///< of the present BURL
  std::unique_ptr<url_gate> gate_;    ///< null before the first URL
  bool storing_ = false;              ///< the message is whole and not answered yet
  bool waiting_ = false;              ///< another actor's answer is awaited
  bool gone_ = false;
  customer_admitted admitted_;        ///< connections of dispatch that are this one, from ATRN's 250 until it turns
  std::uint64_t token_ = 0;
};

/// What its sessions are called in logs, and when they are passed on: "smtp", "submission", "lmtp".
const char* service_of(smtp::profile) noexcept;

/// For a listener.
std::unique_ptr<net::protocol> make_reception_host(node&, std::shared_ptr<const reception_settings>,
                                                   const connection_facts&);
/// For a session of a node without a volume; null: what it says cannot be read.
std::unique_ptr<net::protocol> make_reception_host(node&, std::shared_ptr<const reception_settings>, const session_handover&);

} // namespace rookery::actors
