#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/pop3/server_session.hpp"

#include <algorithm>

namespace rookery::pop3 {

namespace {

constexpr std::string_view not_here = "-ERR Encryption is needed for a login: use STLS";

} // namespace

void server_session::on_user(std::string_view arguments) {
  if (!facts_.secure()) return say(not_here);
  if (arguments.empty()) return fault("-ERR USER needs a name");
  // RFC 1939 §7: whether the name exists is not told before the password.
  user_ = arguments;
  say("+OK Send the password");
}

void server_session::on_pass(std::string_view arguments) {
  if (!facts_.secure()) return say(not_here);
  if (user_.empty()) return fault("-ERR Say USER first");
  method_ = "USER";
  exchange_.reset();
  // Everything behind the first space is the password, spaces too.
  ask(question::password, check_password{method_, {{}, user_, std::string(arguments)}});
}

void server_session::on_auth(std::string_view arguments) {
  const auto offered = sasl::offered(facts_, settings_->mechanisms);
  if (arguments.empty()) {
    // RFC 1734's predecessors: a list of what is offered. Old clients still ask so.
    say("+OK Mechanisms follow");
    for (const auto m : offered) say(sasl::name(m));
    return say(".");
  }
  const auto space = arguments.find(' ');
  const auto mechanism = sasl::find(arguments.substr(0, space));
  if (!mechanism || std::find(offered.begin(), offered.end(), *mechanism) == offered.end())
    return offered.empty() ? say(not_here) : fault("-ERR This mechanism is not offered");
  std::optional<std::string> initial;
  if (space != std::string_view::npos) {
    const auto text = arguments.substr(space + 1);
    initial = text == "=" ? std::string() : encoding::base64_decode(text);
    if (!initial) return fault("-ERR The initial response is not in base64");
  }
  method_ = sasl::name(*mechanism);
  exchange_.emplace(*mechanism, facts_, settings_->mechanisms);
  auth_step(exchange_->begin(initial ? std::optional<std::string_view>(*initial) : std::nullopt));
  if (initial) base::wipe(*initial);
}

void server_session::on_auth_line(std::string_view line) {
  challenged_ = false;
  if (line == "*") return auth_failed(sasl::failure::aborted, {});
  auto octets = encoding::base64_decode(line);
  if (!octets) return auth_failed(sasl::failure::malformed, {});
  if (succeeded_) {
    // RFC 4422 §5.2: the answer to the server's last words is empty.
    auto done = std::move(*succeeded_);
    succeeded_.reset();
    if (!octets->empty()) return auth_failed(sasl::failure::malformed, done.user);
    exchange_.reset();
    return ask(question::maildrop, open_maildrop{method_, std::move(done.authzid), std::move(done.user)});
  }
  auth_step(exchange_->respond(*octets));
  base::wipe(*octets);
}

void server_session::auth_step(sasl::step step) {
  if (auto* c = std::get_if<sasl::challenge>(&step)) {
    challenged_ = true;
    say("+ " + encoding::base64_encode(c->octets));
  } else if (auto* p = std::get_if<sasl::check_password>(&step)) {
    ask(question::password, check_password{method_, std::move(*p)});
  } else if (auto* f = std::get_if<sasl::find_credentials>(&step)) {
    ask(question::credentials, find_credentials{method_, std::move(*f)});
  } else if (auto* q = std::get_if<sasl::check_proof>(&step)) {
    ask(question::proof, check_proof{method_, std::move(*q)});
  } else if (auto* s = std::get_if<sasl::succeeded>(&step)) {
    if (s->last) {
      challenged_ = true;
      say("+ " + encoding::base64_encode(*s->last));
      succeeded_ = std::move(*s);
      return;
    }
    exchange_.reset();
    ask(question::maildrop, open_maildrop{method_, std::move(s->authzid), std::move(s->user)});
  } else {
    auto& failed = std::get<sasl::failed>(step);
    auth_failed(failed.why, std::move(failed.user));
  }
}

void server_session::auth_failed(sasl::failure why, std::string user) {
  exchange_.reset();
  succeeded_.reset();
  challenged_ = false;
  user_.clear();
  const bool wrong = why == sasl::failure::wrong || why == sasl::failure::channel_binding;
  if (wrong && method_.starts_with("SCRAM"))
    return ask(question::failure, authentication_failed{method_, std::move(user), why, true});
  switch (why) {
  case sasl::failure::aborted: say("-ERR Authentication aborted"); break;
  case sasl::failure::malformed:
  case sasl::failure::too_long: say("-ERR The authentication exchange is malformed"); break;
  case sasl::failure::wrong:
  case sasl::failure::channel_binding: say("-ERR [AUTH] Authentication failed"); break;
  }
  push(authentication_failed{method_, std::move(user), why});
  count_failed_login();
}

void server_session::say_failure() {
  if (closed_) return;
  base::check(question_ == question::failure, "a failure is held");
  answered();
  say("-ERR [AUTH] Authentication failed");
  count_failed_login();
}

void server_session::count_failed_login() {
  if (++failed_logins_ >= settings_->limits.authentication_failures) end(end_reason::too_many_failed_logins);
}

void server_session::password_verified(bool right) {
  if (closed_) return;
  base::check(question_ == question::password, "a password is in question");
  answered();
  if (exchange_) return auth_step(exchange_->password_verified(right));
  if (!right) return auth_failed(sasl::failure::wrong, std::move(user_));
  ask(question::maildrop, open_maildrop{method_, {}, std::move(user_)});
  user_.clear();
}

void server_session::credentials_found(const sasl::scram_credentials& credentials, bool known) {
  if (closed_) return;
  base::check(question_ == question::credentials && exchange_, "credentials are in question");
  answered();
  auth_step(exchange_->credentials_found(credentials, known));
}

void server_session::proof_judged(bool right, std::string_view user) {
  if (closed_) return;
  base::check(question_ == question::proof && exchange_, "a proof is in question");
  answered();
  auth_step(exchange_->proof_judged(right, user));
}

void server_session::authentication_unavailable() {
  if (closed_) return;
  base::check(question_ == question::password || question_ == question::credentials || question_ == question::proof, "a login is in question");
  answered();
  exchange_.reset();
  user_.clear();
  say("-ERR [SYS/TEMP] Logins cannot be checked now, try again later");
}

void server_session::opened(maildrop drop) {
  if (closed_) return;
  base::check(question_ == question::maildrop, "a maildrop is in question");
  answered();
  drop_ = std::move(drop);
  transaction_ = true;
  errors_ = 0;
  count_ = drop_.messages.size();
  octets_ = 0;
  for (const auto& m : drop_.messages) octets_ += m.octets;
  std::string text("+OK The maildrop has ");
  base::append_number(text, count_);
  text += count_ == 1 ? " message (" : " messages (";
  base::append_number(text, octets_);
  say(text + " octets)");
}

void server_session::refused(refusal why) {
  if (closed_) return;
  base::check(question_ == question::maildrop, "a maildrop is in question");
  answered();
  switch (why) {
  case refusal::in_use: return say("-ERR [IN-USE] Another session has the maildrop");
  case refusal::try_later: return say("-ERR [SYS/TEMP] The maildrop cannot be opened now, try again later");
  case refusal::not_allowed: return say("-ERR [SYS/PERM] The maildrop cannot be opened");
  case refusal::quiet_hours: return say("-ERR [SYS/TEMP] Quiet hours of your domain; mail is kept for you");
  }
}

} // namespace rookery::pop3
