#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/imap/client_session.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

/// Longer ones answer a challenge: some servers read commands into small buffers.
constexpr std::size_t initial_octets_max = 900;

} // namespace

bool client_session::capable(std::string_view capability) const noexcept {
  return std::any_of(capabilities_.begin(), capabilities_.end(), [&](const auto& c) { return base::iequals(c, capability); });
}

void client_session::on_greeting(const status_response& greeting) {
  const bool wants_tls = !facts_.tls && settings_->login.tls != tls_use::none;
  switch (greeting.what) {
  case condition::bye: return end(client_end::refused, greeting.text);
  case condition::preauth:
    // RFC 9051 §7.1.4, §11.1: behind PREAUTH no STARTTLS may follow; somebody may have put it there.
    if (wants_tls && settings_->login.tls == tls_use::required) return end(client_end::no_tls, greeting.text);
    state_ = state::login;
    capabilities_known_ = false;
    return become_ready();
  case condition::ok: break;
  case condition::no:
  case condition::bad: return end(client_end::malformed, greeting.text);
  }
  if (greeting.code != "CAPABILITY") return ask_capabilities();
  capabilities_ = parse_capabilities(greeting.arguments, settings_->limits);
  on_capabilities();
}

void client_session::ask_capabilities() {
  capabilities_.clear();
  state_ = state::capability;
  send(make(client_command::noop, "CAPABILITY"));
}

void client_session::on_capabilities() {
  const auto use = settings_->login.tls;
  if (facts_.tls || use == tls_use::none) return log_in();
  if (!capable("STARTTLS")) {
    if (use != tls_use::when_offered) return end(client_end::no_tls);
    return log_in();
  }
  state_ = state::starttls;
  send(make(client_command::noop, "STARTTLS"));
}

void client_session::tls_started(const connection_facts& facts, base::instant now) {
  if (closed_) return;
  base::check(state_ == state::tls, "TLS was asked for");
  facts_ = facts;
  now_ = active_ = now;
  // RFC 9051 §6.2.1: nothing that came before TLS counts, capabilities least of all.
  input_.clear();
  used_ = 0;
  reader_ = response_reader(settings_->limits);
  capabilities_.clear();
  capabilities_known_ = false;
  state_ = state::peer;
  push(client_event::check_peer{});
}

void client_session::peer_accepted(base::instant now) {
  if (closed_) return;
  base::check(state_ == state::peer, "a peer is to be judged");
  now_ = active_ = now;
  if (settings_->login.tls == tls_use::implicit) {
    state_ = state::greeting;
    begun_ = now;
  } else {
    ask_capabilities();
  }
}

void client_session::peer_refused(std::string_view why) { end(client_end::peer_refused, why); }

void client_session::log_in() {
  if (settings_->login.user.empty()) return end(client_end::no_login);
  constexpr std::string_view prefix = "AUTH=";
  std::vector<std::string> mechanisms;
  for (const auto& c : capabilities_)
    if (base::istarts_with(c, prefix)) mechanisms.push_back(c.substr(prefix.size()));
  auth_.emplace(settings_->login, facts_, std::move(mechanisms));
  begin_auth();
}

void client_session::begin_auth() {
  const auto mechanism = auth_->begin();
  if (!mechanism) return log_in_by_command();
  auto c = make(client_command::noop, "AUTHENTICATE ");
  c.parts.back() += *mechanism;
  // RFC 4959: otherwise it answers the first, empty challenge.
  if (capable("SASL-IR") || capable("IMAP4REV2"))
    if (const auto initial = auth_->take_initial(initial_octets_max)) c.parts.back() += ' ' + *initial;
  state_ = state::login;
  capabilities_known_ = false;
  send(std::move(c));
}

void client_session::auth_step(sasl::login_step step) {
  if (auto* line = std::get_if<sasl::login_line>(&step)) {
    state_ = state::login;
    output_.append(line->text);
    output_.append("\r\n");
    return;
  }
  if (auto* question = std::get_if<sasl::key_question>(&step)) {
    state_ = state::key;
    return push(client_event::derive_key{std::move(*question)});
  }
  switch (std::get<sasl::login_impossible>(step).why) {
  case sasl::client_failure::rejected: return end(client_end::login_refused);
  case sasl::client_failure::impostor: return end(client_end::peer_refused, "the server does not know the password");
  case sasl::client_failure::malformed:
  case sasl::client_failure::iterations: return end(client_end::malformed, "the server breaks the mechanism of the login");
  }
}

void client_session::key_derived(std::string_view key, base::instant now) {
  if (closed_) return;
  base::check(state_ == state::key, "a key is in question");
  now_ = active_ = now;
  auth_step(auth_->key_derived(key));
}

void client_session::log_in_by_command() {
  auth_.reset();
  const auto& login = settings_->login;
  if (!login.password_may_travel(facts_) || capable("LOGINDISABLED")) return end(client_end::no_login);
  auto c = make(client_command::noop, "LOGIN ");
  add_string(c, login.user);
  c.parts.back() += ' ';
  add_string(c, login.password);
  state_ = state::login;
  capabilities_known_ = false;
  send(std::move(c));
}

void client_session::on_login_answer(const status_response& answer) {
  const bool ok = answer.what == condition::ok;
  const bool later = answer.code == "UNAVAILABLE" || answer.code == "INUSE" || answer.code == "LIMIT";
  if (ok && auth_ && !auth_->succeeded()) return end(client_end::peer_refused, "the server did not prove that it knows the password");
  if (!ok && !later && auth_ && auth_->refused()) return begin_auth();
  if (!ok) return end(later ? client_end::login_later : client_end::login_refused, answer.text);
  auth_.reset();
  if (answer.code == "CAPABILITY") {
    capabilities_ = parse_capabilities(answer.arguments, settings_->limits);
    capabilities_known_ = true;
  }
  become_ready();
}

void client_session::become_ready() {
  // What a server can may change with the login.
  if (!capabilities_known_) {
    capabilities_known_ = true;
    state_ = state::login;
    return send(make(client_command::noop, "CAPABILITY"));
  }
  state_ = state::ready;
  push(client_event::ready{});
}

} // namespace rookery::imap
