/// The client's side of POP3, as a session: logs in, lists, fetches, removes.
///
/// Source: RFC 1939; CAPA, PIPELINING and response codes RFC 2449; STLS RFC 2595 §4;
/// AUTH RFC 5034; RFC 3206. APOP is left out (MD5 of the password).
///
/// The order of things, and what the host says to each:
///   start_tls   once the output is sent put TLS below, then tls_started
///   check_peer  TLS is up: peer_accepted, or peer_refused
///   derive_key  sasl::derive_key in a thread that may compute long, then key_derived
///   entry*, listed   the maildrop; from now on retrieve, remove, quit
///   message_begin, message_chunk*, message_end   what retrieve asked for, in order
///   message_missing, removed                     other answers
///   gone        the last event; `closed` is true
/// Retrievals and removals may be asked ahead (`can_ask`); with PIPELINING they are sent
/// ahead too. What was removed is gone for good once `gone` says `committed`.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/pop3/client_limits.hpp"
#include "protocols/pop3/multi_line_reader.hpp"
#include "protocols/remote_login.hpp"
#include "protocols/sasl/client_login.hpp"
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

struct client_settings {
  remote_login login;
  bool pipelining = true; ///< Where the server has it.
  client_limits limits;
};

enum class client_end : std::uint8_t {
  quit,             ///< As asked; the server answered QUIT.
  refused,          ///< The greeting was -ERR, or the maildrop cannot be listed.
  no_tls,           ///< TLS is required and the server has none.
  peer_refused,     ///< The host did not accept the server's certificate.
  no_login,         ///< No way to log in: a password may not travel so, or the mechanisms are unknown.
  login_refused,    ///< Name or password is wrong.
  login_later,      ///< [IN-USE], [LOGIN-DELAY], [SYS/TEMP]: try again later.
  timeout,          ///< A limit of time passed.
  malformed,        ///< The server's octets are no POP3.
  over_limit,       ///< More or longer than client_limits allow.
  shut_down
};
/// "login_refused" and so on, for logs and metrics.
std::string_view name(client_end) noexcept;

namespace client_event {

struct start_tls {};
struct check_peer {};
struct derive_key { sasl::key_question question; };
/// One message of the maildrop. `uid` is empty when the server has no UIDL (or gave no
/// proper id); `octets` is what LIST said.
struct entry { std::uint32_t number = 0; std::uint64_t octets = 0; std::string_view uid; };
struct listed { std::uint32_t messages = 0; bool unique_ids = false; };
struct message_begin { std::uint32_t number = 0; };
struct message_chunk { base::const_bytes octets; };
struct message_end { std::uint32_t number = 0; };
/// RETR was refused.
struct message_missing { std::uint32_t number = 0; std::string text; };
/// DELE was answered; `done` false: refused.
struct removed { std::uint32_t number = 0; bool done = false; };
/// `text` is the server's word where it has one, made printable.
struct gone { client_end why = client_end::quit; bool committed = false; std::string text; };

} // namespace client_event

class client_session {
public:
  using event = std::variant<client_event::start_tls, client_event::check_peer, client_event::derive_key,
                             client_event::entry, client_event::listed, client_event::message_begin, client_event::message_chunk,
                             client_event::message_end, client_event::message_missing, client_event::removed,
                             client_event::gone>;

  /// The connection is there; with implicit TLS when the handshake is done.
  client_session(std::shared_ptr<const client_settings>, connection_facts, base::instant now);
  client_session(const client_session&) = delete;

