/// The server's side of POP3, as a session.
///
/// Source: RFC 1939; CAPA and response codes RFC 2449; STLS RFC 2595 §4; AUTH RFC 5034;
/// AUTH-RESP-CODE RFC 3206; UTF8 and LANG RFC 6856, RFC 6858; PIPELINING. APOP is left out: it
/// needs the password itself on the server.
///
/// The session keeps sizes, unique ids and marks of one maildrop as it was at login;
/// bodies pass through it in pieces. Questions, and what answers them:
///   check_password       password_verified, or authentication_unavailable
///   find_credentials     credentials_found, or authentication_unavailable
///   check_proof          proof_judged, or authentication_unavailable
///   authentication_failed, if held   say_failure
///   open_maildrop        opened, or refused
///   retrieve             write_message*, end_message; or message_unavailable
///   quit_with_deletions  committed
///   start_tls            tls_started (after the output was sent and TLS put below)
/// At most one is open. Until it is answered `next_event` gives nothing more.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/pop3/limits.hpp"
#include "protocols/pop3/maildrop.hpp"
#include "protocols/pop3/message_lines.hpp"
#include "protocols/sasl/server_exchange.hpp"
#include "protocols/session.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::pop3 {

/// Shared by all sessions of a listener; immutable.
struct server_settings {
  std::string greeting = "POP3 server ready"; ///< Behind "+OK ".
  std::string implementation;                 ///< RFC 2449 §6.9; told after login only; may be empty.
  bool stls_available = false;                ///< A certificate is there.
  sasl::mechanism_choice mechanisms;
  pop3::limits limits;
};

// Questions.

/// `method` is "USER" or the name of a SASL mechanism, for logs.
struct check_password { std::string_view method; sasl::check_password question; };
struct find_credentials { std::string_view method; sasl::find_credentials question; };
struct check_proof { std::string_view method; sasl::check_proof question; };
/// The login was right: lock the maildrop of this user and list it.
struct open_maildrop { std::string_view method; std::string authzid, user; };
/// The octets of this message are wanted; for TOP as far as `wants_message` says.
struct retrieve { std::uint32_t index = 0; bool top = false; };
/// QUIT: these messages are to be removed for ever, all or none.
struct quit_with_deletions { std::vector<std::uint32_t> indexes; };
/// Send the output, put TLS below, then call `tls_started`. What the client sent behind
/// STLS in plain text is dropped there.
struct start_tls {};

// Facts.

/// `user` as tried; may be empty. When `held` (a wrong SCRAM proof, which the session judges
/// itself) the client is not told before `say_failure`, so that guessing is slow.
struct authentication_failed { std::string_view method; std::string user; sasl::failure why = sasl::failure::wrong; bool held = false; };
enum class end_reason : std::uint8_t { quit, timeout, too_many_errors, too_many_failed_logins, shut_down, message_failed, closed };
/// The session has said its last word; `closed` is true. The last event. Deletions that
/// were not committed are forgotten.
struct gone { end_reason why = end_reason::quit; };

/// Why a maildrop cannot be opened.
enum class refusal : std::uint8_t {
  in_use,      ///< [IN-USE] Another session has it (RFC 2449 §8.1.1).
  try_later,   ///< [SYS/TEMP] (RFC 3206)
  not_allowed, ///< [SYS/PERM] The account may not use POP3, or has no mailbox.
  quiet_hours  ///< [SYS/TEMP] Its users are not served now.
};

/// A login that another node has found to be right, and has not answered.
struct resumed_login {
  std::string user;           ///< an account's address
  bool utf8 = false;          ///< the client said UTF8
};

class server_session {
public:
  using event = std::variant<check_password, find_credentials, check_proof, open_maildrop, retrieve, quit_with_deletions, start_tls,
                             authentication_failed, gone>;

  /// Greets at once: with implicit TLS make it when the handshake is done.
  server_session(std::shared_ptr<const server_settings>, connection_facts, base::instant now);

  /// Goes on where another node's session stopped: no greeting, `open_maildrop` (method "") is the first event.
  server_session(std::shared_ptr<const server_settings>, connection_facts, base::instant now, resumed_login);

