/// The server's side of one IMAP connection.
///
/// Reads commands (with their literals), knows the states of RFC 9051 §3, answers alone what
/// needs no mailbox, and hands the rest to its host, one command at a time:
///
///   event                    the host's answer
///   find_credentials         credentials_found
///   check_password           password_verified
///   check_proof              proof_judged
///   authenticated            accept_login | refuse_login
///   authentication_failed    (a fact, for the log); if `held`: say_failure
///   command                  untagged rows through `writer()`, then respond_ok | _no | _bad;
///                            SELECT: `selected` before respond_ok; CLOSE, UNSELECT: `deselected` before;
///                            UNAUTHENTICATE: `unauthenticated` instead
///   append_begin, append_next   accept_append | refuse_append
///   append_url, append_text  accept_append | refuse_append: the next part of a message that CATENATE puts together
///   append_chunk, append_message_end   (facts)
///   append_end               respond_ok | respond_no
///   append_aborted           (a fact: nothing of this APPEND may be kept; no answer)
///   idle_begin               (a fact: from now on write news at any time)
///   idle_end                 write the last news, then respond_ok
///   condstore_enabled        (a fact: print HIGHESTMODSEQ of the selected mailbox)
///   start_tls                once the output is sent, put TLS below and call tls_started
///   compress                 once the output is sent, put DEFLATE below and call compress_started
///   logged_out               (a fact: the client said LOGOUT; `closed` follows)
///
/// While a command is open, later input waits unparsed (bounded by pipelined_octets). Wrong
/// states, broken syntax and limits never reach the host. Views in events live until the next
/// call on the session; commands own their strings.
///
/// Source: RFC 9051, RFC 3501; RFC 7888 (literals), RFC 2177, RFC 2971, RFC 4959 (SASL-IR),
/// RFC 4978 (COMPRESS), RFC 5161, RFC 6855, RFC 7162, RFC 3502, RFC 4469 (CATENATE), RFC 8437, RFC 8508.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/imap/client_mode.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/command.hpp"
#include "protocols/imap/limits.hpp"
#include "protocols/imap/literal.hpp"
#include "protocols/imap/response_writer.hpp"
#include "protocols/sasl/server_exchange.hpp"
#include "protocols/session.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rookery::imap {

/// Shared by all sessions of a listener; immutable.
struct server_settings {
  std::string host_name = "localhost";
  std::string product = "Rookery";   ///< name in ID
  std::string version;               ///< version in ID; empty: not said
  bool tls_available = true;         ///< offer STARTTLS on plain connections
  bool compress_available = true;    ///< offer COMPRESS=DEFLATE
  bool plaintext_logins = false;     ///< passwords without TLS from anywhere (tests, closed nets)
  bool literal_minus = false;        ///< announce LITERAL- instead of LITERAL+
  std::string other_users = "Other Users"; ///< namespace of folders of other accounts; "": none
  std::string public_folders = "Public";   ///< namespace of the domain's own folders; "": none
  sasl::mechanism_choice mechanisms;
  server_limits limits;
};

/// What the client is allowed to say now (RFC 9051 §3).
enum class session_state : std::uint8_t { not_authenticated, authenticated, selected, logout };

struct find_credentials { std::string authzid, user; sasl::scram_digest digest = sasl::scram_digest::sha_256; };
struct check_password { std::string authzid, user, password; };
struct check_proof { sasl::check_proof question; };
/// The client proved to be `user`. `authzid` is empty or whom it wants to act for.
struct authenticated {
  std::string user, authzid;
  std::string_view mechanism; ///< "PLAIN", "LOGIN" (the command too), ...
};
/// When `held` (a wrong SCRAM proof, which the session judges itself) the client is not told
/// before `say_failure`, so that guessing is slow.
struct authentication_failed {
  std::string user;          ///< as tried; may be empty
  std::string_view mechanism;
  sasl::failure why;
  bool held = false;
};
struct command {
  std::string tag;
  any_command what;
};
struct append_begin {
  std::string tag;
  std::string mailbox;
  append_message message;
  std::optional<replaced_message> replaced; ///< REPLACE: this one goes, and no second message comes
};
struct append_next { append_message message; };
struct append_url { std::string url; };          ///< the octets that it names belong here
struct append_text { std::uint64_t octets = 0; }; ///< so many will come as append_chunk
struct append_chunk { base::const_bytes octets; };
struct append_message_end {};
struct append_end { std::size_t messages = 0; };
struct append_aborted {};
struct idle_begin {};
struct idle_end {};
struct condstore_enabled {};
struct start_tls {};
struct compress { std::string tag; };
struct client_id { std::vector<std::pair<std::string, std::string>> pairs; }; ///< a fact, for the log
struct logged_out {};

