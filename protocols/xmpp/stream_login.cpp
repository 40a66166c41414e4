#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/registration.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp {
namespace {

/// RFC 6120 §6.3.4: what makes sense here. LOGIN and XOAUTH2 are no mechanisms of XMPP.
bool is_offered_here(sasl::mechanism m) { return m != sasl::mechanism::login && m != sasl::mechanism::xoauth2; }

} // namespace

stream_session::stream_session(std::shared_ptr<const stream_settings> settings, connection_facts facts, base::instant now, begun_login b,
                               std::string_view user, std::unique_ptr<stream_wire> wire)
    : stream_session(std::move(settings), std::move(facts), now, std::move(wire)) {
  domain_ = login_->wanted_domain = std::move(b.domain);
  streams_ = b.streams;
  failures_ = b.failures;
  header_sent_ = true;
  state_ = state::exchanging;
  login_->last_challenge = std::move(b.last);
  login_->wishes = std::move(b.wishes);
  wire_->adopt(b.opening);
  if (b.proved) ask(stream_event::authenticated{std::move(b.mechanism), {}, std::string(user)});
  else begin_token_login();
}

begun_login stream_session::begun() const {
  begun_login b;
  b.domain = domain_;
  b.opening = wire_->opening();
  b.streams = streams_;
  b.failures = failures_;
  b.proved = !login_->token_mechanism;
  if (b.proved) b.mechanism = sasl::name(login_->mechanism);
  b.last = login_->last_challenge;
  b.wishes = login_->wishes;
  return b;
}

std::vector<sasl::mechanism> stream_session::mechanisms_here() const {
  auto all = sasl::offered(facts_, settings_->mechanisms);
  std::erase_if(all, [](sasl::mechanism m) { return !is_offered_here(m); });
  return all;
}

std::string stream_session::offered_mechanisms() const {
  const auto all = mechanisms_here();
  if (all.empty()) return {};
  std::string text("<mechanisms xmlns='");
  text.append(space::sasl).append("'>");
  for (const auto m : all) text.append("<mechanism>").append(sasl::name(m)).append("</mechanism>");
  text += "</mechanisms>";
  if (settings_->sasl2) text += offered_in_one_step();
  // XEP-0440
  std::string bindings;
  if (!facts_.tls_exporter.empty()) bindings += "<channel-binding type='tls-exporter'/>";
  if (!facts_.tls_server_end_point.empty()) bindings += "<channel-binding type='tls-server-end-point'/>";
  if (!bindings.empty())
    text.append("<sasl-channel-binding xmlns='").append(space::channel_binding).append("'>").append(bindings).append("</sasl-channel-binding>");
  return text;
}

void stream_session::on_starttls() {
  if (facts_.tls || !settings_->starttls_available) {
    // RFC 6120 §5.4.2.2
    put("<failure xmlns='" + std::string(space::tls) + "'/>");
    wire_->close();
    return finish(true, "STARTTLS where it is not offered");
  }
  put("<proceed xmlns='" + std::string(space::tls) + "'/>");
  // What came in the same breath was not protected.
  wire_->drop_input();
  ask(stream_event::start_tls{});
}

void stream_session::on_auth(const element& e) {
  login_->wishes.reset();
  const auto text = e.text();
  auto initial = text.empty() ? std::nullopt : text == "=" ? std::optional(std::string()) : encoding::base64_decode(text);
  const bool readable = text.empty() || initial;
  begin_exchange(e.get("mechanism"), std::move(initial), readable);
}

void stream_session::begin_exchange(std::string_view mechanism, std::optional<std::string> initial, bool readable) {
  const auto all = mechanisms_here();
  const auto found = sasl::find(mechanism);
  if (all.empty()) return fail_login("encryption-required");
  if (!found || std::find(all.begin(), all.end(), *found) == all.end()) return fail_login("invalid-mechanism");
  if (!readable) return fail_login("incorrect-encoding");
  if (initial && initial->size() > sasl::octets_max(*found)) return fail_login("malformed-request");
  login_->mechanism = *found;
  login_->credentials_asked = false;
  auto facts = facts_;
  // "y" from a client that knows no binding of ours, though we have some (docs/oddities.md).
  if (!sasl::name(*found).ends_with("-PLUS")) facts.tls_exporter.clear(), facts.tls_server_end_point.clear();
  login_->exchange.emplace(*found, facts, settings_->mechanisms);
  state_ = state::exchanging;
  take(login_->exchange->begin(initial ? std::optional<std::string_view>(*initial) : std::nullopt));
  if (initial) base::wipe(*initial);
}

void stream_session::on_sasl(const element& e) {
  if (e.name == "abort") return take(sasl::failed{sasl::failure::aborted, {}});
  if (e.name != "response") return end(stream_fault::not_authorized);
  const auto text = e.text();
  auto octets = text == "=" && !login_->wishes ? std::optional(std::string()) : encoding::base64_decode(text);
  if (!octets) return fail_login("incorrect-encoding");
  take(login_->exchange->respond(*octets));
  base::wipe(*octets);
}

