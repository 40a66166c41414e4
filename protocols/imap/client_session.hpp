/// The client's side of IMAP, as a session: logs in, then does what its host asks.
///
/// Source: RFC 9051, RFC 3501; LITERAL+ RFC 7888, UIDPLUS RFC 4315, IDLE RFC 2177, ESEARCH
/// RFC 4731, CONDSTORE RFC 7162, LIST-EXTENDED RFC 5258, SPECIAL-USE RFC 6154. Messages are named by UID alone; numbers stay inside.
///
/// The order of things, and what the host says to each:
///   start_tls    once the output is sent put TLS below, then tls_started
///   check_peer   TLS is up: peer_accepted, or peer_refused
///   derive_key   sasl::derive_key in a thread that may compute long, then key_derived
///   ready        logged in; from now on the commands below, asked ahead while `can_ask`
///   what a command brings: mailbox, selected, found, row, message_begin, message_chunk*,
///   want_body (answered by body*, body_done), news; at its end `done`
///   gone         the last event; `closed` is true
/// Commands are done in the order asked; fetches are sent ahead of each other's answers.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/imap/client_limits.hpp"
#include "protocols/imap/flag.hpp"
#include "protocols/imap/response.hpp"
#include "protocols/imap/response_reader.hpp"
#include "protocols/imap/sequence_set.hpp"
#include "protocols/remote_login.hpp"
#include "protocols/sasl/client_login.hpp"
#include "protocols/session.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::imap {

struct client_settings {
  remote_login login;
  client_limits limits;
};

enum class client_end : std::uint8_t {
  logout,        ///< As asked.
  refused,       ///< The greeting was BYE.
  no_tls,        ///< TLS is required and the server has none.
  peer_refused,  ///< The host did not accept the server's certificate.
  no_login,      ///< No way to log in: a password may not travel so, or the mechanisms are unknown.
  login_refused, ///< Name or password is wrong.
  login_later,   ///< [UNAVAILABLE], [INUSE], [LIMIT]: try again later.
  bye,           ///< The server ended it.
  timeout,       ///< A limit of time passed.
  malformed,     ///< The server's octets are no IMAP.
  over_limit,    ///< More or longer than client_limits allow.
  shut_down
};
/// "login_refused" and so on, for logs and metrics.
std::string_view name(client_end) noexcept;

/// What a `done` belongs to.
enum class client_command : std::uint8_t { list, select, search, rows, fetch, store, expunge, append, idle, noop };

namespace client_event {

struct start_tls {};
struct check_peer {};
struct derive_key { sasl::key_question question; };
struct ready {};
struct mailbox { list_response what; };
/// SELECT and EXAMINE, before its `done`.
struct selected {
  std::uint32_t messages = 0, uid_validity = 0, uid_next = 0; ///< 0: not told
  std::uint64_t highest_modseq = 0;                           ///< CONDSTORE; 0: not told
  bool read_only = false;
};
/// UIDs, ascending.
struct found { number_ranges uids; };
/// A message without its octets. `size` is 0 and `internal_date` nothing where the server left them out.
struct row {
  std::uint32_t uid = 0;
  std::uint64_t size = 0;
  flag_list flags;
  std::optional<base::wall_time> internal_date;
};
struct message_begin { std::uint32_t uid = 0; std::uint64_t octets = 0; };
struct message_chunk { base::const_bytes octets; };
/// The message is whole.
struct message_end { std::uint32_t uid = 0; flag_list flags; std::optional<base::wall_time> internal_date; };
/// APPEND: exactly as many octets as announced are wanted now.
struct want_body {};
/// The selected mailbox has so many messages now; also in IDLE.
struct news { std::uint32_t messages = 0; };
/// A command has ended. `code` is in capitals; `text` is the server's word, made printable.
struct done {
  client_command what;
  bool ok = false;
  bool found = false;     ///< Of a fetch: its message_end came before. Messages of fetches sent ahead may come before this, too.
  std::uint32_t uid = 0; ///< Of a fetch, the first of rows; of an APPEND as the server gave it (APPENDUID), or 0.
  std::string code, arguments, text;
};
struct gone { client_end why = client_end::logout; std::string text; };

} // namespace client_event

class client_session {
public:
  using event = std::variant<client_event::start_tls, client_event::check_peer, client_event::derive_key,
                             client_event::ready, client_event::mailbox, client_event::selected, client_event::found, client_event::row,
                             client_event::message_begin, client_event::message_chunk, client_event::message_end,
                             client_event::want_body, client_event::news, client_event::done, client_event::gone>;

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

