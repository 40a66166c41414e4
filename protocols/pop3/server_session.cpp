#include "protocols/pop3/server_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::pop3 {

namespace {

/// A buffer that grew beyond this is given back when it is empty.
constexpr std::size_t kept_octets_max = 4 * 1024;

} // namespace

server_session::server_session(std::shared_ptr<const server_settings> settings, connection_facts facts,
                               base::instant now)
    : settings_(std::move(settings)), facts_(std::move(facts)), begun_(now), active_(now) {
  say("+OK " + settings_->greeting);
}

server_session::server_session(std::shared_ptr<const server_settings> settings, connection_facts facts, base::instant now, resumed_login r)
    : settings_(std::move(settings)), facts_(std::move(facts)), begun_(now), active_(now), utf8_(r.utf8) {
  ask(question::maildrop, open_maildrop{{}, {}, std::move(r.user)});
}

void server_session::say(std::string_view text) {
  output_.append(text);
  output_.append("\r\n");
}

void server_session::ask(question q, event e) {
  question_ = q;
  push(std::move(e));
}

void server_session::feed(base::const_bytes in, base::instant now) {
  active_ = now;
  if (!closed_) input_.append(in);
}

void server_session::sent(std::size_t octets) noexcept {
  output_.consume(octets);
  // A long answer that the peer keeps taking is a sign of life; the end of a short one is not.
  if (!output_.empty() || question_ == question::message) moved_ = true;
  if (output_.empty() && output_.capacity() > kept_octets_max) output_.release();
}

void server_session::tick(base::instant now) {
  if (moved_) active_ = now;
  moved_ = false;
  const auto end_time = deadline();
  if (end_time && now >= *end_time) end(end_reason::timeout);
}

std::optional<base::instant> server_session::deadline() const noexcept {
  // A message is under way: the peer must keep taking it. Other answers are our own affair.
  if (closed_ || (question_ != question::none && question_ != question::message)) return std::nullopt;
  return transaction_ ? active_ + settings_->limits.idle_time : begun_ + settings_->limits.login_time;
}

bool server_session::wants_input() const noexcept {
  return !closed_ && input_.size() < settings_->limits.input_octets;
}

std::optional<server_session::event> server_session::next_event() {
  for (;;) {
    if (!events_.empty()) {
      auto e = std::move(events_.front());
      events_.pop_front();
      return e;
    }
    if (closed_ || question_ != question::none || output_.size() >= settings_->limits.output_octets) return std::nullopt;
    if (draining_ && listing_ == listing::none) {
      end_in_order();
    } else if (!step() && events_.empty()) {
      if (input_.empty() && input_.capacity() > kept_octets_max) input_.release();
      return std::nullopt;
    }
  }
}

bool server_session::step() {
  if (listing_ != listing::none) {
    some_of_listing();
    return true;
  }
  std::string_view line;
  if (!read_line(line)) return false;
  if (challenged_)
    on_auth_line(line);
  else
    on_command(line);
  // tls_started and end drop all input; the line went with it.
  input_.consume(std::min(line_, input_.size()));
  line_ = 0;
  return true;
}

bool server_session::read_line(std::string_view& line) {
  for (;;) {
    const auto text = input_.view();
    const auto end_of_line = text.find('\n', scanned_);
    const auto octets = end_of_line == std::string_view::npos ? text.size() : end_of_line + 1;
    // Only AUTH and answers to its challenges may be longer than other commands.
    const bool long_line = challenged_ || base::istarts_with(text, "AUTH ");
    const auto most = long_line ? settings_->limits.auth_line_octets : settings_->limits.line_octets;
    if (!skipping_ && octets > most) {
      skipping_ = true;
      if (challenged_)
        auth_failed(sasl::failure::too_long, {});
      else
        fault("-ERR The line is too long");
      if (closed_) return false;
    }
    if (end_of_line == std::string_view::npos) {
      if (skipping_) input_.clear();
      scanned_ = input_.size();
      return false;
    }
    scanned_ = 0;
    if (!skipping_) {
      line_ = octets;
      line = text.substr(0, end_of_line);
      // A bare LF ends a line too: people type commands, and nothing can be smuggled here.
      if (line.ends_with('\r')) line.remove_suffix(1);
      return true;
    }
    skipping_ = false;
    input_.consume(octets);
    if (!events_.empty()) return false;
  }
}

void server_session::fault(std::string_view text) {
  say(text);
  if (++errors_ >= settings_->limits.errors) {
    say("-ERR [SYS/PERM] Too many errors");
    end(end_reason::too_many_errors);
  }
}

void server_session::end(end_reason why) {
  closed_ = true;
  question_ = question::none;
  input_.clear();
  line_ = scanned_ = 0;
  listing_ = listing::none;
  push(gone{why});
}

void server_session::answered() { question_ = question::none; }

void server_session::tls_started(const connection_facts& facts, base::instant now) {
  if (closed_) return;
  base::check(question_ == question::tls, "TLS was asked for");
  facts_ = facts;
  active_ = now;
  // RFC 2595 §4: nothing said before counts, and nothing sent before is read (plaintext injection).
  input_.clear();
  line_ = scanned_ = 0;
  skipping_ = utf8_ = false;
  user_.clear();
  answered();
}

void server_session::shut_down(base::instant now) {
  active_ = now;
  draining_ = true;
  if (closed_ || listing_ != listing::none) return;
  switch (question_) {
  case question::none:
  // A login may be checked, or wait for a maildrop that moves, longer than anybody waits for the session.
  case question::password:
  case question::credentials:
  case question::proof:
  case question::failure:
  case question::maildrop: return end_in_order();
  default: return;
  }
}

/// POP3 has no word for it: the client takes it for the answer to what it says next (RFC 3206).
void server_session::end_in_order() {
  say("-ERR [SYS/TEMP] This server goes down, connect again");
  end(end_reason::shut_down);
}

void server_session::close_with(std::string_view last) {
  if (closed_ || question_ == question::commit) return;
  const bool within = listing_ != listing::none || (question_ == question::message && message_begun_);
  if (!within) say(last);
  end(end_reason::closed);
}

} // namespace rookery::pop3