void stream_session::take(sasl::step step) {
  if (auto* c = std::get_if<sasl::challenge>(&step)) {
    put("<challenge xmlns='" + std::string(login_->wishes ? space::sasl2 : space::sasl) + "'>" + encoding::base64_encode(c->octets) + "</challenge>");
  } else if (auto* p = std::get_if<sasl::check_password>(&step)) {
    ask(stream_event::check_password{std::move(p->authzid), std::move(p->user), std::move(p->password)});
  } else if (auto* f = std::get_if<sasl::find_credentials>(&step)) {
    login_->credentials_asked = true;
    ask(stream_event::find_credentials{std::move(f->authzid), std::move(f->user), f->digest});
  } else if (auto* q = std::get_if<sasl::check_proof>(&step)) {
    ask(stream_event::check_proof{std::move(*q)});
  } else if (auto* s = std::get_if<sasl::succeeded>(&step)) {
    // XEP-0388 §2.3: the stream is its address's and nobody else's.
    if (const auto other = login_->wishes && login_->expected && !s->authzid.empty() ? read_jid(s->authzid) : std::nullopt; other && !other->same_bare(*login_->expected))
      return fail_login("invalid-authzid");
    login_->last_challenge = std::move(s->last);
    ask(stream_event::authenticated{std::string(sasl::name(login_->mechanism)), std::move(s->authzid), std::move(s->user)});
  } else {
    auto& failed = std::get<sasl::failed>(step);
    if (failed.why == sasl::failure::channel_binding && !login_->credentials_asked) {
      // A binding of a kind that we do not have: no password was tried, so nothing is held back.
      push(stream_event::authentication_failed{failed.why, std::move(failed.user), false});
      return fail_login("not-authorized");
    }
    const bool wrong = failed.why == sasl::failure::wrong || failed.why == sasl::failure::channel_binding;
    if (wrong && sasl::judged_by_session(login_->mechanism))
      return ask(stream_event::authentication_failed{failed.why, std::move(failed.user), true});
    push(stream_event::authentication_failed{failed.why, std::move(failed.user), false});
    fail_login(failed.why == sasl::failure::aborted ? "aborted" : wrong ? "not-authorized" : "malformed-request");
  }
}

void stream_session::fail_login(std::string_view condition) {
  login_->exchange.reset();
  login_->token_mechanism.reset();
  state_ = state::negotiating;
  if (std::exchange(login_->wishes, std::nullopt))
    put("<failure xmlns='" + std::string(space::sasl2) + "'><" + std::string(condition) + " xmlns='" + std::string(space::sasl) + "'/></failure>");
  else
    put("<failure xmlns='" + std::string(space::sasl) + "'><" + std::string(condition) + "/></failure>");
  count_failure();
}

/// XEP-0077 §3.1. Each refusal counts as a failed login does.
void stream_session::on_registration(const element& iq) {
  if (!is_request(iq)) return end(stream_fault::not_authorized);
  const auto refuse = [&](condition why, std::string_view text = {}) {
    put(error_reply(iq, why, text));
    count_failure();
  };
  if (!takes_registrations()) return refuse(condition::service_unavailable);
  if (const auto to = iq.get("to"); !to.empty() && normal_domain(to) != domain_) return refuse(condition::item_not_found);
  if (iq.get("type") == "get") {
    auto answer = iq_result(iq);
    answer.add(registration_form());
    return put(answer);
  }
  auto wish = read_registration(*iq.child("query", space::registration));
  if (const auto* why = std::get_if<condition>(&wish)) return refuse(*why);
  auto& w = std::get<registration_wish>(wish);
  if (!is_free_name(w.user)) return refuse(condition::not_acceptable, "This name cannot be chosen");
  login_->registering = std::make_unique<element>(iq);
  login_->registering->children.clear();
  ask(stream_event::make_account{std::move(w.user), std::move(w.password)});
}

void stream_session::account_made(std::optional<condition> fault, std::string_view text) {
  if (closed_) return;
  base::check(asking_ && login_->registering != nullptr, "an account is asked for");
  asking_ = false;
  const auto iq = std::move(login_->registering);
  if (!fault) return put(iq_result(*iq));
  put(error_reply(*iq, *fault, text));
  count_failure();
}

void stream_session::count_failure() {
  if (++failures_ >= settings_->limits.authentication_failures) {
    // The facts of the failures are still told to the host.
    auto told = std::move(events_);
    end(stream_fault::policy_violation, "Too many failed logins");
    events_.insert(events_.begin(), std::make_move_iterator(told.begin()), std::make_move_iterator(told.end()));
  }
}

void stream_session::say_failure() {
  if (closed_) return;
  asking_ = false;
  fail_login(std::exchange(login_->fault, "not-authorized"));
}

void stream_session::credentials_found(const sasl::scram_credentials& credentials, bool known) {
  if (closed_) return;
  base::check(asking_ && login_->exchange, "credentials are in question");
  asking_ = false;
  take(login_->exchange->credentials_found(credentials, known));
}

void stream_session::password_verified(bool right) {
  if (closed_) return;
  base::check(asking_ && login_->exchange, "a password is in question");
  asking_ = false;
  take(login_->exchange->password_verified(right));
}

void stream_session::proof_judged(bool right, std::string_view user) {
  if (closed_) return;
  base::check(asking_ && login_->exchange, "a proof is in question");
  asking_ = false;
  take(login_->exchange->proof_judged(right, user));
}

void stream_session::accept_login(const jid& who) {
  if (closed_) return;
  asking_ = false;
  login_->exchange.reset();
  authenticated_ = true;
  if (login_->wishes) {
    login_->who = who.bare();
    state_ = state::logged_in;
    return go_on_at_login();
  }
  std::string text = "<success xmlns='" + std::string(space::sasl) + "'";
  if (login_->last_challenge) text.append(">").append(encoding::base64_encode(*login_->last_challenge)).append("</success>");
  else text += "/>";
  put(text);
  login_->last_challenge.reset();
  restart();
}

void stream_session::refuse_login(std::string_view why) {
  if (closed_) return;
  asking_ = false;
  login_->last_challenge.reset();
  fail_login(why);
}

} // namespace rookery::xmpp
