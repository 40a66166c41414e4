#include "protocols/smtp/server_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::smtp {

namespace {

/// Octets of a refused line that are dropped before the session gives up.
constexpr std::uint64_t skipped_octets_max = 1u << 20;
/// A buffer that grew beyond this is given back when it is empty.
constexpr std::size_t kept_octets_max = 16 * 1024;

} // namespace

server_session::server_session(std::shared_ptr<const server_settings> settings, connection_facts facts, base::instant now,
                               base::wall_time wall)
    : settings_(std::move(settings)), facts_(std::move(facts)), begun_(now), now_(now), wall_(wall) {
  std::string text = settings_->host_name;
  text += settings_->profile == profile::lmtp ? " LMTP" : " ESMTP";
  if (!settings_->software.empty()) text += ' ' + settings_->software;
  say(220, "", text);
  expect_command();
}

server_session::server_session(std::shared_ptr<const server_settings> settings, connection_facts facts, base::instant now,
                               base::wall_time wall, resumed_session r)
    : settings_(std::move(settings)), facts_(std::move(facts)), begun_(now), now_(now), wall_(wall), greeting_(r.greeting), authenticated_(!r.login.empty()) {
  push(client_named{r.greeting, std::move(r.name)});
  if (authenticated_) push(smtp::authenticated{{}, std::move(r.login), {}});
  expect_command();
  input_.append(r.line);
}

void server_session::release_view() {
  if (shown_ == 0) return;
  input_.consume(shown_);
  shown_ = 0;
}

void server_session::feed(base::const_bytes octets, base::instant now) {
  now_ = now;
  // Behind STARTTLS plain text means nothing (RFC 3207 §4.2); behind the end neither.
  if (state_ == state::closed || state_ == state::tls || octets.empty()) return;
  if (events_taken_ == events_.size()) release_view();
  input_.append(octets);
  if (state_ >= state::data && state_ <= state::drop_bdat) deadline_ = now_ + settings_->limits.data_time;
}

void server_session::tick(base::instant now) {
  now_ = now;
  const auto due = deadline();
  if (!due || now < *due) return;
  end_with_421(end_reason::timeout, fault::timeout, "4.4.2", "Timeout, closing");
}

std::optional<base::instant> server_session::deadline() const noexcept {
  if (state_ == state::closed || state_ == state::turned || question_ != question::none) return {};
  const bool body = state_ == state::data || state_ == state::bdat || state_ == state::burl;
  if (body && paused_) return {};
  if (body || state_ == state::drop_data || state_ == state::drop_bdat) return std::min(deadline_, message_deadline_);
  return deadline_;
}

bool server_session::wants_input() const noexcept {
  return state_ != state::closed && state_ != state::tls && state_ != state::turned && input_.size() < settings_->limits.input_octets;
}

std::optional<server_session::event> server_session::next_event() {
  for (;;) {
    if (events_taken_ < events_.size()) {
      auto& e = events_[events_taken_++];
      // What is shown is always the front of the input; it may have moved since.
      if (auto* chunk = std::get_if<body_chunk>(&e)) chunk->octets = shown_ != 0 ? input_.view().substr(0, shown_) : base::const_bytes(url_piece_);
      return std::move(e);
    }
    events_.clear();
    events_taken_ = 0;
    release_view();
    if (question_ != question::none || state_ == state::closed || !step()) {
      if (input_.empty() && input_.capacity() > kept_octets_max) input_.release();
      return {};
    }
  }
}

void server_session::sent(std::size_t octets) noexcept {
  output_.consume(octets);
  if (output_.empty() && output_.capacity() > kept_octets_max) output_.release();
}

bool server_session::step() {
  switch (state_) {
  case state::command:
  case state::auth: return step_line();
  case state::skip_line: return step_skip_line();
  case state::data: return step_data();
  case state::drop_data: return step_drop_data();
  case state::bdat: return step_bdat();
  case state::burl: return step_burl();
  case state::drop_bdat: return step_drop_bdat();
  case state::tls:
  case state::turned:
  case state::closed: break;
  }
  return false;
}

