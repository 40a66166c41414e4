#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/pop3/client_session.hpp"

namespace rookery::pop3 {

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
  const auto& login = settings_->login;
  const bool printable = login.user.find_first_of("\r\n") == std::string::npos &&
                         login.password.find_first_of("\r\n") == std::string::npos;
  if (!login.password_may_travel(facts_) || !printable || login.user.empty()) return end(client_end::no_login);
  state_ = state::user;
  command("USER " + login.user);
  expect_reply(now_);
}

void client_session::on_login_answer(bool ok, std::string_view text) {
  if (!ok) {
    const bool later = base::istarts_with(text, "[IN-USE]") || base::istarts_with(text, "[LOGIN-DELAY]") ||
                       base::istarts_with(text, "[SYS/TEMP]");
    return end(later ? client_end::login_later : client_end::login_refused, text);
  }
  if (state_ == state::user) {
    state_ = state::password;
    command("PASS " + settings_->login.password);
    return expect_reply(now_);
  }
  ask_listing();
}

} // namespace rookery::pop3
