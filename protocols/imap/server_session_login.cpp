#include "protocols/imap/server_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/imap/session_progress.hpp"

namespace rookery::imap {

/// What SASL is told of the connection: by setting, plain connections count as safe.
connection_facts server_session::login_facts() const {
  auto facts = facts_;
  if (settings_->plaintext_logins) facts.peer_is_loopback = true;
  return facts;
}

/// RFC 9051 §6.2.3. The same road as AUTHENTICATE PLAIN, so that names and passwords are prepared alike.
void server_session::begin_login(login_request&& r) {
  const auto facts = login_facts();
  if (!facts.secure()) {
    const auto text = settings_->tls_available ? "Use STARTTLS first" : "Passwords are not accepted here";
    return finish("NO", "PRIVACYREQUIRED", text);
  }
  std::string message;
  message.reserve(r.user.size() + r.password.size() + 2);
  message.push_back('\0');
  message += r.user;
  message.push_back('\0');
  message += r.password;
  sasl_.reset(new sasl_progress{sasl::server_exchange(sasl::mechanism::plain, facts), "LOGIN", true, {}, sasl::mechanism::plain});
  run_sasl(sasl_->exchange.begin(message));
}

void server_session::begin_authenticate(authenticate_request&& r) {
  const auto facts = login_facts();
  const auto offered = sasl::offered(facts, settings_->mechanisms);
  const auto mechanism = sasl::find(r.mechanism);
  if (!mechanism) return finish("NO", "CANNOT", "Unknown authentication mechanism");
  bool found = false;
  for (const auto m : offered) found |= m == *mechanism;
  if (!found) {
    if (!facts.secure()) return finish("NO", "PRIVACYREQUIRED", "This mechanism needs TLS");
    return finish("NO", "CANNOT", "This mechanism is not offered");
  }
  std::optional<std::string> initial;
  if (r.initial) {
    initial = *r.initial == "=" ? std::string() : encoding::base64_decode(*r.initial);
    if (!initial) return finish("BAD", "", "Invalid base64");
  }
  sasl_.reset(new sasl_progress{sasl::server_exchange(*mechanism, facts, settings_->mechanisms), sasl::name(*mechanism), false, {}, *mechanism});
  run_sasl(initial ? sasl_->exchange.begin(std::string_view(*initial)) : sasl_->exchange.begin(std::nullopt));
}

void server_session::run_sasl(sasl::step&& next) {
  struct visitor {
    server_session& s;
    void challenge(std::string_view octets) const {
      s.out_.append("+ ");
      s.out_.append(encoding::base64_encode(octets));
      s.out_.append("\r\n");
      s.phase_ = phase::sasl_client;
    }
    void operator()(sasl::challenge& c) const { challenge(c.octets); }
    void operator()(sasl::check_password& q) const {
      s.phase_ = phase::sasl_host;
      s.queued_.emplace_back(check_password{std::move(q.authzid), std::move(q.user), std::move(q.password)});
    }
    void operator()(sasl::find_credentials& q) const {
      s.phase_ = phase::sasl_host;
      s.queued_.emplace_back(find_credentials{std::move(q.authzid), std::move(q.user), q.digest});
    }
    void operator()(sasl::check_proof& q) const {
      s.phase_ = phase::sasl_host;
      s.queued_.emplace_back(check_proof{std::move(q)});
    }
    void operator()(sasl::succeeded& done) const {
      if (done.last) { // RFC 4422 §3.6: one more challenge; the client answers with nothing
        challenge(*done.last);
        s.sasl_->last = std::move(done);
        return;
      }
      s.phase_ = phase::login_host;
      s.queued_.emplace_back(authenticated{std::move(done.user), std::move(done.authzid), s.sasl_->mechanism});
    }
    void operator()(sasl::failed& f) const { s.end_sasl_failed(f.why, std::move(f.user)); }
  };
  std::visit(visitor{*this}, next);
}

void server_session::end_sasl_failed(sasl::failure why, std::string user) {
  const bool wrong = why == sasl::failure::wrong || why == sasl::failure::channel_binding;
  const bool held = wrong && sasl::judged_by_session(sasl_->of);
  queued_.emplace_back(authentication_failed{std::move(user), sasl_->mechanism, why, held});
  if (held) {
    sasl_.reset();
    phase_ = phase::failure_host;
    return;
  }
  const bool login = sasl_->login_command;
  sasl_.reset();
  switch (why) {
    case sasl::failure::malformed:
      if (login) finish("NO", "AUTHENTICATIONFAILED", "Invalid credentials");
      else finish("BAD", "", "Invalid SASL message");
      break;
    case sasl::failure::aborted: finish("BAD", "", "Authentication aborted"); break;
    case sasl::failure::too_long: finish("BAD", "", "SASL message too long"); break;
    case sasl::failure::wrong:
    case sasl::failure::channel_binding: finish("NO", "AUTHENTICATIONFAILED", "Invalid credentials"); break;
  }
  count_login_failure();
}

void server_session::say_failure() {
  if (closing_) return;
  base::check(phase_ == phase::failure_host, "no failure is held");
  finish("NO", "AUTHENTICATIONFAILED", "Invalid credentials");
  count_login_failure();
}

void server_session::count_login_failure() {
  if (++login_failures_ >= settings_->limits.login_failures) close("", "Too many failed logins");
}

bool server_session::step_sasl_line() {
  const auto view = in_.view();
  const auto line_end = view.find('\n', scanned_);
  const auto most = sasl::octets_max(sasl_->of) / 3 * 4 + 8;
  if (std::min(line_end, view.size()) > most) {
    phase_ = phase::swallow_line;
    scanned_ = 0;
    end_sasl_failed(sasl::failure::too_long, {});
    if (!closing_) phase_ = phase::swallow_line;
    return true;
  }
  if (line_end == std::string_view::npos) {
    scanned_ = view.size();
    return false;
  }
  auto text = view.substr(0, line_end);
  const bool clean = !text.empty() && text.back() == '\r';
  if (clean) text.remove_suffix(1);
  scanned_ = 0;
  const auto decoded = clean && text != "*" ? encoding::base64_decode(text) : std::nullopt;
  const bool aborted = text == "*";
  consume(line_end + 1);
  if (!decoded) {
    end_sasl_failed(aborted ? sasl::failure::aborted : sasl::failure::malformed, {});
    return true;
  }
  if (sasl_->last) {
    if (!decoded->empty()) {
      end_sasl_failed(sasl::failure::malformed, sasl_->last->user);
      return true;
    }
    phase_ = phase::login_host;
    queued_.emplace_back(authenticated{std::move(sasl_->last->user), std::move(sasl_->last->authzid), sasl_->mechanism});
    return true;
  }
  run_sasl(sasl_->exchange.respond(*decoded));
  return true;
}

void server_session::credentials_found(const sasl::scram_credentials& credentials, bool known) {
  if (closing_) return;
  base::check(phase_ == phase::sasl_host, "no credentials were asked for");
  run_sasl(sasl_->exchange.credentials_found(credentials, known));
}

void server_session::password_verified(bool right) {
  if (closing_) return;
  base::check(phase_ == phase::sasl_host, "no password was asked about");
  run_sasl(sasl_->exchange.password_verified(right));
}

void server_session::proof_judged(bool right, std::string_view user) {
  if (closing_) return;
  base::check(phase_ == phase::sasl_host, "no proof was asked about");
  run_sasl(sasl_->exchange.proof_judged(right, user));
}

void server_session::accept_login() {
  if (closing_) return;
  base::check(phase_ == phase::login_host, "nobody asked to log in");
  sasl_.reset();
  state_ = session_state::authenticated;
  finish("OK", "CAPABILITY " + capabilities(), "Logged in");
}

void server_session::refuse_login(std::string_view code, std::string_view text) {
  if (closing_) return;
  base::check(phase_ == phase::login_host || phase_ == phase::sasl_host, "nobody asked to log in");
  sasl_.reset();
  finish("NO", code, text);
  count_login_failure();
}

} // namespace rookery::imap
