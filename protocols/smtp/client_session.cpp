#include "protocols/smtp/client_session.hpp"

#include "base/check.hpp"

#include <utility>

namespace rookery::smtp {

namespace {

/// A buffer that grew beyond this is given back when it is empty.
constexpr std::size_t kept_octets_max = 16 * 1024;

std::string_view command_of(stage s) {
  switch (s) {
  case stage::connect: return "the greeting";
  case stage::greeting: return "the answer to EHLO";
  case stage::tls: return "the answer to STARTTLS";
  case stage::authentication: return "the answer to AUTH";
  case stage::mail: return "the answer to MAIL";
  case stage::recipient: return "the answer to RCPT";
  case stage::data: return "the answer to DATA";
  case stage::body: return "the peer to take the message";
  case stage::final: return "the answer to the message";
  case stage::idle: return "an answer";
  }
  return {};
}

} // namespace

client_session::client_session(std::shared_ptr<const client_settings> settings, connection_facts facts, base::instant now)
    : settings_(std::move(settings)), facts_(std::move(facts)), now_(now), armed_(now),
      reader_({settings_->limits.reply_line_octets, settings_->limits.reply_lines, settings_->limits.reply_octets}) {
  base::check(valid_domain(settings_->host_name) || valid_address_literal(settings_->host_name),
              "a client names itself by a domain or an address literal");
  if (settings_->tls == tls_use::implicit) {
    state_ = state::check;
    push(check_peer{});
  } else {
    wait(settings_->times.greeting);
  }
}

void client_session::say(std::string_view line) {
  output_.append(line);
  output_.append("\r\n");
}

void client_session::wait(std::chrono::seconds time) noexcept {
  armed_ = now_;
  wait_ = time;
  waiting_ = true;
  progress_ = false;
}

void client_session::feed(base::const_bytes octets, base::instant now) {
  now_ = now;
  // What came before TLS means nothing behind it (RFC 3207 §4.2).
  if (state_ == state::closed || state_ == state::tls) return;
  input_.append(octets);
}

void client_session::tick(base::instant now) {
  now_ = now;
  const auto due = deadline();
  if (!due || now < *due) return;
  if (!output_.empty() && progress_) return wait(wait_); // it still takes octets
  std::string text = "timed out while waiting for ";
  text += command_of(present_stage());
  break_off(ended::timeout, "4.4.2", std::move(text));
}

std::optional<base::instant> client_session::deadline() const noexcept {
  if (!waiting_ || state_ == state::closed) return {};
  return armed_ + wait_;
}

bool client_session::wants_input() const noexcept {
  return state_ != state::closed && state_ != state::tls && input_.size() < settings_->limits.reply_octets;
}

void client_session::sent(std::size_t octets) noexcept {
  output_.consume(octets);
  progress_ = progress_ || octets > 0;
  if (!output_.empty()) return;
  if (output_.capacity() > kept_octets_max && content_ != content::body) output_.release();
  // Now it is for the host to go on.
  if (state_ == state::transaction && content_ == content::body && answered()) waiting_ = false;
}

std::optional<client_session::event> client_session::next_event() {
  for (;;) {
    if (events_taken_ < events_.size()) return std::move(events_[events_taken_++]);
    events_.clear();
    events_taken_ = 0;
    if (!step()) {
      if (input_.empty() && input_.capacity() > kept_octets_max) input_.release();
      return {};
    }
  }
}

bool client_session::step() {
  switch (state_) {
  case state::check:
  case state::tls:
  case state::key:
  case state::closed: return false;
  default: break;
  }
  if (input_.empty()) return false;
  if (auto r = reader_.next(input_)) {
    on_reply(*r);
    return true;
  }
  if (reader_.fault() == reply_fault::none) return false;
  break_off(ended::broken, "4.5.0", reader_.fault() == reply_fault::too_long ? "the answer is too long" : "the answer is not SMTP");
  return true;
}

void client_session::on_reply(const reply& r) {
  if (state_ == state::quit) {
    if (r.code == 221 || r.code >= 400) end(ended::quit);
    return;
  }
  if (r.code == 421) { // RFC 5321 §3.8: the server leaves, whatever was said
    if (state_ == state::transaction) {
      settle_open(r, present_stage());
      push(transaction_ended{std::move(outcomes_), {}, capabilities_.dsn});
    } else if (state_ != state::idle && state_ != state::reset) {
      push(session_failed{present_stage(), r, "the server is not available", true});
    }
    return end(ended::by_peer);
  }
  const bool opening = state_ < state::idle;
  if (quitting_ && opening) return say_quit();
  switch (state_) {
  case state::greeting: return on_greeting(r);
  case state::ehlo:
  case state::helo: return on_hello(r);
  case state::starttls: return on_starttls(r);
  case state::auth: return on_auth(r);
  case state::transaction: return on_transaction_reply(r);
  case state::reset:
    if (r.accepted()) return set_ready();
    return say_quit();
  default: return break_off(ended::broken, "4.5.0", "the server answers what was not asked");
  }
}

stage client_session::present_stage() const noexcept {
  switch (state_) {
  case state::check: return greeted_ ? stage::tls : stage::connect;
  case state::greeting: return stage::connect;
  case state::ehlo:
  case state::helo: return stage::greeting;
  case state::starttls:
  case state::tls: return stage::tls;
  case state::auth:
  case state::key: return stage::authentication;
  case state::transaction: break;
  default: return stage::idle;
  }
  // All of it may have arrived, whatever answer is still missing.
  if (content_ == content::done && output_.empty()) return stage::final;
  if (answered()) return stage::body;
  switch (awaited_[awaited_taken_].what) {
  case awaited::kind::mail: return stage::mail;
  case awaited::kind::recipient: return stage::recipient;
  case awaited::kind::data: return stage::data;
  case awaited::kind::chunk: return stage::body;
  case awaited::kind::last: break;
  }
  return stage::final;
}

void client_session::fail(stage where, std::optional<reply> said, std::string text, bool retryable, bool polite) {
  push(session_failed{where, std::move(said), std::move(text), retryable});
  if (polite) say_quit();
  else end(ended::broken);
}

void client_session::break_off(ended why, std::string_view enhanced, std::string text) {
  if (state_ == state::closed) return;
  if (state_ == state::transaction) {
    settle_open({0, std::string(enhanced), text}, present_stage());
    push(transaction_ended{std::move(outcomes_), {}, capabilities_.dsn});
  } else if (state_ < state::idle) {
    push(session_failed{present_stage(), {}, std::move(text), true});
  }
  end(state_ == state::quit ? ended::quit : why);
}

void client_session::say_quit() {
  say("QUIT");
  state_ = state::quit;
  wait(settings_->times.quit);
}

void client_session::end(ended why) {
  if (state_ == state::closed) return;
  state_ = state::closed;
  waiting_ = false;
  exchange_.reset();
  chunk_.clear();
  chunk_.release();
  push(gone{why});
}

void client_session::quit() {
  if (std::exchange(quitting_, true)) return;
  if (state_ == state::idle || state_ == state::check) say_quit();
}

void client_session::shut_down(base::instant now) {
  now_ = now;
  if (state_ == state::check || state_ == state::tls || state_ == state::key) return abort();
  quit();
}

void client_session::abort() { break_off(ended::aborted, "4.3.2", "broken off by us"); }

void client_session::lost(base::instant now, std::string_view text) {
  now_ = now;
  break_off(ended::by_peer, "4.4.2", text.empty() ? "the server closed the connection" : std::string(text));
}

} // namespace rookery::smtp
