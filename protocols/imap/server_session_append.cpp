#include "protocols/imap/server_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/imap/session_progress.hpp"

#include <algorithm>

namespace rookery::imap {

void server_session::drop_append(std::string_view kind, std::string_view code, std::string_view text) {
  if (append_ && append_->messages > 0) queued_.emplace_back(append_aborted{});
  finish(kind, code, text);
}

/// `rest` stands behind CATENATE's parenthesis, where there is one.
void server_session::begin_append(const command_head& head, append_head&& about, std::string_view rest, const std::optional<literal>& found) {
  tag_ = head.tag;
  append_ = std::make_unique<append_progress>();
  append_->mailbox = std::move(about.mailbox);
  append_->replaced = about.replaced;
  if (!about.message.catenate) return announce_append(std::move(about.message), *found);
  append_->line = rest;
  append_->found = found;
  announce_catenation(std::move(about.message));
}

/// One more message is announced: within limits it is put to the host.
void server_session::announce_append(append_message&& message, const literal& found) {
  const auto& limits = settings_->limits;
  message.octets = found.octets;
  message.binary = found.binary;
  append_->message = std::move(message);
  append_->found = found;
  append_->line.clear();
  append_->at = 0;
  append_->paren = append_->message.utf8;
  append_->total += found.octets;
  const auto no = [&](std::string_view code, std::string_view text) {
    const auto announced = found;
    drop_append("NO", code, text);
    swallow_after(&announced);
  };
  // RFC 3502 §6.3.11: an empty message takes the whole APPEND back.
  if (found.octets == 0) return no("CANNOT", "An empty message cannot be stored");
  if (found.octets > limits.append_octets) return no("TOOBIG", "Message too large");
  if (append_->total > limits.append_total_octets) return no("TOOBIG", "Messages too large together");
  announce_message();
}

void server_session::announce_catenation(append_message&& message) {
  append_->message = std::move(message);
  append_->inside = true;
  append_->parts = 0;
  append_->text_octets = 0;
  announce_message();
}

void server_session::announce_message() {
  const auto& limits = settings_->limits;
  const auto no = [&](std::string_view code, std::string_view text) {
    const auto found = append_->found;
    drop_append("NO", code, text);
    swallow_after(found ? &*found : nullptr);
  };
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
  auto& a = *append_;
  last_activity_ = now_;
  if (a.inside && !a.text_next) return go_on_append();
  literal_left_ = a.found->octets;
  if (a.found->sync) out_.append("+ OK\r\n");
  a.text_next = false;
  a.found.reset();
  a.line.clear();
  a.at = 0;
  phase_ = literal_left_ == 0 ? phase::append_after : phase::append_literal;
}

void server_session::refuse_append(std::string_view code, std::string_view text) {
  if (closing_) return;
  const auto was = phase_;
  base::check(append_ != nullptr, "no APPEND is open");
  auto rest = append_->found;
  if (was != phase::append_host) {
    rest.emplace();
    rest->octets = literal_left_;
    rest->sync = false;
  }
  finish("NO", code, text);
  // A queued end of this message is no news any more.
  std::erase_if(queued_, [](const event& e) { return std::holds_alternative<append_message_end>(e); });
  if (closing_ || was == phase::append_end_host) return;
  if (was == phase::append_after) phase_ = phase::swallow_line;
  else swallow_after(rest ? &*rest : nullptr);
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
    if (!append_->inside) queued_.emplace_back(append_message_end{});
    phase_ = phase::append_after;
  }
  return true;
}

/// After a message or a part of one: the line goes on to its end, or to the next literal.
bool server_session::step_append_after() {
  const auto view = in_.view();
  const auto line_end = view.find('\n');
  if (append_->line.size() + std::min(line_end, view.size()) > line_limit()) {
    drop_append("BAD", "", "Command line too long");
    if (!closing_) phase_ = phase::swallow_line;
    return true;
  }
  if (line_end == std::string_view::npos) return false;
  auto text = view.substr(0, line_end);
  if (text.empty() || text.back() != '\r' || text.find('\0') != std::string_view::npos) {
    drop_append("BAD", "", "Invalid APPEND");
    consume(line_end + 1);
    swallow_after(nullptr);
    return true;
  }
  text.remove_suffix(1);
  append_->found = find_literal(text);
  append_->line.append(text.substr(0, append_->found ? append_->found->begin : text.size()));
  consume(line_end + 1);
  go_on_append();
  return true;
}