/// A login that another node has found to be right, and has not answered.
struct resumed_login {
  std::string tag;
  std::string user;           ///< an account's address
  imap::language language = imap::language::english;
};

class server_session {
public:
  using event = std::variant<find_credentials, check_password, check_proof, authenticated, authentication_failed, command,
                             append_begin, append_next, append_url, append_text, append_chunk, append_message_end, append_end, append_aborted,
                             idle_begin, idle_end, condstore_enabled, start_tls, compress, client_id, logged_out>;

  /// Begins with the greeting in the output.
  server_session(std::shared_ptr<const server_settings>, connection_facts, base::instant now);
  /// Goes on where another node's session stopped: no greeting, `authenticated` (mechanism "") is the first event.
  server_session(std::shared_ptr<const server_settings>, connection_facts, base::instant now, resumed_login);
  ~server_session();
  server_session(server_session&&) noexcept;
  server_session& operator=(server_session&&) noexcept;

  // protocols/session.hpp
  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return out_.view(); }
  void sent(std::size_t octets) noexcept;
  std::optional<base::instant> deadline() const;
  bool wants_input() const noexcept;
  bool closed() const noexcept { return closing_; }

  /// Octets that wait to be sent: the host stops writing rows above its high-water mark.
  std::size_t output_octets() const noexcept { return out_.size(); }
  /// Frees unused memory of the buffers: for connections that fell idle.
  void release();

  // Login.
  void credentials_found(const sasl::scram_credentials&, bool known);
  void password_verified(bool right);
  void proof_judged(bool right, std::string_view user);
  void say_failure();
  void accept_login();
  /// NO [code] text: "AUTHORIZATIONFAILED", "CONTACTADMIN", "UNAVAILABLE" ...; stays unauthenticated.
  /// Also instead of password_verified, proof_judged and credentials_found, when they cannot be had.
  void refuse_login(std::string_view code, std::string_view text);

  // The open command. `code` without brackets, may be empty.
  void respond_ok(std::string_view code, std::string_view text);
  void respond_no(std::string_view code, std::string_view text);
  void respond_bad(std::string_view code, std::string_view text);
  /// The mailbox of the open SELECT is selected from now on.
  void selected(bool read_only);
  /// No mailbox is selected any more: CLOSE, UNSELECT; also when the selected mailbox was deleted.
  void deselected();
  /// The host has left the account (UNAUTHENTICATE): answers OK; everything is as after the greeting.
  void unauthenticated();
  /// Go on with the message that append_begin or append_next announced; sends "+" if the client waits.
  void accept_append();
  /// The APPEND fails with a tagged NO; what the client sends of it nevertheless is dropped.
  /// After append_begin, append_next, append_url, append_text and at any time up to append_end. append_aborted does not follow.
  void refuse_append(std::string_view code, std::string_view text);
  /// While held no append_chunk comes, and input stops when the buffer is full.
  void hold_append(bool);

  /// Where untagged answers go. Valid until the next call that moves the session.
  response_writer writer() noexcept { return {out_, mode_}; }
  base::buffer& out() noexcept { return out_; }

  /// The driver put TLS below: plain text received before is dropped, the session begins anew
  /// (without a second greeting).
  void tls_started(connection_facts, base::instant now);
  /// The driver put DEFLATE below.
  void compress_started();
  /// BYE at the next boundary: now, or after the open command's answer. RFC 9051 §7.1.5.
  void shut_down(std::string_view text = "Server is shutting down");
  /// The driver's spelling.
  void shut_down(base::instant) { shut_down(); }
  /// BYE at once and close, whatever is open (account deleted, internal failure).
  void abort(std::string_view code, std::string_view text);

  // What is known.
  session_state state() const noexcept { return state_; }
  const client_mode& mode() const noexcept { return mode_; }
  const connection_facts& facts() const noexcept { return facts_; }
  bool read_only() const noexcept { return read_only_; }
  /// In IDLE: news may be written at any time, EXPUNGE too.
  bool idling() const noexcept;
  /// No command is open: what NOTIFY asked for may be written (a line or a literal may be on its way in).
  bool between_commands() const noexcept;
  /// While held no command begins and IDLE does not end: the host writes something in pieces.
  void hold_commands(bool held) noexcept { commands_held_ = held; }
  /// A command is with the host.
  bool command_open() const noexcept;
  /// Tag of the open command; for ESEARCH.
  std::string_view tag() const noexcept { return tag_; }
  /// "$" (RFC 9051 §6.4.4.1); forgotten when another mailbox is selected.
  const number_ranges& saved_uids() const noexcept { return saved_uids_; }
  void save_uids(number_ranges);
  /// What came and was not read yet: while a login is with the host, for the session that follows this one.
  base::const_bytes unread() const noexcept { return in_.view().substr(used_by_event_); }
  /// The capabilities as CAPABILITY would print them now.
  std::string capabilities() const;