// Commands and answers to challenges: only CRLF ends a line, and within it neither octet may stand alone.
bool server_session::step_line() {
  if (draining_) {
    end_with_421(end_reason::shut_down, fault::timeout, "4.3.2", "System is shutting down");
    return true;
  }
  const auto& limit = settings_->limits;
  const auto text = input_.view();
  const bool long_one = state_ == state::auth || base::istarts_with(text, "AUTH ");
  const auto octets_max = long_one ? limit.auth_line_octets : limit.line_octets;
  const auto* lf = scanned_ < text.size()
                       ? static_cast<const char*>(std::memchr(text.data() + scanned_, '\n', text.size() - scanned_))
                       : nullptr;
  const auto octets = lf == nullptr ? text.size() : static_cast<std::size_t>(lf - text.data()) + 1;
  if (octets > octets_max) {
    skip_line(fault::line_too_long, 500, long_one ? "5.5.6" : "5.5.2", "Line too long");
    return true;
  }
  if (lf == nullptr) {
    scanned_ = text.size();
    return false;
  }
  if (octets < 2 || text[octets - 2] != '\r') {
    input_.consume(octets);
    skip_line(fault::bare_lf, 500, "5.5.2", "Bare LF: a line ends with CRLF");
    return true;
  }
  const auto line = text.substr(0, octets - 2);
  scanned_ = 0;
  shown_ = octets; // the handlers see views of it
  if (line.find('\r') != std::string_view::npos) {
    exchange_.reset();
    succeeded_.reset();
    expect_command();
    fault_reply(fault::bare_cr, 500, "5.5.2", "Bare CR: a line ends with CRLF");
    if (state_ != state::closed) reset_transaction(reset_reason::bare_line_end);
  } else if (state_ == state::auth) {
    expect_command();
    on_auth_line(line);
  } else {
    deadline_ = now_ + limit.command_time;
    on_command(line);
  }
  return true;
}

void server_session::skip_line(fault what, std::uint16_t code, std::string_view enhanced, std::string_view text) {
  exchange_.reset();
  succeeded_.reset();
  state_ = state::skip_line;
  scanned_ = 0;
  dropped_ = 0;
  deadline_ = now_ + settings_->limits.command_time;
  fault_reply(what, code, enhanced, text);
  if (state_ != state::closed && what == fault::bare_lf) reset_transaction(reset_reason::bare_line_end);
}

bool server_session::step_skip_line() {
  const auto text = input_.view();
  const auto end = text.find("\r\n");
  const bool held = end == std::string_view::npos && text.ends_with('\r'); // its LF may come yet
  const auto octets = end == std::string_view::npos ? text.size() - (held ? 1 : 0) : end;
  dropped_ += octets;
  input_.consume(end == std::string_view::npos ? octets : end + 2);
  if (dropped_ > skipped_octets_max) {
    end_with_421(end_reason::limit, fault::line_too_long, "4.7.0", "Line too long, closing");
    return true;
  }
  if (end == std::string_view::npos) return false;
  expect_command();
  return true;
}

void server_session::ask(question q, event e) {
  question_ = q;
  push(std::move(e));
}

void server_session::expect_command() {
  state_ = state::command;
  scanned_ = 0;
  deadline_ = now_ + settings_->limits.command_time;
}

void server_session::reset_transaction(std::optional<reset_reason> told) {
  if (mail_ && told) push(transaction_reset{*told});
  mail_ = tried_recipients_ = smtputf8_ = chunked_ = false;
  body_ = body_type::seven_bit;
  recipients_ = 0;
  octets_ = 0;
}

void server_session::count_fault(fault what) {
  push(protocol_error{what});
  if (++faults_ > settings_->limits.errors)
    end_with_421(end_reason::limit, fault::too_many_errors, "4.7.0", "Too many errors");
}

void server_session::fault_reply(fault what, std::uint16_t code, std::string_view enhanced, std::string_view text) {
  say(code, enhanced, text);
  count_fault(what);
}

void server_session::end(end_reason why) {
  if (state_ == state::closed) return;
  reset_transaction(reset_reason::ended);
  state_ = state::closed;
  question_ = question::none;
  push(gone{why});
}

