#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/pop3/client_session.hpp"

namespace rookery::pop3 {

namespace {

constexpr std::size_t auth_line_octets = 255;

/// Response codes that do not speak of the password (RFC 2449 §8, RFC 3206).
bool is_for_later(std::string_view text) {
  return base::istarts_with(text, "[IN-USE]") || base::istarts_with(text, "[LOGIN-DELAY]") || base::istarts_with(text, "[SYS/TEMP]");
}

} // namespace

void client_session::on_greeting(std::string_view line) {
  if (!base::istarts_with(line, "+OK")) {
    const bool refused = base::istarts_with(line, "-ERR");
    return end(refused ? client_end::refused : client_end::malformed, line);
  }
  ask_capabilities();
}

void client_session::ask_capabilities() {
  capabilities_ = {};
  capability_lines_ = 0;
  state_ = state::capabilities;
  command("CAPA");
  expect_reply(now_);
}

void client_session::on_capability(std::string_view line) {
  if (++capability_lines_ > settings_->limits.capability_lines) return;
  const auto words = base::split(base::trim(line), ' ');
  const auto is = [&words](std::string_view what) { return base::iequals(words.front(), what); };
  if (is("STLS")) capabilities_.stls = true;
  else if (is("PIPELINING")) capabilities_.pipelining = true;
  else if (is("SASL")) capabilities_.mechanisms.assign(words.begin() + 1, words.end());
}

void client_session::on_capabilities() {
  if (facts_.tls || settings_->login.tls == tls_use::none) return log_in();
  const bool required = settings_->login.tls != tls_use::when_offered;
  // A server from before CAPA (no line came) may know STLS all the same.
  if (!capabilities_.stls && !(required && capability_lines_ == 0)) {
    if (required) return end(client_end::no_tls);
    return log_in();
  }
  state_ = state::stls;
  command("STLS");
  expect_reply(now_);
}

void client_session::tls_started(const connection_facts& facts, base::instant now) {
  if (closed_) return;
  base::check(state_ == state::tls, "TLS was asked for");
  facts_ = facts;
  now_ = now;
  // RFC 2595 §4: nothing that came before TLS counts.
  input_.clear();
  used_ = scanned_ = 0;
  state_ = state::peer;
  push(client_event::check_peer{});
}

void client_session::peer_accepted(base::instant now) {
  if (closed_) return;
  base::check(state_ == state::peer, "a peer is to be judged");
  now_ = now;
  if (settings_->login.tls == tls_use::implicit) {
    state_ = state::greeting;
    reply_by_ = now + settings_->limits.greeting_time;
  } else {
    ask_capabilities();
  }
}

void client_session::peer_refused(std::string_view why) { end(client_end::peer_refused, why); }

void client_session::log_in() {
  auth_.emplace(settings_->login, facts_, capabilities_.mechanisms);
  begin_auth();
}

void client_session::begin_auth() {
  const auto mechanism = settings_->login.user.empty() ? std::nullopt : auth_->begin();
  if (!mechanism) return log_in_by_user();
  std::string line("AUTH ");
  line += *mechanism;
  // RFC 5034 §4: an initial response only where the line stays within 255 octets.
  if (const auto initial = auth_->take_initial(auth_line_octets - line.size() - 3)) line += ' ' + *initial;
  state_ = state::auth;
  command(line);
  expect_reply(now_);
}

void client_session::auth_step(sasl::login_step step) {
  if (auto* line = std::get_if<sasl::login_line>(&step)) {
    state_ = state::auth;
    command(line->text);
    return expect_reply(now_);
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
  now_ = now;
  auth_step(auth_->key_derived(key));
}

void client_session::on_auth_answer(std::string_view line) {
  const bool ok = base::istarts_with(line, "+OK");
  if (!ok && line.starts_with('+')) return auth_step(auth_->challenged(line.substr(1)));
  if (!ok && !base::istarts_with(line, "-ERR")) return end(client_end::malformed, line);
  const auto text = base::trim(line.substr(ok ? 3 : 4));
  if (ok && !auth_->succeeded()) return end(client_end::peer_refused, "the server did not prove that it knows the password");
  if (!ok && !is_for_later(text) && auth_->refused()) return begin_auth();
  on_login_answer(ok, text);
}

void client_session::log_in_by_user() {
  const auto& login = settings_->login;
  const bool fits = login.user.find_first_of("\r\n") == std::string::npos && login.password.find_first_of("\r\n") == std::string::npos;
  if (!login.password_may_travel(facts_) || !fits || login.user.empty()) return end(client_end::no_login);
  state_ = state::user;
  command("USER " + login.user);
  expect_reply(now_);
}

void client_session::on_login_answer(bool ok, std::string_view text) {
  if (!ok) return end(is_for_later(text) ? client_end::login_later : client_end::login_refused, text);
  if (state_ == state::user) {
    state_ = state::password;
    command("PASS " + settings_->login.password);
    return expect_reply(now_);
  }
  auth_.reset();
  ask_listing();
}

} // namespace rookery::pop3