  // The shape of every session (protocols/session.hpp).
  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return output_.view(); }
  void sent(std::size_t octets) noexcept;
  std::optional<base::instant> deadline() const noexcept;
  bool wants_input() const noexcept;
  bool closed() const noexcept { return closed_; }

  // Answers.
  void password_verified(bool right);
  void credentials_found(const sasl::scram_credentials&, bool known);
  void proof_judged(bool right, std::string_view user);
  void authentication_unavailable();
  void say_failure();
  void opened(maildrop);
  void refused(refusal);
  /// A piece of the message, cut anywhere. Give the next when `output` is small.
  void write_message(base::const_bytes octets);
  bool wants_message() const noexcept { return question_ == question::message && lines_.wants_more(); }
  void end_message();
  /// -ERR [SYS/TEMP]; when a part was sent already, the session ends without its end, so
  /// that nobody takes the part for the whole.
  void message_unavailable();
  void committed(bool done);
  void tls_started(const connection_facts&, base::instant now);

  /// Ends at once, also while a login is checked, or when the open question (a message, a commit) is answered.
  void shut_down(base::instant now);
  /// The host ends the session: `last` is its last line, unless an answer of several lines is under
  /// way, which then has no end. A QUIT whose deletions are being committed ends by itself.
  void close_with(std::string_view last);

  const connection_facts& facts() const noexcept { return facts_; }
  bool authenticated() const noexcept { return transaction_; }
  /// The client said UTF8. If not, what it gets must be RFC 6858's surrogate.
  bool utf8() const noexcept { return utf8_; }
  /// What came and was not read yet: while a login is with the host, for the session that follows this one.
  base::const_bytes unread() const noexcept { return input_.view().substr(line_); }
  /// A question is open.
  bool asking() const noexcept { return question_ != question::none; }

private:
  enum class question : std::uint8_t { none, password, credentials, proof, failure, maildrop, message, commit, tls };
  enum class listing : std::uint8_t { none, sizes, ids };

  // server_session.cpp: the wheel
  void say(std::string_view text);           ///< One line, CRLF added.
  void push(event e) { events_.push_back(std::move(e)); }
  void ask(question q, event e);
  bool step();                               ///< False: more input or room is needed.
  bool read_line(std::string_view& line);
  void fault(std::string_view text);
  void end(end_reason);
  void end_in_order();
  void answered();

  // server_commands.cpp: one function a command
  void on_command(std::string_view line);
  void in_authorization(std::string_view verb, std::string_view arguments);
  void in_transaction(std::string_view verb, std::string_view arguments);
  void on_capa();
  void on_lang(std::string_view arguments);
  void on_list(std::string_view arguments, listing what);
  void on_retrieve(std::string_view arguments, bool top);
  void on_dele(std::string_view arguments);
  void on_quit();
  void some_of_listing();
  void say_entry(std::size_t index);
  message* find(std::string_view number);    ///< Says -ERR and gives null when there is none.

  // server_auth.cpp
  void on_user(std::string_view arguments);
  void on_pass(std::string_view arguments);
  void on_auth(std::string_view arguments);
  void on_auth_line(std::string_view line);
  void auth_step(sasl::step);
  void auth_failed(sasl::failure why, std::string user);
  void count_failed_login();

  std::shared_ptr<const server_settings> settings_;
  connection_facts facts_;
  base::instant begun_, active_;             ///< Of the connection; of the last sign of life.
  base::buffer input_, output_;
  std::size_t line_ = 0;                     ///< Octets of `input_` that a command's views use.
  std::size_t scanned_ = 0;                  ///< Of the present line, without a LF.
  std::deque<event> events_;
  question question_ = question::none;
  bool skipping_ = false;                    ///< The rest of a line that was too long.
  bool moved_ = false;                       ///< Octets were sent since the last look at the clock.
  bool closed_ = false, draining_ = false;
  bool transaction_ = false, utf8_ = false;
  std::uint32_t errors_ = 0, failed_logins_ = 0;

  std::string user_;                         ///< Of USER, until PASS.
  std::string_view method_;
  std::optional<sasl::server_exchange> exchange_;
  bool challenged_ = false;                  ///< The next line answers a challenge.
  std::optional<sasl::succeeded> succeeded_; ///< Its last words are sent, an empty line is awaited.

  maildrop drop_;
  std::size_t count_ = 0;                    ///< Without those marked as deleted.
  std::uint64_t octets_ = 0;
  listing listing_ = listing::none;
  std::size_t listed_ = 0;
  std::uint32_t index_ = 0;                  ///< Of the message under way.
  bool message_begun_ = false, top_ = false;
  message_lines lines_;
};

static_assert(session<server_session>);

} // namespace rookery::pop3