void server_session::end_with_421(end_reason why, fault what, std::string_view enhanced, std::string_view text) {
  if (state_ == state::closed) return;
  say(421, enhanced, settings_->host_name + ' ' + std::string(text));
  if (why != end_reason::shut_down) push(protocol_error{what});
  end(why);
}

void server_session::shut_down(base::instant now) {
  now_ = now;
  draining_ = true;
  const bool between = state_ == state::command || state_ == state::auth || state_ == state::skip_line;
  if (between && question_ == question::none && events_taken_ == events_.size())
    end_with_421(end_reason::shut_down, fault::timeout, "4.3.2", "System is shutting down");
}

void server_session::close_with(const reply& last) {
  if (state_ == state::closed) return;
  append_reply(output_, last);
  end(end_reason::refused);
}

void server_session::accept() {
  switch (question_) {
  case question::mail: return settle({250, "2.1.0", "Ok"});
  case question::rcpt: return settle({250, "2.1.5", "Ok"});
  case question::turn: return settle({250, "2.0.0", "OK now reversing the connection"});
  case question::data: return settle({354, "", "End data with <CR><LF>.<CR><LF>"});
  case question::message: return answer({250, "2.0.0", "Ok"});
  default: base::check(state_ == state::closed, "nothing is asked that can be accepted");
  }
}

void server_session::refuse(const reply& r) {
  base::check(r.code >= 400 && r.code < 600, "a refusal has a code of 4yz or 5yz");
  if (question_ == question::message) return answer(r);
  settle(r);
}

void server_session::queue_answered(const reply& r) {
  base::check(state_ == state::closed || question_ == question::queue, "no queue is asked for");
  settle(r);
}

void server_session::settle(const reply& r) {
  if (state_ == state::closed) return;
  const auto asked = std::exchange(question_, question::none);
  const bool accepted = r.accepted();
  deadline_ = now_ + settings_->limits.command_time;
  switch (asked) {
  case question::mail:
    append_reply(output_, r);
    mail_ = accepted;
    if (accepted) ++mails_;
    else idle_command();
    return;
  case question::rcpt:
    append_reply(output_, r);
    if (accepted) {
      ++recipients_;
    } else if (++refused_recipients_ > settings_->limits.refused_recipients) {
      end_with_421(end_reason::limit, fault::too_many_refused_recipients, "4.7.0", "Too many refused recipients");
    }
    return;
  case question::queue: append_reply(output_, r); return idle_command();
  case question::turn:
    append_reply(output_, r);
    if (!accepted) return idle_command();
    release_view(); // the line of ATRN
    state_ = state::turned;
    return push(turned{});
  case question::data:
    if (!accepted) {
      if (chunked_) drop_chunk(chunk_left_, r, false);
      else append_reply(output_, r);
      return reset_transaction({});
    }
    if (!chunked_) append_reply(output_, r);
    start_body(chunked_);
    if (chunked_ && !url_.empty()) state_ = state::burl;
    return;
  case question::url: // RFC 4468 §3.1: nothing more of this message
    base::check(!accepted, "a URL is answered with octets");
    append_reply(output_, r);
    reset_transaction(reset_reason::refused);
    return expect_command();
  default: base::check(false, "nothing of this kind is asked");
  }
}

void server_session::answer(const reply& r) {
  const std::size_t count = settings_->profile == profile::lmtp ? recipients_ : 1;
  for (std::size_t i = 1; i < count; ++i) append_reply(output_, r);
  answer_each({&r, 1});
}

void server_session::answer_each(std::span<const reply> replies) {
  if (state_ == state::closed) return;
  base::check(question_ == question::message, "no message waits for its answer");
  question_ = question::none;
  bool accepted = false;
  for (const auto& r : replies) {
    append_reply(output_, r);
    accepted = accepted || r.accepted();
  }
  if (accepted) faults_ = refused_recipients_ = idle_commands_ = 0;
  reset_transaction({});
  expect_command();
}

void server_session::tls_started(const connection_facts& facts, base::instant now) {
  now_ = now;
  if (state_ == state::closed) return;
  base::check(question_ == question::tls, "TLS was not asked for");
  facts_ = facts;
  question_ = question::none;
  input_.clear();
  shown_ = 0;
  greeting_.reset();
  authenticated_ = false;
  expect_command();
}

} // namespace rookery::smtp