private:
  enum class phase : std::uint8_t {
    line,             ///< collecting a command
    literal,          ///< collecting a literal of it
    swallow,          ///< dropping a refused literal
    swallow_line,     ///< dropping the rest of a refused command's line
    host,             ///< a command is with the host
    sasl_host,        ///< a question of SASL is with the host
    sasl_client,      ///< the client owes an answer to a challenge
    failure_host,     ///< a held authentication_failed is with the host
    login_host,       ///< `authenticated` is with the host
    append_host,      ///< append_begin, append_next, append_url or append_text is with the host
    append_literal,   ///< a message streams
    append_after,     ///< after a message or a part: the rest of the line
    append_url_literal, ///< collecting a URL in CATENATE
    append_end_host,  ///< append_end is with the host
    idle,             ///< waiting for DONE
    idle_end_host,    ///< idle_end is with the host
    starting_tls,     ///< input is dropped
    starting_compress,
    gone
  };
  struct append_progress;
  struct sasl_progress;

  // server_session.cpp. Each step gives false when it needs more input or an answer.
  bool step();
  bool step_line();
  bool step_literal();
  bool step_swallow();
  bool step_swallow_line();
  bool step_idle();
  void run_command(std::string_view text);
  void run(any_command&&);
  void refuse(const command_head&, parse_fault, const char* text);
  void begin_literal(const literal&, std::size_t line_end);
  void swallow_after(const literal*);
  void enable(const std::vector<std::string>& names);
  void enable_condstore();
  void speak(const std::vector<std::string>& ranges);
  void compare_by(const std::vector<std::string>& comparators);
  void count_error();
  std::size_t line_limit() const noexcept;
  bool may(const command_rule&) const noexcept;
  parse_limits reading() const noexcept { return {&settings_->limits, mode_.utf8_names(), mode_.uid_only}; }
  void consume(std::size_t octets);
  void finish(std::string_view kind, std::string_view code, std::string_view text);
  void tagged(std::string_view tag, std::string_view kind, std::string_view code, std::string_view text);
  void close(std::string_view code, std::string_view text);
  void greet();

  // server_session_login.cpp
  bool step_sasl_line();
  void begin_login(login_request&&);
  void begin_authenticate(authenticate_request&&);
  void run_sasl(sasl::step&&);
  void end_sasl_failed(sasl::failure, std::string user);
  void count_login_failure();
  connection_facts login_facts() const;

  // server_session_append.cpp
  bool step_append_literal();
  bool step_append_after();
  bool step_append_url_literal();
  void begin_append(const command_head&, append_head&&, std::string_view rest, const std::optional<literal>&);
  void announce_append(append_message&&, const literal&);
  void announce_catenation(append_message&&);
  void announce_message();
  void next_part();
  void go_on_append();
  /// We refuse: tells the host if it has heard of this APPEND.
  void drop_append(std::string_view kind, std::string_view code, std::string_view text);

  std::shared_ptr<const server_settings> settings_;
  connection_facts facts_;
  base::buffer in_;
  base::buffer out_;
  phase phase_ = phase::line;
  session_state state_ = session_state::not_authenticated;
  client_mode mode_;
  bool read_only_ = false;
  bool closing_ = false;
  bool shut_down_ = false;
  bool compressed_ = false;
  bool append_held_ = false;
  bool commands_held_ = false;
  bool idle_broken_ = false;        ///< IDLE ended with something else than DONE
  std::string shut_down_text_;
  std::string tag_;
  std::size_t scanned_ = 0;         ///< octets of in_ that were looked at
  std::size_t line_begin_ = 0;      ///< where the piece of line that is being collected begins in in_
  std::size_t line_octets_ = 0;     ///< text of the command without literals so far
  std::size_t used_by_event_ = 0;   ///< octets of in_ that an append_chunk points at: dropped at the next call
  std::uint64_t literal_left_ = 0;
  bool literal_binary_ = false;     ///< NUL is allowed in it
  std::size_t errors_ = 0;
  std::size_t login_failures_ = 0;
  base::instant now_{};
  base::instant last_activity_{};
  number_ranges saved_uids_;
  std::unique_ptr<sasl_progress> sasl_;
  std::unique_ptr<append_progress> append_;
  std::vector<event> queued_;       ///< rarely more than one
};

} // namespace rookery::imap
