#include "base/check.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/smtp/server_session.hpp"

#include <algorithm>

namespace rookery::smtp {

void server_session::on_auth(std::string_view arguments) {
  if (!has_auth()) return fault_reply(fault::syntax, 502, "5.5.1", "Authentication is not offered here");
  if (!greeting_ || *greeting_ == greeting_verb::helo) return fault_reply(fault::sequence, 503, "5.5.1", "EHLO first");
  if (authenticated_) return fault_reply(fault::sequence, 503, "5.5.1", "Already authenticated");
  if (mail_) return fault_reply(fault::sequence, 503, "5.5.1", "Not within a transaction");
  const auto space = arguments.find(' ');
  const auto name = arguments.substr(0, space);
  auto initial = space == std::string_view::npos ? std::string_view() : arguments.substr(space + 1);
  while (initial.starts_with(' ')) initial.remove_prefix(1);
  if (name.empty() || initial.find(' ') != std::string_view::npos)
    return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: AUTH mechanism [initial-response]");
  if (!facts_.secure()) return fault_reply(fault::sequence, 538, "5.7.11", "Encryption required: issue STARTTLS first");
  const auto found = sasl::find(name);
  const auto list = sasl::offered(facts_, settings_->mechanisms);
  if (!found || std::find(list.begin(), list.end(), *found) == list.end())
    return fault_reply(fault::syntax, 504, "5.5.4", "Unknown authentication mechanism");
  mechanism_ = *found;
  exchange_.emplace(mechanism_, facts_, settings_->mechanisms);
  if (initial.empty()) return auth_step(exchange_->begin({}));
  if (initial == "=") return auth_step(exchange_->begin(std::string_view()));
  const auto octets = encoding::base64_decode(initial);
  if (!octets) return auth_failed(sasl::failure::malformed, {});
  auth_step(exchange_->begin(*octets));
}

void server_session::on_auth_line(std::string_view line) {
  if (line == "*") return auth_failed(sasl::failure::aborted, {});
  if (succeeded_) {
    // The mechanism's last words were a challenge; its answer is empty (RFC 4954 §4).
    if (!line.empty() && line != "=") return auth_failed(sasl::failure::malformed, succeeded_->user);
    return auth_succeeded(*std::exchange(succeeded_, {}));
  }
  const auto octets = encoding::base64_decode(line);
  if (!octets) return auth_failed(sasl::failure::malformed, {});
  auth_step(exchange_->respond(*octets));
}

void server_session::auth_step(sasl::step s) {
  if (auto* c = std::get_if<sasl::challenge>(&s)) {
    say(334, "", encoding::base64_encode(c->octets));
    expect_command();
    state_ = state::auth;
  } else if (auto* p = std::get_if<sasl::check_password>(&s)) {
    ask(question::password, check_password{mechanism_, std::move(*p)});
  } else if (auto* f = std::get_if<sasl::find_credentials>(&s)) {
    ask(question::credentials, find_credentials{mechanism_, std::move(*f)});
  } else if (auto* q = std::get_if<sasl::check_proof>(&s)) {
    ask(question::proof, check_proof{mechanism_, std::move(*q)});
  } else if (auto* done = std::get_if<sasl::succeeded>(&s)) {
    if (!done->last) return auth_succeeded(*done);
    say(334, "", encoding::base64_encode(*done->last));
    succeeded_ = std::move(*done);
    expect_command();
    state_ = state::auth;
  } else {
    auto& why = std::get<sasl::failed>(s);
    auth_failed(why.why, std::move(why.user));
  }
}

void server_session::auth_succeeded(const sasl::succeeded& done) {
  push(authenticated{done.authzid, done.user, mechanism_});
  authenticated_ = true;
  exchange_.reset();
  say(235, "2.7.0", "Authentication succeeded");
  expect_command();
}

void server_session::auth_failed(sasl::failure why, std::string user) {
  exchange_.reset();
  succeeded_.reset();
  expect_command();
  const bool wrong = why == sasl::failure::wrong || why == sasl::failure::channel_binding;
  if (wrong && sasl::judged_by_session(mechanism_)) return ask(question::failure, authentication_failed{mechanism_, std::move(user), why, true});
  switch (why) {
  case sasl::failure::aborted: say(501, "5.7.0", "Authentication cancelled"); break;
  case sasl::failure::malformed: say(501, "5.5.2", "Malformed authentication data"); break;
  case sasl::failure::too_long: say(500, "5.5.6", "Authentication exchange line is too long"); break;
  case sasl::failure::wrong:
  case sasl::failure::channel_binding: say(535, "5.7.8", "Authentication credentials invalid"); break;
  }
  push(authentication_failed{mechanism_, std::move(user), why});
  count_failed_login();
}

void server_session::say_failure() {
  if (state_ == state::closed) return;
  base::check(question_ == question::failure, "no failure is held");
  question_ = question::none;
  expect_command();
  say(535, "5.7.8", "Authentication credentials invalid");
  count_failed_login();
}

void server_session::count_failed_login() {
  if (++failed_logins_ >= settings_->limits.authentication_failures)
    end_with_421(end_reason::limit, fault::too_many_failed_logins, "4.7.0", "Too many failed logins");
}

void server_session::password_verified(bool right) {
  if (state_ == state::closed) return;
  base::check(question_ == question::password, "no password is in question");
  question_ = question::none;
  auth_step(exchange_->password_verified(right));
}

void server_session::credentials_found(const sasl::scram_credentials& c, bool known) {
  if (state_ == state::closed) return;
  base::check(question_ == question::credentials, "no credentials are in question");
  question_ = question::none;
  auth_step(exchange_->credentials_found(c, known));
}

void server_session::proof_judged(bool right, std::string_view user) {
  if (state_ == state::closed) return;
  base::check(question_ == question::proof, "no proof is in question");
  question_ = question::none;
  auth_step(exchange_->proof_judged(right, user));
}

void server_session::authentication_unavailable(std::string_view text) {
  if (state_ == state::closed) return;
  base::check(question_ == question::password || question_ == question::credentials || question_ == question::proof, "no login is under way");
  question_ = question::none;
  exchange_.reset();
  say(454, "4.7.0", text);
  expect_command();
}

} // namespace rookery::smtp