  // The shape of every session (protocols/session.hpp).
  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return output_.view(); }
  void sent(std::size_t octets) noexcept { output_.consume(octets); }
  std::optional<base::instant> deadline() const noexcept;
  bool wants_input() const noexcept { return !closed_ && input_.size() < settings_->limits.input_octets; }
  bool closed() const noexcept { return closed_; }

  // Answers.
  void tls_started(const connection_facts&, base::instant now);
  void peer_accepted(base::instant now);
  /// Ends without a word more.
  void peer_refused(std::string_view why);
  void key_derived(std::string_view key, base::instant now);

  // After `listed`.
  bool can_ask() const noexcept { return state_ == state::ready && !quitting_ && asked_.size() < settings_->limits.asked_ahead; }
  void retrieve(std::uint32_t number, base::instant now);
  void remove(std::uint32_t number, base::instant now);
  /// When all that was asked is answered: QUIT. Before `listed`, ends as soon as possible.
  void quit(base::instant now);
  /// The present message is not wanted any more: no chunks of it come, but its end does.
  void skip_message() noexcept { skipping_ = true; }
  /// Nothing open: QUIT. Else ends at once; removals are not committed then.
  void shut_down(base::instant now);

  const connection_facts& facts() const noexcept { return facts_; }

private:
  enum class state : std::uint8_t {
    greeting, peer, capabilities, stls, tls, auth, key, user, password, sizes, ids, entries, ready, quit
  };
  enum class verb : std::uint8_t { retrieve, remove };
  struct asked {
    verb what;
    std::uint32_t number;
  };
  struct capabilities {
    bool stls = false, pipelining = false;
    std::vector<std::string> mechanisms;
  };

  // client_session.cpp: the wheel
  void command(std::string_view text);
  void push(event e) { events_.push_back(std::move(e)); }
  bool step();                               ///< False: more input is needed.
  bool read_line(std::string_view& line);
  void end(client_end, std::string_view text = {}, bool committed = false);
  void expect_reply(base::instant now) noexcept { reply_by_ = now + settings_->limits.reply_time; }

  // client_login.cpp: from the greeting to the login
  void on_greeting(std::string_view line);
  void ask_capabilities();
  void on_capability(std::string_view line);
  void on_capabilities();
  void log_in();
  void begin_auth();
  void auth_step(sasl::login_step);
  void on_auth_answer(std::string_view line);
  void log_in_by_user();
  void on_login_answer(bool ok, std::string_view text);
  bool asks_host() const noexcept { return state_ == state::peer || state_ == state::tls || state_ == state::key; }

  // client_transfer.cpp: listing, fetching, removing
  void ask_listing();
  void on_size(std::string_view line);
  void on_sizes();
  void on_id(std::string_view line);
  void give_entry_without_id();
  void on_listed(bool unique_ids);
  void send_asked();
  void on_asked_answer(bool ok, std::string_view text);
  void asked_answered();
  bool read_message();

  std::shared_ptr<const client_settings> settings_;
  connection_facts facts_;
  base::instant now_;                        ///< As the driver said last.
  base::instant reply_by_;                   ///< The answer that is awaited has to begin then.
  base::buffer input_, output_;
  std::size_t used_ = 0;                     ///< Octets of `input_` that the last event's views use.
  std::size_t scanned_ = 0;                  ///< Of the present line, without a LF.
  std::deque<event> events_;
  state state_ = state::greeting;
  bool in_list_ = false;                     ///< The first line of a multi-line answer was read.
  bool closed_ = false, quitting_ = false, peer_known_ = false;
  capabilities capabilities_;
  std::size_t capability_lines_ = 0;
  std::optional<sasl::client_login> auth_;
  static constexpr std::uint64_t size_unknown = ~std::uint64_t{0};
  std::vector<std::uint64_t> sizes_;         ///< By number less one; until `listed`.
  std::uint32_t messages_ = 0;               ///< Entries given.
  std::size_t next_entry_ = 0;               ///< Where the server has no UIDL.

  std::deque<asked> asked_;                  ///< Sent ones first.
  std::size_t sent_ahead_ = 0;
  bool in_message_ = false, skipping_ = false;
  std::uint64_t message_octets_ = 0;
  multi_line_reader lines_;
};

static_assert(session<client_session>);

} // namespace rookery::pop3
