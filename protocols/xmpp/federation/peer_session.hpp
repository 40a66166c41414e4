/// One stream between two servers, from either end: header, features, STARTTLS, proof of the domains by certificate (SASL
/// EXTERNAL) or by dialback, and then stanzas; both ways where both want it (bidi), else from who connected.
///
/// Source: RFC 6120 §4 to §6, §8.1, §13.7; XEP-0220 (dialback), XEP-0178 (EXTERNAL between servers), XEP-0288 (bidi),
/// XEP-0478 (limits announced), XEP-0198 (acknowledgements; no resumption).
///
///   event            the host's answer
///   check_domain     domain_checked                               who was connected to
///   start_tls        once the output is sent put TLS below, then tls_started
///   check_key        key_checked, at any time                     who was connected to
///   proved           (a fact: stanzas of that domain may come, with `both` also go)
///   ready            (a fact: stanzas may go)                     who connected
///   key_judged       (a fact)                                     who connected to ask for a key
///   stanza           `handled`, when it was dealt with; in order, counted
///   acknowledged     (a fact: so many more of ours are the other server's)
///   gone             the last event; `closed` is true
///
/// Domains are in Unicode form. Stanzas are of the namespace jabber:client here; on the wire they are jabber:server. Their
/// sender's domain has been proved; whether the addressee is ours the host must look.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/session.hpp"
#include "protocols/xmpp/federation/limits.hpp"
#include "protocols/xmpp/stanza.hpp"
#include "protocols/xmpp/stream_management.hpp"
#include "protocols/xmpp/stream_rules.hpp"
#include "protocols/xmpp/stream_wire.hpp"

#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::xmpp::federation {

/// Shared by all streams; immutable.
struct peer_settings {
  bool starttls_available = true;  ///< who was connected to: there is a certificate, and TLS does not run already
  bool tls_required = true;
  bool dialback = true;            ///< else a trusted certificate that names the domain is needed, on both sides
  std::string secret;              ///< for keys of dialback
  peer_limits limits;
};

struct domain_pair {
  std::string ours, theirs;
  auto operator<=>(const domain_pair&) const = default;
};

/// What who connects wants.
struct peer_errand {
  domain_pair between;
  /// Set: only to ask whether this key for this stream's id is theirs (XEP-0220 §2.3).
  std::optional<std::string> key_id;
  std::string key;
};

enum class key_verdict : std::uint8_t {
  valid, invalid,
  unknown,     ///< our domain is none of ours
  refused,     ///< we do not talk to theirs
  unreachable  ///< nobody could be asked
};

namespace peer_event {

/// `theirs` is empty where the other side did not say.
struct check_domain { domain_pair between; };
struct start_tls {};
struct check_key { domain_pair between; std::string id, key; };
struct proved { domain_pair between; std::string_view how; bool both = false; };
struct ready { std::string_view how; bool both = false; };
struct key_judged { key_verdict what = key_verdict::unreachable; };
/// `wrong`: it is to be answered with this and nothing else.
struct stanza { element what; jid from, to; std::optional<condition> wrong; };
/// Of those that were sent while the stream was `managed`, the oldest.
struct acknowledged { std::uint32_t stanzas = 0; };
/// `says`: what waiting stanzas are to be answered with.
struct gone { bool finished = false; std::string why; condition says = condition::remote_server_timeout; };

} // namespace peer_event

class peer_session {
public:
  using event = std::variant<peer_event::check_domain, peer_event::start_tls, peer_event::check_key, peer_event::proved, peer_event::ready,
                             peer_event::key_judged, peer_event::stanza, peer_event::acknowledged, peer_event::gone>;

  /// Without an errand: of who was connected to.
  peer_session(std::shared_ptr<const peer_settings>, connection_facts, base::instant now, std::optional<peer_errand> = {});
  peer_session(const peer_session&) = delete;

