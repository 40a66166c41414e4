#include "protocols/imap/server_session.hpp"

#include "base/check.hpp"
#include "protocols/imap/session_progress.hpp"

#include <algorithm>

namespace rookery::imap {

void server_session::drop_append(std::string_view kind, std::string_view code, std::string_view text) {
  if (append_ && append_->messages > 0) queued_.emplace_back(append_aborted{});
  finish(kind, code, text);
}

/// One more message is announced: within limits it is put to the host.
void server_session::announce_append(append_message&& message, const literal& found) {
  const auto& limits = settings_->limits;
  message.octets = found.octets;
  message.binary = found.binary;
  append_->message = std::move(message);
  append_->sync = found.sync;
  append_->total += found.octets;
  const auto no = [&](std::string_view code, std::string_view text) {
    drop_append("NO", code, text);
    swallow_after(&found);
  };
  // RFC 3502 §6.3.11: an empty message takes the whole APPEND back.
  if (found.octets == 0) return no("CANNOT", "An empty message cannot be stored");
  if (found.octets > limits.append_octets) return no("TOOBIG", "Message too large");
  if (append_->total > limits.append_total_octets) return no("TOOBIG", "Messages too large together");
  if (const auto most = limits.saved_at_once(); most != 0 && append_->messages >= most)
    return no(message_limit_code(most), "Too many messages at once"); // RFC 9738 §3.1: all or none
  if (append_->messages >= limits.append_messages) return no("LIMIT", "Too many messages at once");
  if (append_->messages++ == 0) queued_.emplace_back(append_begin{tag_, append_->mailbox, append_->message, append_->replaced});
  else queued_.emplace_back(append_next{append_->message});
  phase_ = phase::append_host;
}

void server_session::accept_append() {
  if (closing_) return;
  base::check(phase_ == phase::append_host, "no APPEND waits for an answer");
  literal_left_ = append_->message.octets;
  if (append_->sync) out_.append("+ OK\r\n");
  phase_ = phase::append_literal;
  last_activity_ = now_;
}

void server_session::refuse_append(std::string_view code, std::string_view text) {
  if (closing_) return;
  const auto was = phase_;
  base::check(append_ != nullptr, "no APPEND is open");
  literal rest;
  rest.octets = was == phase::append_host ? append_->message.octets : literal_left_;
  rest.sync = was == phase::append_host && append_->sync;
  finish("NO", code, text);
  // A queued end of this message is no news any more.
  std::erase_if(queued_, [](const event& e) { return std::holds_alternative<append_message_end>(e); });
  if (closing_ || was == phase::append_end_host) return;
  if (was == phase::append_after) phase_ = phase::swallow_line;
  else swallow_after(&rest);
}

void server_session::hold_append(bool held) { append_held_ = held; }

bool server_session::step_append_literal() {
  if (append_held_ || in_.empty()) return false;
  const auto octets = in_.view().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(literal_left_, in_.size())));
  // RFC 9051 §4.3, RFC 3516 §4.4: only literal8 may hold NUL.
  if (!append_->message.binary && octets.find('\0') != std::string_view::npos) {
    literal rest;
    rest.octets = literal_left_;
    rest.sync = false;
    drop_append("BAD", "", "NUL in a message");
    swallow_after(&rest);
    return true;
  }
  literal_left_ -= octets.size();
  used_by_event_ = octets.size();
  queued_.emplace_back(append_chunk{octets});
  if (literal_left_ == 0) {
    queued_.emplace_back(append_message_end{});
    phase_ = phase::append_after;
  }
  return true;
}

/// After a message: the end of the command, or the next message (RFC 3502).
bool server_session::step_append_after() {
  const auto view = in_.view();
  const auto line_end = view.find('\n');
  if (std::min(line_end, view.size()) > line_limit()) {
    drop_append("BAD", "", "Command line too long");
    if (!closing_) phase_ = phase::swallow_line;
    return true;
  }
  if (line_end == std::string_view::npos) return false;
  auto text = view.substr(0, line_end);
  const auto bad = [&](const literal* found) {
    drop_append("BAD", "", "Invalid APPEND");
    consume(line_end + 1);
    swallow_after(found);
    return true;
  };
  if (text.empty() || text.back() != '\r' || text.find('\0') != std::string_view::npos) return bad(nullptr);
  text.remove_suffix(1);
  const auto found = find_literal(text);
  if (append_->message.utf8) { // RFC 6855 §4: UTF8 (~{...} ... )
    if (text.empty() || text.front() != ')') return bad(found ? &*found : nullptr);
    text.remove_prefix(1);
  }
  if (text.find_first_not_of(' ') == std::string_view::npos) {
    consume(line_end + 1);
    queued_.emplace_back(append_end{append_->messages});
    phase_ = phase::append_end_host;
    return true;
  }
  // RFC 8508 §4.7: one message replaces one.
  if (!found || append_->replaced) return bad(found ? &*found : nullptr);
  const auto paren = append_->message.utf8 ? std::size_t{1} : std::size_t{0};
  word_reader reader(text.substr(0, found->begin - paren), reading());
  append_message next;
  if (!read_append_message(reader, next)) return bad(&*found);
  const auto announced = *found;
  consume(line_end + 1);
  announce_append(std::move(next), announced);
  return true;
}

} // namespace rookery::imap
