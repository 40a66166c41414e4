/// The client's side of SMTP and LMTP: brings mail to one server, transaction after transaction.
///
/// Source: RFC 5321; LMTP RFC 2033; extensions in README.md. Shape: protocols/session.hpp.
/// The body's octets are streamed by the host. Nothing from outside gets into a command with CR, LF or NUL.
///
/// Questions, and what answers them:
///   start_tls     tls_started (after the output was sent and TLS put below)
///   check_peer    peer_accepted, or quit
///   derive_key    key_derived
///   ready         begin, or quit; both may wait for long: the server may end the connection meanwhile
///   want_body     body … body_done; the pieces when the output has room and while takes_body
/// Whoever ends the connection: `gone` is the last event, and each recipient of a transaction under way has
/// its outcome before. Before answering, call `tick` if time has passed since the last call that took a time.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/sasl/client_exchange.hpp"
#include "protocols/session.hpp"
#include "protocols/smtp/body_writer.hpp"
#include "protocols/smtp/capabilities.hpp"
#include "protocols/smtp/reply_reader.hpp"
#include "protocols/smtp/transaction.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::smtp {

enum class tls_use : std::uint8_t {
  none,
  when_offered, ///< STARTTLS if the server has it; if it refuses, in the clear
  required,     ///< STARTTLS, or no mail
  implicit      ///< TLS is there already: the session begins with check_peer
};

/// RFC 5321 §4.5.3.2, each by its name; for one whole reply, or for the peer to take some octets.
struct client_times {
  std::chrono::seconds greeting{300};      ///< §4.5.3.2.1
  std::chrono::seconds hello{300};         ///< EHLO, HELO, STARTTLS, AUTH, RSET: not named there
  std::chrono::seconds mail{300};          ///< §4.5.3.2.2
  std::chrono::seconds recipient{300};     ///< §4.5.3.2.3
  std::chrono::seconds data_begin{120};    ///< §4.5.3.2.4
  std::chrono::seconds data_block{180};    ///< §4.5.3.2.5
  std::chrono::seconds data_end{600};      ///< §4.5.3.2.6
  std::chrono::seconds quit{10};           ///< for the answer to QUIT, which nobody needs
};

struct client_limits {
  /// A line of a reply. RFC 5321 §4.5.3.1.5 asks for 512; beyond it the session ends.
  std::size_t reply_line_octets = 2048;
  std::size_t reply_lines = 200;
  std::size_t reply_octets = 64 * 1024;
  /// Recipients of one transaction; the server may want less (RFC 9422). The rest ends untried.
  std::uint32_t recipients = 1000;
  /// Octets of one BDAT chunk.
  std::size_t chunk_octets = 256 * 1024;
  /// A message up to this goes out with its envelope, before any recipient is accepted (BDAT and PIPELINING).
  std::uint64_t eager_octets = 64 * 1024;
  /// Transactions on one connection; then the session says QUIT by itself.
  std::uint32_t mails = 1000;
};

/// Of one connection. Immutable, may be shared.
struct client_settings {
  std::string host_name = "localhost";     ///< in EHLO: a domain or an address literal
  bool lmtp = false;
  tls_use tls = tls_use::when_offered;
  std::optional<sasl::client_credentials> credentials;
  /// Passwords without TLS off loopback.
  bool allow_plaintext_auth = false;
  bool pipelining = true, chunking = true; ///< false: not used although offered
  client_times times;
  client_limits limits;
};

class client_session {
public:
  /// Send the output, put TLS below, then call `tls_started`. What the server sent behind its 220 in plain
  /// text is dropped there (RFC 3207 §4.2).
  struct start_tls {};
  /// TLS is there: may mail go to this peer? `facts()` says what is known of it.
  struct check_peer {};
  /// Slow: give `sasl::derive_key(question)`, computed elsewhere, to `key_derived`.
  struct derive_key { sasl::key_question question; };
  /// Nothing is under way: begin a transaction or quit. `capabilities()` is complete.
  struct ready {};
  /// The server waits for the message. Once a transaction.
  struct want_body {};
  struct transaction_ended {
    std::vector<recipient_outcome> outcomes; ///< one a recipient, in their order
    std::optional<obstacle> why;             ///< then nothing was sent
    bool dsn_passed_on = false;              ///< the server knows DSN: reports are its matter from now on
  };
  /// The connection is of no use for mail: `gone` follows. Not within transactions.
  struct session_failed {
    stage where;
    std::optional<reply> said;               ///< the server's words
    std::string text;                        ///< ours, in English
    bool retryable;                          ///< later, or at another host; false: this host takes no mail from us
  };
  enum class ended : std::uint8_t { quit, by_peer, timeout, broken, aborted };
  /// The session has said its last word; `closed` is true. The last event.
  struct gone { ended why; };
  using event = std::variant<start_tls, check_peer, derive_key, ready, want_body, transaction_ended, session_failed, gone>;