  // The shape of every session (protocols/session.hpp).
  void feed(base::const_bytes, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const noexcept { return wire_.output(); }
  void sent(std::size_t octets) noexcept { wire_.sent(octets); }
  std::optional<base::instant> deadline() const noexcept;
  bool wants_input() const noexcept;
  bool closed() const noexcept { return closed_; }

  // Answers.
  /// Nothing: it is served.
  void domain_checked(std::optional<stream_fault>, std::string_view text = {});
  void tls_started(const connection_facts&, base::instant now);
  void key_checked(const domain_pair&, key_verdict);
  /// So many stanzas have been dealt with.
  void handled(std::uint32_t count);

  /// A stanza, encoded as for a client's stream. Only when it may go.
  void send(const stanza_octets&);
  void end(stream_fault, std::string_view text = {});
  /// Closes without a fault.
  void close(std::string_view why);
  void shut_down(base::instant) { end(stream_fault::system_shutdown); }

  bool initiating() const noexcept { return errand_.has_value(); }
  bool both_ways() const noexcept { return both_; }
  /// What is sent from now on is acknowledged; what is not, when the stream ends, may never have arrived.
  bool managed() const noexcept { return managed_; }
  bool asking() const noexcept { return asking_; }
  /// As the headers say.
  const domain_pair& between() const noexcept { return between_; }
  const connection_facts& facts() const noexcept { return facts_; }

private:
  enum class state : std::uint8_t {
    header,         ///< the other side's is awaited
    features,       ///< who connected waits for them
    negotiating,    ///< who was connected to: anything may come
    starting_tls, authenticating, dialing_back, verifying, ///< who connected: an answer is awaited
    ready,          ///< who connected: stanzas may go
    ended
  };

  // peer_session.cpp: the wheel, stanzas
  bool step();
  void read(xml::reading);
  void on_element(element);
  void on_stanza(element);
  void restart();
  void write_header();
  void ask(event);
  void push(event e) { events_.push_back(std::move(e)); }
  void put(std::string_view octets);
  void finish(bool finished, std::string_view why, condition = condition::remote_server_timeout);
  bool settled() const noexcept { return state_ == state::ready || !proved_.empty() || !pairs_.empty(); }
  std::uint32_t outstanding() const noexcept { return received_ - handled_; }

  // peer_management.cpp: acknowledgements
  void on_management(const element&);
  void begin_management();
  void on_acknowledgement(const element&);
  void count_sent();
  void request_acknowledgement();
  void answer_request();
  /// The last word about what came.
  void acknowledge_all();

  // peer_negotiation.cpp: headers, features, TLS
  void on_header(const xml::root_opened&);
  void write_features();
  void on_features(const element&);
  void on_starttls(const element&);
  bool may_prove() const noexcept { return facts_.tls || !settings_->tls_required; }
  void give_up(std::string_view why, condition = condition::remote_server_timeout);

  // peer_proofs.cpp: EXTERNAL, dialback
  bool certificate_is_of(std::string_view domain) const;
  void on_sasl(const element&);
  void refuse_proof(std::string_view failure);
  void authenticate();
  void dial_back();
  void on_result(const element&);
  void on_verify(const element&);
  void begin_ready(std::string_view how);

  std::shared_ptr<const peer_settings> settings_;
  connection_facts facts_;
  base::instant now_, setup_by_, last_stanza_;
  std::optional<peer_errand> errand_;
  xml_wire wire_;
  std::deque<event> events_;
  state state_ = state::header;
  bool asking_ = false, closed_ = false, header_sent_ = false;
  bool authenticated_ = false;                 ///< by EXTERNAL: the stream began anew
  bool external_tried_ = false, both_ = false, both_offered_ = false;
  domain_pair between_, wanted_;
  std::string id_;                             ///< of the stream, by who was connected to
  std::set<std::string> proved_;               ///< domains of theirs, by certificate
  std::set<domain_pair> pairs_, open_keys_;    ///< by dialback
  std::uint32_t failures_ = 0, streams_ = 0;
  std::uint32_t received_ = 0, handled_ = 0;
  bool management_offered_ = false, managed_ = false;
  std::uint32_t counted_from_ = 0;             ///< so many had come when it was managed
  std::uint32_t sent_ = 0, unacknowledged_ = 0; ///< since then
  std::optional<std::uint32_t> acknowledge_at_; ///< the other server asked when so many had come
  std::optional<base::instant> acknowledgement_by_;
  stream_pace pace_;
};

static_assert(session<peer_session>);

} // namespace rookery::xmpp::federation