  // After `ready`. Names are UTF-8 with the server's own separator.
  bool can_ask() const noexcept { return state_ == state::ready && !leaving_ && asked_.size() < settings_->limits.asked_ahead; }
  bool capable(std::string_view capability) const noexcept;
  void list(std::string_view reference, std::string_view pattern, base::instant now);
  /// All mailboxes, with their special uses and subscriptions where the server tells them.
  void list_all(base::instant now);
  /// With `condstore` a server that has it tells its MODSEQ.
  void select(std::string_view mailbox, bool read_only, base::instant now, bool condstore = false);
  /// `criteria` as RFC 9051 §6.4.4 has them, our own words alone: "ALL", "UNSEEN SINCE 1-Feb-2026".
  void search(std::string_view criteria, base::instant now);
  /// Rows of the UIDs from `first` to `last` (0: to the end); with `changed_since` (CONDSTORE alone) of those that
  /// are new or changed since that MODSEQ.
  void rows(std::uint32_t first, std::uint32_t last, base::instant now, std::uint64_t changed_since = 0);
  /// The whole message, which does not become \Seen by it.
  void fetch(std::uint32_t uid, base::instant now);
  /// No chunks of the present message come any more, but its end does.
  void skip_message() noexcept { skipping_ = true; }
  void store(std::span<const number_range> uids, bool add, const flag_list&, base::instant now);
  /// UID EXPUNGE. A server without UIDPLUS expunges all that is \Deleted.
  void expunge(std::span<const number_range> uids, base::instant now);
  void append(std::string_view mailbox, const flag_list&, std::optional<base::wall_time>, std::uint64_t octets,
              base::instant now);
  void body(base::const_bytes octets);
  void body_done(base::instant now);
  /// Waits for news until `end_idle`, or until the limit of time; a server without IDLE answers at once.
  void idle(base::instant now);
  void end_idle(base::instant now);
  void noop(base::instant now);
  /// When all that was asked is done: LOGOUT. Before `ready`, ends at once.
  void quit(base::instant now);
  /// Nothing open, or idle: LOGOUT. Else ends at once.
  void shut_down(base::instant now);

  const connection_facts& facts() const noexcept { return facts_; }

private:
  enum class state : std::uint8_t { greeting, peer, capability, starttls, tls, login, key, ready, logout };
  struct command {
    client_command what = client_command::noop;
    std::uint32_t uid = 0;           ///< Of a fetch; the first of rows.
    std::vector<std::string> parts;  ///< Sent one by one; behind each but the last a "+" is awaited.
    std::uint32_t tag = 0;
    bool body = false;               ///< APPEND: the message comes behind the last part
    std::uint64_t body_octets = 0;
    bool message_seen = false;       ///< Of a fetch, and what came with it:
    flag_list flags;
    std::optional<base::wall_time> internal_date;
  };

  // client_session.cpp: the wheel
  void push(event e) { events_.push_back(std::move(e)); }
  bool step();                       ///< False: more input is needed.
  void on_response();
  void on_untagged(any_response);
  void on_status(const status_response&);
  void on_continuation();
  void on_tagged(const status_response&);
  void on_fetch(fetch_response&);
  void begin_message(std::uint64_t octets);
  command* awaited_fetch(std::optional<std::uint32_t> uid);
  void end(client_end, std::string_view text = {});
  bool utf8() const noexcept { return capable("IMAP4REV2") && !capable("IMAP4REV1"); }

  // client_login.cpp: from the greeting to the login
  void on_greeting(const status_response&);
  void ask_capabilities();
  void on_capabilities();
  void log_in();
  void begin_auth();
  void auth_step(sasl::login_step);
  void log_in_by_command();
  void on_login_answer(const status_response&);
  bool asks_host() const noexcept { return state_ == state::peer || state_ == state::tls || state_ == state::key; }
  void become_ready();

  // client_commands.cpp: what the host asks
  void send(command);                ///< At once: before `ready`.
  void ask(command, base::instant now);
  void send_asked();
  void send_part();
  void finish_front(const status_response&);
  void add_string(command&, std::string_view text) const;
  static command make(client_command what, std::string_view text);

  std::shared_ptr<const client_settings> settings_;
  connection_facts facts_;
  base::instant now_, active_, begun_;
  base::buffer input_, output_;
  std::size_t used_ = 0;             ///< Octets of `input_` that the last event's views use.
  std::string section_;              ///< The same for a message that came as a string.
  response_reader reader_;
  std::deque<event> events_;
  state state_ = state::greeting;
  bool closed_ = false, leaving_ = false;
  std::vector<std::string> capabilities_;
  bool capabilities_known_ = false;
  std::optional<sasl::client_login> auth_; ///< While AUTHENTICATE is under way.

  std::deque<command> asked_;        ///< Sent ones first.
  std::size_t sent_ahead_ = 0;
  std::size_t part_ = 0;             ///< Of the command at the front, the next to send.
  std::uint32_t last_tag_ = 0;
  bool continuing_ = false;          ///< A "+" is awaited.
  bool body_wanted_ = false;         ///< want_body was given, body_done not yet.
  std::uint64_t body_left_ = 0;
  bool idling_ = false, ending_idle_ = false;

  bool selecting_ = false;
  client_event::selected selected_;
  bool in_message_ = false, skipping_ = false, read_over_ = false;
  std::uint32_t message_uid_ = 0;    ///< Of the message that streams.
  number_ranges found_;
};

static_assert(session<client_session>);

} // namespace rookery::imap
