/// The server's side of SMTP, message submission and LMTP.
///
/// Source: RFC 5321; RFC 6409 (submission); RFC 2033 (LMTP); RFC 4468 (BURL); extensions in README.md.
/// Shape: protocols/session.hpp. Knows syntax, order, limits and codes; who may send what to whom
/// is asked of its host.
///
/// Questions, and what answers them:
///   check_password     password_verified, or authentication_unavailable
///   find_credentials   credentials_found, or authentication_unavailable
///   check_proof        proof_judged, or authentication_unavailable
///   authentication_failed, if held   say_failure
///   mail_from, rcpt_to, data_begin   accept or refuse
///   fetch_url          url_octets or refuse
///   message_end        answer, or on LMTP answer_each
///   start_queue        queue_answered
///   turn_around        accept or refuse
///   start_tls          tls_started (after the output was sent and TLS put below)
/// At most one is open. Until it is answered `next_event` gives nothing more. Before answering,
/// call `tick` if time has passed since the last call that took a time.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/sasl/server_exchange.hpp"
#include "protocols/session.hpp"
#include "protocols/smtp/address.hpp"
#include "protocols/smtp/command.hpp"
#include "protocols/smtp/limits.hpp"
#include "protocols/smtp/parameters.hpp"
#include "protocols/smtp/reply.hpp"
#include "protocols/smtp/smuggling.hpp"
#include "protocols/smtp/trace.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::smtp {

enum class profile : std::uint8_t { mx, submission, lmtp };

/// Shared by all sessions of a listener; immutable.
struct server_settings {
  smtp::profile profile = smtp::profile::mx;
  std::string host_name = "localhost";   ///< in the greeting and the EHLO answer
  std::string software;                  ///< behind it in the greeting; may be empty
  smtp::limits limits;
  sasl::mechanism_choice mechanisms;
  bool starttls_available = false;       ///< a certificate is there
  bool tls_required = false;             ///< MAIL without TLS gets 530 5.7.0 (off loopback)
  bool authentication_offered = false;   ///< AUTH on the mx profile too; submission always has it
  bool authentication_required = true;   ///< on submission: MAIL before AUTH gets 530 5.7.0
  bool urls_offered = false;             ///< BURL, after AUTH; not on LMTP
  bool etrn_offered = false;             ///< RFC 1985; not on LMTP
  bool atrn_offered = false;             ///< RFC 2645, after AUTH; not on LMTP
};

// Facts.

/// HELO, EHLO or LHLO was accepted; a running transaction ended with it.
struct client_named { greeting_verb greeting; std::string name; };
struct authenticated { std::string authzid, user; sasl::mechanism mechanism; };
/// `held`: the session has found out itself (a SCRAM proof) and waits for `say_failure`, which
/// the host delays. Else a fact.
struct authentication_failed { sasl::mechanism mechanism; std::string user; sasl::failure why; bool held = false; };
/// Octets of the message, exactly as they are to be kept (dots unstuffed). A view into the
/// session: lives until its next call.
struct body_chunk { base::const_bytes octets; };
enum class reset_reason : std::uint8_t {
  rset, greeting, start_tls,
  refused,        ///< the host refused data_begin, or a limit was passed
  bare_line_end,  ///< smuggling.hpp: nothing of the message may be delivered
  ended           ///< the session ends within a transaction
};
/// The transaction is over without a message: forget sender, recipients and body.
struct transaction_reset { reset_reason why; };
enum class fault : std::uint8_t {
  syntax, sequence, line_too_long, bare_cr, bare_lf, message_too_large, too_many_recipients,
  too_many_errors, too_many_refused_recipients, too_many_idle_commands, too_many_failed_logins,
  too_many_mails, foreign_protocol, timeout, text_line_too_long
};
/// For logs and counters: the client broke a rule or a limit.
struct protocol_error { fault what; };
enum class end_reason : std::uint8_t { quit, timeout, limit, shut_down, refused };
/// The session has said its last word; `closed` is true. The last event.
struct gone { end_reason why; };

// Questions.

