#include "protocols/pop3/client_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

namespace rookery::pop3 {

namespace {

constexpr std::string_view end_names[] = {"quit", "refused", "no_tls", "peer_refused", "no_login", "login_refused",
                                          "login_later", "timeout", "malformed", "over_limit", "shut_down"};

} // namespace

std::string_view name(client_end why) noexcept { return end_names[static_cast<std::size_t>(why)]; }

client_session::client_session(std::shared_ptr<const client_settings> settings, connection_facts facts, base::instant now)
    : settings_(std::move(settings)), facts_(std::move(facts)), now_(now),
      reply_by_(now + settings_->limits.greeting_time) {
  if (facts_.tls) {
    state_ = state::peer;
    push(client_event::check_peer{});
  }
}

void client_session::command(std::string_view text) {
  output_.append(text);
  output_.append("\r\n");
}

void client_session::feed(base::const_bytes in, base::instant now) {
  now_ = now;
  input_.consume(used_);
  used_ = 0;
  if (closed_) return;
  input_.append(in);
  // A listing or a message may take long, if only it goes on.
  if (in_list_ || in_message_) reply_by_ = now + settings_->limits.stall_time;
}

void client_session::tick(base::instant now) {
  now_ = now;
  if (const auto by = deadline(); by && now >= *by) end(client_end::timeout);
}

std::optional<base::instant> client_session::deadline() const noexcept {
  const bool idle = state_ == state::ready && sent_ahead_ == 0;
  if (closed_ || asks_host() || idle || state_ == state::entries) return std::nullopt;
  return reply_by_;
}

std::optional<client_session::event> client_session::next_event() {
  for (;;) {
    if (!events_.empty()) {
      auto e = std::move(events_.front());
      events_.pop_front();
      return e;
    }
    input_.consume(used_);
    used_ = 0;
    if (closed_ || !step()) {
      if (!events_.empty()) continue;
      return std::nullopt;
    }
  }
}

bool client_session::step() {
  if (asks_host()) return false;
  if (state_ == state::entries) {
    give_entry_without_id();
    return true;
  }
  if (in_message_) return read_message();
  std::string_view line;
  if (!read_line(line)) return false;
  if (in_list_) {
    if (line == ".") {
      in_list_ = false;
      if (state_ == state::capabilities) on_capabilities();
      else if (state_ == state::sizes) on_sizes();
      else on_listed(true);
      return true;
    }
    if (line.starts_with('.')) line.remove_prefix(1);
    if (state_ == state::capabilities) on_capability(line);
    else if (state_ == state::sizes) on_size(line);
    else on_id(line);
    return true;
  }
  if (state_ == state::greeting) {
    on_greeting(line);
    return true;
  }
  if (state_ == state::auth) {
    on_auth_answer(line);
    return true;
  }
  const bool ok = base::istarts_with(line, "+OK");
  if (!ok && !base::istarts_with(line, "-ERR")) {
    end(client_end::malformed, line);
    return true;
  }
  const auto text = base::trim(line.substr(ok ? 3 : 4));
  switch (state_) {
  case state::capabilities:
    if (ok) in_list_ = true;
    else on_capabilities();
    break;
  case state::stls:
    if (!ok) {
      if (settings_->login.tls == tls_use::required) return end(client_end::no_tls, text), true;
      log_in();
      break;
    }
    state_ = state::tls;
    push(client_event::start_tls{});
    break;
  case state::user:
  case state::password: on_login_answer(ok, text); break;
  case state::sizes:
    if (!ok) return end(client_end::refused, text), true;
    in_list_ = true;
    break;
  case state::ids:
    if (ok) in_list_ = true;
    else state_ = state::entries;
    break;
  case state::quit: end(client_end::quit, text, ok); break;
  case state::ready:
    if (sent_ahead_ == 0) return end(client_end::malformed, line), true;
    on_asked_answer(ok, text);
    break;
  case state::greeting:
  case state::peer:
  case state::tls:
  case state::auth:
  case state::key:
  case state::entries: break;
  }
  return true;
}

bool client_session::read_line(std::string_view& line) {
  const auto text = input_.view();
  const auto end_of_line = text.find('\n', scanned_);
  const auto octets = end_of_line == std::string_view::npos ? text.size() : end_of_line + 1;
  if (octets > settings_->limits.line_octets) {
    end(client_end::over_limit, "a line is too long");
    return false;
  }
  if (end_of_line == std::string_view::npos) {
    scanned_ = text.size();
    return false;
  }
  scanned_ = 0;
  used_ = octets;
  line = text.substr(0, end_of_line);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

void client_session::end(client_end why, std::string_view text, bool committed) {
  if (closed_) return;
  push(client_event::gone{why, committed, base::printable(text)});
  closed_ = true;
}

void client_session::quit(base::instant now) {
  now_ = now;
  if (closed_ || quitting_) return;
  quitting_ = true;
  if (state_ != state::ready) return end(client_end::quit);
  send_asked();
}

void client_session::shut_down(base::instant now) {
  now_ = now;
  if (closed_) return;
  if (state_ == state::ready && asked_.empty()) return quit(now);
  if (state_ != state::quit) end(client_end::shut_down);
}

} // namespace rookery::pop3
