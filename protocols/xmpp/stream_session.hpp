/// The server's side of a client's stream: header, features, STARTTLS, SASL, resource binding, stream
/// management, and then stanzas in and out.
///
/// What carries the stream is a `stream_wire`: XML over TCP, a WebSocket, BOSH.
///
/// Source: RFC 6120 §4 to §8; RFC 7590; XEP-0198 (stream management), XEP-0352 (client state), XEP-0440 (channel
/// bindings named), XEP-0478 (limits announced), XEP-0388, XEP-0386 and XEP-0484 (a login in one step: SASL2, Bind 2, FAST).
///
///   event                    the host's answer
///   check_domain             domain_served
///   start_tls                once the output is sent put TLS below, then tls_started
///   find_credentials         credentials_found
///   check_password           password_verified
///   check_proof              proof_judged
///   authenticated            accept_login | refuse_login
///   authentication_failed    (a fact, for the log); if `held`: say_failure
///   make_account             account_made
///   find_tokens              tokens_found
///   settle_token             token_settled
///   bind_resource            bound | refuse_binding
///   enable_management        management_enabled
///   resume_stream            resumed | refuse_resumption
///   stanza                   `handled`, when it was dealt with; in order, counted
///   client_state             (a fact)
///   gone                     the last event; `closed` is true
///
/// While an answer is awaited, input waits unparsed. What is malformed, forged or out of its place never reaches
/// the host; a stanza has a sender that is the bound address, and an addressee in its normal form.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/sasl/hashed_token.hpp"
#include "protocols/sasl/server_exchange.hpp"
#include "protocols/session.hpp"
#include "protocols/xmpp/begun_login.hpp"
#include "protocols/xmpp/limits.hpp"
#include "protocols/xmpp/login_wishes.hpp"
#include "protocols/xmpp/stanza.hpp"
#include "protocols/xmpp/stream_management.hpp"
#include "protocols/xmpp/stream_rules.hpp"
#include "protocols/xmpp/stream_wire.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::xmpp {

/// Shared by all streams of a listener; immutable.
struct stream_settings {
  bool starttls_available = true;
  bool sasl2 = true;                 ///< beside the SASL of RFC 6120
  bool tokens = true;                ///< of XEP-0484, with it
  bool registration = false;         ///< strangers may ask for an account (XEP-0077), within TLS
  sasl::mechanism_choice mechanisms;
  std::string features;              ///< XML that is added to the features of a stream after the login
  stream_limits limits;
};

namespace stream_event {

struct check_domain { std::string domain; };
struct start_tls {};
struct find_credentials { std::string authzid, user; sasl::scram_digest digest = sasl::scram_digest::sha_256; };
struct check_password { std::string authzid, user, password; };
struct check_proof { sasl::check_proof question; };
struct authenticated { std::string mechanism, authzid, user; };
/// `held`: the session found out itself and waits for `say_failure`.
struct authentication_failed { sasl::failure why; std::string user; bool held = false; };
/// A stranger wants an account in the stream's domain. The name is fit for one (registration.hpp).
struct make_account { std::string user, password; };
/// Which tokens has this client of `user` for the mechanism?
struct find_tokens { std::string user, client_id, mechanism; };
/// The login is right. `used`: by this token, which is to be forgotten if `forget`. A fresh one for `mechanism` is wanted if
/// that is not empty, or may be due if one was used.
struct settle_token { std::string client_id, used, mechanism; bool forget = false; };
/// Without a resource the server chooses one. `at_login`: messages that waited come from the archive, copies are wanted if
/// `carbons`, and earlier streams of the same client end.
struct bind_resource {
  std::string resource;
  std::string tag = {}, client_id = {};
  bool at_login = false, carbons = false;
};
struct enable_management { bool resume = false; };
struct resume_stream { std::string previous; std::uint32_t handled = 0; };
/// `to`: none for what is for the sender's own account. A stanza that was refused here already has no name.
struct stanza { element what; std::optional<jid> to; };
struct client_state { bool active = true; };
/// `finished`: the client closed its stream; else it may come back to resume.
struct gone { bool finished = false; std::string why; };

} // namespace stream_event