bool server_session::step_append_url_literal() {
  const auto n = static_cast<std::size_t>(literal_left_);
  if (in_.size() < n) return false;
  const auto octets = in_.view().substr(0, n);
  if (octets.find('\0') != std::string_view::npos) {
    drop_append("BAD", "", "NUL in a literal");
    consume(n);
    if (!closing_) phase_ = phase::swallow_line;
    return true;
  }
  auto& line = append_->line;
  line.push_back('{');
  base::append_number(line, n);
  line.append("}\r\n").append(octets);
  consume(n);
  literal_left_ = 0;
  phase_ = phase::append_after;
  return true;
}

/// The next part of CATENATE's list, or its end.
void server_session::next_part() {
  auto& a = *append_;
  const auto& limits = settings_->limits;
  const auto refuse_all = [&](std::string_view kind, std::string_view code, std::string_view text) {
    const auto found = a.found;
    drop_append(kind, code, text);
    swallow_after(found ? &*found : nullptr);
  };
  word_reader in(a.line, reading());
  in.skip(a.at);
  std::string url;
  const auto part = read_catenate_part(in, url);
  const bool literal_wanted = part != catenate_part::url && part != catenate_part::end;
  if (in.fault() != parse_fault::none) return refuse_all("BAD", "", in.fault_text());
  if (literal_wanted && !a.found) return refuse_all("BAD", "", "Message literal expected");
  switch (part) {
    case catenate_part::end:
      if (a.parts == 0) return refuse_all("BAD", "", "Invalid CATENATE");
      a.inside = false;
      a.at = in.position();
      queued_.emplace_back(append_message_end{});
      return go_on_append();
    case catenate_part::url_literal:
      if (a.found->octets > limits.url_octets) return refuse_all("NO", "LIMIT", "URL too long");
      if (a.found->sync) out_.append("+ OK\r\n");
      literal_left_ = a.found->octets;
      a.found.reset();
      phase_ = phase::append_url_literal;
      return;
    default: break;
  }
  if (++a.parts > limits.catenate_parts) return refuse_all("NO", "LIMIT", "Too many parts");
  a.at = in.position();
  phase_ = phase::append_host;
  if (part == catenate_part::url) {
    queued_.emplace_back(append_url{std::move(url)});
    return;
  }
  a.paren = part == catenate_part::utf8_text;
  a.message.binary = a.found->binary;
  a.text_octets += a.found->octets;
  a.total += a.found->octets;
  if (a.text_octets > limits.append_octets) return refuse_all("NO", "TOOBIG", "Message too large");
  if (a.total > limits.append_total_octets) return refuse_all("NO", "TOOBIG", "Messages too large together");
  a.text_next = true;
  queued_.emplace_back(append_text{a.found->octets});
}

/// A line of the command is there: the next part, the next message (RFC 3502), or the end.
void server_session::go_on_append() {
  auto& a = *append_;
  const auto bad = [&](std::string_view text) {
    const auto found = a.found;
    drop_append("BAD", "", text);
    swallow_after(found ? &*found : nullptr);
  };
  word_reader in(a.line, reading());
  in.skip(a.at);
  if (a.paren) { // RFC 6855 §4: UTF8 (~{...} ... )
    if (!in.take(')')) return bad("Invalid APPEND");
    a.paren = false;
    a.at = in.position();
  }
  if (a.inside) return next_part();
  if (!a.found && in.rest().find_first_not_of(' ') == std::string_view::npos) {
    queued_.emplace_back(append_end{a.messages});
    phase_ = phase::append_end_host;
    return;
  }
  // RFC 8508 §4.7: one message replaces one.
  if (a.replaced) return bad("Invalid APPEND");
  append_message next;
  if (!read_append_message(in, next)) return bad("Invalid APPEND");
  if (next.catenate) {
    a.line.erase(0, in.position());
    a.at = 0;
    return announce_catenation(std::move(next));
  }
  if (!a.found) return bad("Invalid APPEND");
  const auto announced = *a.found;
  announce_append(std::move(next), announced);
}

} // namespace rookery::imap