  client_session(std::shared_ptr<const client_settings>, connection_facts, base::instant now);

  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return output_.view(); }
  void sent(std::size_t octets) noexcept;
  std::optional<base::instant> deadline() const noexcept;
  bool wants_input() const noexcept;
  bool closed() const noexcept { return state_ == state::closed; }

  // Answers.
  void tls_started(const connection_facts&, base::instant now);
  void peer_accepted();
  void key_derived(std::string_view key);
  /// After `ready`. What the server cannot take ends at once with an obstacle, and `ready` follows again.
  /// False: the connection has ended meanwhile, nothing was taken.
  bool begin(transaction);
  /// Pieces of the message as it is stored, while `takes_body`. Ignored when the transaction has ended meanwhile.
  void body(base::const_bytes octets);
  /// False: the transaction has ended, or a chunk waits for its answer: ask again when that may have come.
  bool takes_body() const noexcept;
  void body_done();
  /// The message cannot be read: the transaction ends with `deferred` and so does the connection, for a
  /// message that is broken off must not look whole.
  void body_failed();

  // At any time.
  /// QUIT as soon as nothing is under way; a transaction is finished first.
  void quit();
  void shut_down(base::instant now);
  /// Ends at once, without QUIT.
  void abort();
  /// The connection is lost: the peer has closed it, or the network has. `text`: how, for the outcomes; "" = closed.
  void lost(base::instant now, std::string_view text = {});

  const client_settings& settings() const noexcept { return *settings_; }
  const connection_facts& facts() const noexcept { return facts_; }
  const smtp::capabilities& capabilities() const noexcept { return capabilities_; }
  /// The greeting's and the EHLO answer's text, for logs.
  const std::string& banner() const noexcept { return banner_; }
  /// What would keep the transaction from being sent here, if anything. After `ready`.
  std::optional<obstacle> obstacle_to(const transaction&) const;
  /// How many recipients a transaction may have here.
  std::uint32_t recipients_most() const noexcept;
  std::uint32_t mails() const noexcept { return mails_; }
  bool authenticated() const noexcept { return authenticated_; }
  /// A transaction is under way: begun, and not ended.
  bool in_transaction() const noexcept { return state_ == state::transaction; }

private:
  enum class state : std::uint8_t {
    check,        ///< waits for peer_accepted
    greeting, ehlo, helo, starttls,
    tls,          ///< waits for tls_started
    auth,
    key,          ///< waits for key_derived
    idle, transaction, reset, quit, closed
  };
  /// An answer that is awaited within a transaction.
  struct awaited {
    enum class kind : std::uint8_t { mail, recipient, data, chunk, last } what;
    std::uint32_t recipient = 0;
  };
  enum class content : std::uint8_t { none, data_said, body, done };

  // client_session.cpp: the wheel
  void push(event e) { events_.push_back(std::move(e)); }
  void say(std::string_view line);
  void wait(std::chrono::seconds) noexcept;
  bool step();
  void on_reply(const reply&);
  stage present_stage() const noexcept;
  void fail(stage, std::optional<reply> said, std::string text, bool retryable, bool polite);
  void break_off(ended, std::string_view enhanced, std::string text);
  void say_quit();
  void end(ended);

  // client_opening.cpp: until `ready`
  void on_greeting(const reply&);
  void on_hello(const reply&);
  void on_starttls(const reply&);
  void say_hello();
  void opened();
  void begin_auth();
  void on_auth(const reply&);
  void auth_step(sasl::client_step);
  void set_ready();

  // client_transaction.cpp
  void on_transaction_reply(const reply&);
  void on_recipient(std::uint32_t, const reply&);
  void on_last(const reply&);
  void advance();
  void say_mail();
  void say_recipient(std::uint32_t);
  void send_chunk(bool last);
  void settle(std::uint32_t recipient, const reply&, stage);
  void settle_taken(const reply&, stage);
  void settle_open(const reply&, stage);
  void end_with_obstacle(obstacle);
  void finish();
  std::string path(const mailbox&) const;
  bool needs_utf8(const mailbox&) const;
  void expect(awaited);
  std::chrono::seconds time_for(const awaited&) const noexcept;
  bool pipelined() const noexcept { return capabilities_.pipelining && settings_->pipelining; }
  bool answered() const noexcept { return awaited_taken_ == awaited_.size(); }

  std::shared_ptr<const client_settings> settings_;
  connection_facts facts_;
  base::instant now_;
  base::instant armed_;                 ///< when the present wait began
  std::chrono::seconds wait_{0};
  bool waiting_ = false, progress_ = false;
  base::buffer input_, output_;
  reply_reader reader_;
  std::vector<event> events_;
  std::size_t events_taken_ = 0;
  state state_ = state::greeting;
  bool greeted_ = false, quitting_ = false;

  // Of the session
  std::string banner_;
  smtp::capabilities capabilities_;
  bool authenticated_ = false, tls_refused_ = false;
  std::uint8_t refused_mechanisms_ = 0;
  std::optional<sasl::client_exchange> exchange_;
  std::optional<std::string> first_response_; ///< for a challenge, since it was too long for the command
  std::uint32_t mails_ = 0;

  // Of the transaction
  transaction mail_;
  std::vector<recipient_outcome> outcomes_;
  std::vector<bool> settled_;           ///< its outcome is known
  std::vector<std::uint32_t> tried_;    ///< the recipients that are sent, in order
  std::vector<std::uint32_t> taken_;    ///< those the server has accepted
  std::vector<awaited> awaited_;
  std::size_t awaited_taken_ = 0;
  std::size_t said_ = 0;                ///< of `tried_`
  std::size_t answered_last_ = 0;       ///< LMTP: answers after the message
  bool mail_said_ = false, mail_refused_ = false, chunks_ = false, server_done_ = false;
  bool stopped_ = false;                ///< a chunk was refused
  bool all_given_ = false;              ///< body_done came while a chunk waits for its answer
  content content_ = content::none;
  body_writer writer_;
  base::buffer chunk_;
};

static_assert(session<client_session>);

} // namespace rookery::smtp