/// A token that a client may have.
struct known_token {
  std::string id, secret;
  bool expired = false;
};

class stream_session {
public:
  using event = std::variant<stream_event::check_domain, stream_event::start_tls, stream_event::find_credentials,
                             stream_event::check_password, stream_event::check_proof, stream_event::authenticated,
                             stream_event::authentication_failed, stream_event::make_account, stream_event::find_tokens, stream_event::settle_token, stream_event::bind_resource, stream_event::enable_management,
                             stream_event::resume_stream, stream_event::stanza, stream_event::client_state, stream_event::gone>;

  /// Without a wire: that of RFC 6120.
  stream_session(std::shared_ptr<const stream_settings>, connection_facts, base::instant now, std::unique_ptr<stream_wire> = nullptr);
  /// Goes on with a stream of another node: `authenticated` (of `user`) or `find_tokens` is the first event.
  stream_session(std::shared_ptr<const stream_settings>, connection_facts, base::instant now, begun_login, std::string_view user, std::unique_ptr<stream_wire> = nullptr);
  stream_session(const stream_session&) = delete;

  // The shape of every session (protocols/session.hpp).
  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return wire_->output(); }
  void sent(std::size_t octets) noexcept { wire_->sent(octets); }
  std::optional<base::instant> deadline() const noexcept;
  bool wants_input() const noexcept;
  bool closed() const noexcept { return closed_; }

  // Answers.
  void domain_served(bool);
  void tls_started(const connection_facts&, base::instant now);
  void credentials_found(const sasl::scram_credentials&, bool known);
  void password_verified(bool right);
  void proof_judged(bool right, std::string_view user);
  void say_failure();
  /// Nothing: it is there.
  void account_made(std::optional<condition>, std::string_view text = {});
  void tokens_found(const std::vector<known_token>&);
  /// `who`: the bare address.
  void accept_login(const jid& who = {});
  /// No token: none is given.
  void token_settled(std::string_view token = {}, base::wall_time expires = {});
  /// `why`: "not-authorized", "account-disabled", "temporary-auth-failure" (RFC 6120 §6.5).
  void refuse_login(std::string_view why);
  /// `more`: XML that a login in one step is told with it (the archive's metadata).
  void bound(const jid&, std::string_view more = {});
  void refuse_binding(condition);
  /// No id: it cannot be resumed.
  void management_enabled(std::string_view id, std::chrono::seconds resumable);
  /// Goes on where another stream of the client ended: with its `take_management` and `counted_from`, and so many
  /// stanzas dealt with; none of them may be open.
  void resumed(const jid&, std::string_view previous, stream_management, std::uint32_t handled, std::uint32_t counted_from);
  /// `handled`: what is known of a stream that is over: so many of its stanzas were dealt with.
  void refuse_resumption(std::optional<std::uint32_t> handled = {});

  /// So many stanzas of this stream (and those it resumed) have been dealt with: on the disk if they belong there.
  void handled(std::uint32_t count);
  /// A stanza for the client.
  void send(const stanza_octets&);
  void send(const element&);
  /// Ends with an error of the stream (RFC 6120 §4.9).
  void end(stream_fault, std::string_view text = {});
  void shut_down(base::instant) { end(stream_fault::system_shutdown); }

  /// Empty before `bound`.
  const jid& address() const noexcept { return address_; }
  /// The domain that the client named; empty before.
  const std::string& domain() const noexcept { return domain_; }
  bool asking() const noexcept { return asking_; }
  bool managed() const noexcept { return managed_; }
  /// What a stream that resumes this one needs. After `gone`.
  stream_management take_management() { return std::move(management_); }
  /// How many stanzas had come when stream management began.
  std::uint32_t counted_from() const noexcept { return counted_from_; }
  const connection_facts& facts() const noexcept { return facts_; }

  /// For who goes on with the stream elsewhere, while `authenticated` or `find_tokens` is not answered.
  begun_login begun() const;
  /// See stream_wire.
  std::string_view wire_kind() const { return wire_->kind(); }
  base::const_bytes unread() const { return wire_->rest(); }
  /// The stream goes on elsewhere, and this session is over: the wire is for who joins the two.
  std::unique_ptr<stream_wire> give_up_wire();

