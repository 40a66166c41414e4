// A login in one step: SASL2 (XEP-0388) with what the client wants behind it, Bind 2 (XEP-0386), tokens (XEP-0484).
#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/date_time.hpp"
#include "protocols/xmpp/stream_session.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp {
namespace {

std::string opened(std::string_view name, std::string_view space) {
  return std::string("<").append(name).append(" xmlns='").append(space).append("'>");
}

} // namespace

/// XEP-0388 §2.1, XEP-0386 §3.1, XEP-0484 §3.1.
std::string stream_session::offered_in_one_step() const {
  auto text = opened("authentication", space::sasl2);
  for (const auto m : mechanisms_here()) text.append("<mechanism>").append(sasl::name(m)).append("</mechanism>");
  text.append("<inline>").append(opened("bind", space::bind2)).append("<inline>");
  for (const auto s : {space::carbons, space::client_state, space::stream_management}) text.append("<feature var='").append(s).append("'/>");
  text.append("</inline></bind><sm xmlns='").append(space::stream_management).append("'/>");
  if (settings_->tokens) {
    text += opened("fast", space::fast);
    for (const auto m : sasl::offered_tokens(facts_)) text.append("<mechanism>").append(sasl::name(m)).append("</mechanism>");
    text += "</fast>";
  }
  return text + "</inline></authentication>";
}

void stream_session::on_authenticate(const element& e) {
  std::string_view fault;
  login_->wishes = read_login_wishes(e, fault);
  if (!login_->wishes) {
    login_->wishes.emplace(); // the failure is said in its namespace
    return fail_login(fault);
  }
  login_->token_asked = false;
  if (login_->wishes->by_token) return begin_token_login();
  begin_exchange(login_->wishes->mechanism, std::exchange(login_->wishes->initial, std::nullopt));
}

void stream_session::begin_token_login() {
  const auto all = sasl::offered_tokens(facts_);
  const auto found = sasl::find_token_mechanism(login_->wishes->mechanism);
  if (all.empty()) return fail_login("encryption-required");
  if (!settings_->tokens || !found || std::find(all.begin(), all.end(), *found) == all.end()) return fail_login("invalid-mechanism");
  auto message = login_->wishes->initial ? sasl::read_token_message(*login_->wishes->initial) : std::nullopt;
  // XEP-0484 §4.1: a token belongs to a client, which says who it is.
  if (!message || login_->wishes->client_id.empty()) return fail_login("malformed-request");
  login_->token_mechanism = *found;
  login_->token_proof = std::move(message->proof);
  login_->who.local = message->user; // as it came, until the login is right
  state_ = state::exchanging;
  ask(stream_event::find_tokens{std::move(message->user), login_->wishes->client_id, std::string(sasl::name(*found))});
}

void stream_session::tokens_found(const std::vector<known_token>& tokens) {
  if (closed_) return;
  base::check(asking_ && login_->token_mechanism, "tokens are in question");
  asking_ = false;
  const known_token* right = nullptr;
  for (const auto& t : tokens)
    if (sasl::token_proves(t.secret, *login_->token_mechanism, facts_, login_->token_proof)) right = &t;
  auto user = std::exchange(login_->who.local, {});
  if (right == nullptr || right->expired) {
    if (right != nullptr) login_->fault = "credentials-expired"; // XEP-0484 §4.2
    return ask(stream_event::authentication_failed{sasl::failure::wrong, std::move(user), true});
  }
  login_->token_used = right->id;
  login_->last_challenge = sasl::token_answer(right->secret, *login_->token_mechanism, facts_);
  ask(stream_event::authenticated{std::string(sasl::name(*login_->token_mechanism)), {}, std::move(user)});
}

/// XEP-0386 §3.2: what is left of the stream that is resumed first, then binding and what belongs to it.
void stream_session::go_on_at_login() {
  auto& w = *login_->wishes;
  if (w.resume) {
    const auto r = std::exchange(w.resume, std::nullopt);
    resume_handled_ = r->handled;
    return ask(stream_event::resume_stream{r->previous, r->handled});
  }
  if (state_ == state::logged_in && std::exchange(w.bind, false))
    return ask(stream_event::bind_resource{{}, w.tag, w.client_id, true, w.carbons});
  // A stream that was resumed has what it had.
  if (state_ == state::bound && !managed_ && std::exchange(w.manage, false)) return ask(stream_event::enable_management{w.resumable});
  const bool wanted = settings_->tokens && !w.token_mechanism.empty();
  if (!login_->token_asked && !w.client_id.empty() && (wanted || login_->token_mechanism)) {
    login_->token_asked = true;
    const auto all = sasl::offered_tokens(facts_);
    const auto found = sasl::find_token_mechanism(w.token_mechanism);
    const bool offered = wanted && found && std::find(all.begin(), all.end(), *found) != all.end();
    return ask(stream_event::settle_token{w.client_id, std::exchange(login_->token_used, {}), offered ? std::string(sasl::name(*found)) : std::string(), w.forget_token});
  }
  end_login();
}

void stream_session::token_settled(std::string_view token, base::wall_time expires) {
  if (closed_) return;
  asking_ = false;
  if (!token.empty())
    login_->told_token = "<token xmlns='" + std::string(space::fast) + "' expiry='" + date_time(expires) + "' token='" + xml::escaped(token) + "'/>";
  go_on_at_login();
}

void stream_session::end_login() {
  const auto wishes = std::exchange(login_->wishes, std::nullopt);
  login_->token_mechanism.reset();
  auto text = opened("success", space::sasl2);
  if (const auto last = std::exchange(login_->last_challenge, std::nullopt)) text.append("<additional-data>").append(encoding::base64_encode(*last)).append("</additional-data>");
  const bool here = state_ == state::bound;
  text.append("<authorization-identifier>").append(xml::escaped(here ? address_.text() : login_->who.text())).append("</authorization-identifier>");
  const bool resumed = here && managed_ && login_->told.starts_with("<resumed");
  text += login_->told;
  if (here && !resumed) text.append(opened("bound", space::bind2)).append(login_->told_bound).append("</bound>");
  text.append(login_->told_token).append("</success>");
  base::wipe(login_->told_token);
  login_->told.clear(), login_->told_bound.clear(), login_->told_token.clear();
  auto bounds = settings_->limits.xml;
  bounds.stanza_octets = settings_->limits.stanza_octets;
  bounds.tag_octets = std::min(bounds.tag_octets, bounds.stanza_octets);
  wire_->widen(bounds);
  put(text);
  // XEP-0388 §2.6.1: features follow at once.
  write_features();
  if (closed_) return;
  if (resumed) repeat_unacknowledged();
  if (here && wishes->active) push(stream_event::client_state{*wishes->active});
  login_->held_octets = 0;
  const auto held = std::exchange(login_->held, {});
  if (here) login_.reset();
  for (const auto& s : held) send(s);
}

} // namespace rookery::xmpp