struct check_password { sasl::mechanism mechanism; sasl::check_password question; };
struct find_credentials { sasl::mechanism mechanism; sasl::find_credentials question; };
struct check_proof { sasl::mechanism mechanism; sasl::check_proof question; };
struct mail_from { mailbox sender; mail_parameters parameters; };
struct rcpt_to { mailbox recipient; rcpt_parameters parameters; };
/// The message comes (DATA, or the first BDAT or BURL): is there a place for it?
struct data_begin { bool chunked; };
/// BURL: octets of the message are those that the URL names, from `offset` on; asked again until there are no more.
/// A refusal ends the transaction.
struct fetch_url { std::string url; std::uint64_t offset = 0; };
/// All octets have come. On acceptance the message must be safe: the client forgets it.
struct message_end { std::uint64_t octets; std::uint32_t recipients; };
/// ETRN: send what waits for this node. `queue_answered` says how many; RFC 1985 §5.3 has the codes.
struct start_queue {
  enum class kind : std::uint8_t { node, with_subdomains, queue } what = kind::node;
  std::string name;
};
/// ATRN: the customer wants his mail on this connection, as its server. No domains: all of his. Refuse with 450
/// (not these domains), 451 or 453 (nothing waits), RFC 2645 §5.2.
struct turn_around { std::vector<std::string> domains; };
/// After `accept`: when the output is sent the connection is for a client session of ours, which is first given
/// `rest()`. This one says nothing more. The last event.
struct turned {};
/// Send the output, put TLS below, then call `tls_started`. What the client sent behind STARTTLS in
/// plain text is dropped there (RFC 3207 §4.2).
struct start_tls {};

/// What another node's session has come to, at the line of MAIL.
struct resumed_session {
  greeting_verb greeting = greeting_verb::helo;
  std::string name;           ///< as the client called itself
  std::string login;          ///< as who has logged in; "": nobody
  std::string line;           ///< that it has read and not answered, with CRLF
};

class server_session {
public:
  using event = std::variant<client_named, authenticated, authentication_failed, body_chunk, transaction_reset,
                             protocol_error, gone, check_password, find_credentials, check_proof, mail_from, rcpt_to,
                             data_begin, message_end, start_tls, start_queue, turn_around, turned, fetch_url>;

  /// Greets at once, unless TLS is implicit and to come: make it when the handshake is done.
  /// `wall`: civil time at `now`, for FUTURERELEASE, which is not offered without.
  server_session(std::shared_ptr<const server_settings>, connection_facts, base::instant now, base::wall_time wall = {});

  /// Goes on where another node's session stopped: no greeting; `client_named` and, after a login, `authenticated` (of no mechanism)
  /// are the first events.
  server_session(std::shared_ptr<const server_settings>, connection_facts, base::instant now, base::wall_time wall, resumed_session);

  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return output_.view(); }
  void sent(std::size_t octets) noexcept;
  std::optional<base::instant> deadline() const noexcept;
  bool wants_input() const noexcept;
  bool closed() const noexcept { return state_ == state::closed; }

  // Answers.
  /// Ok with the usual text: mail_from, rcpt_to, data_begin.
  void accept();
  /// Its code must be 4yz or 5yz. mail_from, rcpt_to, data_begin, fetch_url, message_end.
  void refuse(const reply&);
  /// fetch_url: the next of them, and whether they are the last.
  void url_octets(base::const_bytes, bool last);
  /// message_end (all recipients alike on LMTP): 250 accepts, 4yz and 5yz refuse.
  void answer(const reply&);
  /// message_end on LMTP: one reply for each accepted recipient, in their order.
  void answer_each(std::span<const reply>);
  void password_verified(bool right);
  void credentials_found(const sasl::scram_credentials&, bool known);
  void proof_judged(bool right, std::string_view user);
  void say_failure();
  /// start_queue: 250 to 253, 458 or 459.
  void queue_answered(const reply&);
  /// 454 4.7.0: try again later.
  /// `text`: why, for the client; a literal.
  void authentication_unavailable(std::string_view text = "Temporary authentication failure");
  void tls_started(const connection_facts&, base::instant now);

  // At any time.
  /// While true no body_chunk and no message_end comes: the host still writes.
  void pause_body(bool paused) noexcept { paused_ = paused; }
  /// 421 4.3.2 at the next command boundary; a message under way is finished first.
  void shut_down(base::instant now);
  /// The host ends the session: `last` is sent, then it is closed.
  void close_with(const reply& last);

  const server_settings& settings() const noexcept { return *settings_; }
  const connection_facts& facts() const noexcept { return facts_; }
  bool in_transaction() const noexcept { return mail_; }
  std::uint32_t recipients() const noexcept { return recipients_; }
  /// After `turned`: what the peer has sent behind ATRN.
  base::const_bytes rest() const noexcept { return input_.view(); }
  bool is_authenticated() const noexcept { return authenticated_; }
  /// While an event is handled that a line led to: that line with CRLF. A view, as of `body_chunk`.
  base::const_bytes line() const noexcept { return input_.view().substr(0, shown_); }