private:
  enum class state : std::uint8_t { header, negotiating, exchanging, logged_in, bound, ended };

  /// What is known until a resource is bound.
  struct login {
    std::string wanted_domain, bind_id;
    std::optional<sasl::server_exchange> exchange;
    sasl::mechanism mechanism{};
    bool credentials_asked = false;             ///< in the present exchange
    std::optional<std::string> last_challenge;  ///< data of the success
    std::string fault = "not-authorized";       ///< what `say_failure` says
    std::unique_ptr<element> registering;       ///< the request for an account that is under way, without its content

    // Of one in one step.
    std::optional<jid> expected;                ///< whose stream it is, by its header
    std::optional<login_wishes> wishes;         ///< from <authenticate/> until its end
    std::optional<sasl::token_mechanism> token_mechanism;
    std::string token_proof, token_used;
    std::string told, told_bound, told_token;   ///< XML for the success
    jid who;
    std::vector<stanza_octets> held;            ///< come behind the success
    std::size_t held_octets = 0;
    bool token_asked = false;
  };

  // stream_session.cpp: the wheel
  bool step();
  void read(xml::reading);
  void on_header(const xml::root_opened&);
  void on_element(element);
  void on_fault(xml::fault);
  void restart();
  void write_header();
  void write_features();
  void put(std::string_view octets);
  void put(const element&);
  bool has_room(std::size_t octets);
  void ask(event);
  void push(event e) { events_.push_back(std::move(e)); }
  void finish(bool finished, std::string_view why);

  // stream_login.cpp: STARTTLS and SASL
  void on_starttls();
  void on_sasl(const element&);
  void on_auth(const element&);
  void take(sasl::step);
  void fail_login(std::string_view condition);
  void count_failure();
  void begin_exchange(std::string_view mechanism, std::optional<std::string> initial, bool readable = true);
  void on_registration(const element&);
  bool takes_registrations() const noexcept { return settings_->registration && facts_.tls; }
  std::string offered_mechanisms() const;
  std::vector<sasl::mechanism> mechanisms_here() const;

  // stream_sasl2.cpp: a login with what follows it, in one step
  std::string offered_in_one_step() const;
  void on_authenticate(const element&);
  void begin_token_login();
  void go_on_at_login();
  void end_login();
  bool at_login() const noexcept { return login_ && login_->wishes && authenticated_; }

  // stream_stanzas.cpp: binding, stream management, stanzas
  void on_bind(const element&);
  void on_management(const element&);
  void on_stanza(element);
  bool sender_is_right(const element&) const;
  void refuse(const element&, condition);
  void repeat_unacknowledged();
  void request_acknowledgement();
  void answer_request();
  std::uint32_t outstanding() const noexcept { return received_ - handled_; }

  std::shared_ptr<const stream_settings> settings_;
  connection_facts facts_;
  base::instant now_, login_by_, last_word_;
  std::optional<base::instant> acknowledgement_by_;
  std::unique_ptr<stream_wire> wire_;
  std::vector<event> events_; ///< a few at the most
  state state_ = state::header;
  bool asking_ = false, closed_ = false, header_sent_ = false, authenticated_ = false;
  bool managed_ = false, nudged_ = false;
  std::string domain_;
  jid address_;
  std::uint32_t failures_ = 0, streams_ = 0;
  std::unique_ptr<login> login_ = std::make_unique<login>(); ///< null once it is over: a session that stays is small

  stream_management management_;
  std::uint32_t received_ = 0, handled_ = 0;
  std::optional<std::uint32_t> acknowledge_at_; ///< the client asked when so many had come
  std::uint32_t counted_from_ = 0, resume_handled_ = 0;
  stream_pace pace_;
};

static_assert(session<stream_session>);

} // namespace rookery::xmpp