private:
  enum class state : std::uint8_t {
    command,
    skip_line,       ///< the rest of a refused line
    auth,            ///< a line that answers a challenge
    data,            ///< dot-stuffed text
    drop_data,       ///< refused text, to its end
    bdat,            ///< counted octets
    burl,            ///< octets of a URL
    drop_bdat,       ///< refused counted octets
    tls,             ///< waiting for tls_started
    turned,          ///< ATRN: the other way round now
    closed
  };
  enum class question : std::uint8_t { none, password, credentials, proof, failure, mail, rcpt, data, url, message, queue, turn, tls };

  // server_session.cpp: the wheel
  void say(std::uint16_t code, std::string_view enhanced, std::string_view text) { append_reply(output_, code, enhanced, text); }
  void push(event e) { events_.push_back(std::move(e)); }
  void ask(question q, event e);
  void release_view();
  bool step();                          ///< false: more input is needed
  bool step_line();
  bool step_skip_line();
  void skip_line(fault what, std::uint16_t code, std::string_view enhanced, std::string_view text);
  /// Says the reply, counts the fault, and ends the session when there were too many.
  void fault_reply(fault what, std::uint16_t code, std::string_view enhanced, std::string_view text);
  void count_fault(fault what);
  void end(end_reason);
  void end_with_421(end_reason, fault, std::string_view enhanced, std::string_view text);
  void expect_command();
  void reset_transaction(std::optional<reset_reason> told);
  void settle(const reply&);            ///< the answer to mail, rcpt or data

  // server_commands.cpp: one function a command
  void on_command(std::string_view line);
  void on_greeting(verb, std::string_view name);
  void announce();
  void on_mail(std::string_view arguments);
  bool mail_refused(const mailbox&, const mail_parameters&);
  void on_rcpt(std::string_view arguments);
  void on_data(std::string_view arguments);
  void on_bdat(std::string_view arguments);
  void on_burl(std::string_view arguments);
  void on_starttls(std::string_view arguments);
  void on_idle(verb, std::string_view arguments);
  void on_etrn(std::string_view arguments);
  void on_atrn(std::string_view arguments);
  void idle_command();
  extensions offered() const;
  bool has_auth() const noexcept;

  // server_auth.cpp
  void on_auth(std::string_view arguments);
  void on_auth_line(std::string_view line);
  void auth_step(sasl::step);
  void auth_failed(sasl::failure, std::string user);
  void count_failed_login();
  void auth_succeeded(const sasl::succeeded&);

  // server_body.cpp
  bool step_data();
  bool step_drop_data();
  bool step_bdat();
  bool step_burl();
  bool step_drop_bdat();
  void start_body(bool chunked);
  void emit(std::size_t octets);
  /// The message is refused behind `passed` octets of the input; the rest is read and dropped.
  void refuse_body(fault, reply, std::size_t passed, const line_scanner& before);
  void drop_chunk(std::uint64_t octets, reply answer, bool counts);
  void answer_refused();

  std::shared_ptr<const server_settings> settings_;
  connection_facts facts_;
  base::instant begun_, now_;
  base::wall_time wall_;
  base::instant deadline_{};            ///< of the present wait
  base::instant message_deadline_{};
  base::buffer input_, output_;
  std::size_t shown_ = 0;               ///< octets of `input_` that the last event shows; gone at the next call
  std::size_t scanned_ = 0;             ///< of the present line, without a LF
  std::vector<event> events_;
  std::size_t events_taken_ = 0;
  state state_ = state::command;
  question question_ = question::none;
  bool paused_ = false, draining_ = false;

  // Of the session
  std::optional<greeting_verb> greeting_;
  bool authenticated_ = false;
  std::uint32_t mails_ = 0, faults_ = 0, refused_recipients_ = 0, idle_commands_ = 0, failed_logins_ = 0;
  std::optional<sasl::server_exchange> exchange_;
  sasl::mechanism mechanism_{};
  std::optional<sasl::succeeded> succeeded_; ///< its last words are sent, an empty line is awaited

  // Of the transaction
  bool mail_ = false, tried_recipients_ = false, smtputf8_ = false, chunked_ = false;
  body_type body_ = body_type::seven_bit;
  std::uint32_t recipients_ = 0;
  std::uint64_t octets_ = 0;            ///< of the message so far
  std::uint64_t chunk_octets_ = 0, chunk_left_ = 0;
  bool chunk_last_ = false;
  std::string url_;                     ///< of the present BURL
  std::uint64_t url_offset_ = 0;        ///< octets of it so far
  std::string url_piece_;               ///< that the last event shows
  line_scanner scanner_;

  // Of what is refused and dropped
  end_finder end_finder_;
  std::uint64_t dropped_ = 0;
  reply refusal_;                       ///< said at the end of it
  std::uint32_t refusal_count_ = 1;     ///< so many times: on LMTP once a recipient
  bool refusal_counts_ = false;         ///< as a fault
};

static_assert(session<server_session>);

} // namespace rookery::smtp
