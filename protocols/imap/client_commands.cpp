#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/imap/client_session.hpp"
#include "protocols/imap/date.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

/// A longer string goes as literal: some servers read lines into small buffers.
constexpr std::size_t quoted_octets_max = 900;
/// RFC 7888 §5: LITERAL- allows so much unasked.
constexpr std::uint64_t literal_minus_octets = 4096;

bool can_be_quoted(std::string_view text) {
  return text.size() <= quoted_octets_max &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0' || (c & 0x80) != 0; });
}

std::string flag_words(const flag_list& flags) {
  constexpr std::pair<std::uint64_t, std::string_view> system[] = {{flag::seen, "\\Seen"}, {flag::answered, "\\Answered"},
    {flag::flagged, "\\Flagged"}, {flag::deleted, "\\Deleted"}, {flag::draft, "\\Draft"}};
  std::string out("(");
  const auto add = [&out](std::string_view word) {
    if (out.size() > 1) out += ' ';
    out += word;
  };
  for (const auto& [bit, word] : system)
    if ((flags.system & bit) != 0) add(word);
  for (const auto& keyword : flags.keywords) add(keyword);
  return out + ')';
}

} // namespace

client_session::command client_session::make(client_command what, std::string_view text) {
  command made;
  made.what = what;
  made.parts.emplace_back(text);
  return made;
}

void client_session::add_string(command& to, std::string_view text) const {
  auto& part = to.parts.back();
  if (can_be_quoted(text)) {
    part += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') part += '\\';
      part += c;
    }
    part += '"';
    return;
  }
  part += '{';
  base::append_number(part, text.size());
  if (capable("LITERAL+") || (capable("LITERAL-") && text.size() <= literal_minus_octets)) {
    part += "+}\r\n";
    part += text;
  } else {
    part += '}';
    to.parts.emplace_back(text);
  }
}

void client_session::send(command c) {
  asked_.push_back(std::move(c));
  active_ = now_;
  send_asked();
}

void client_session::ask(command c, base::instant now) {
  now_ = now;
  if (closed_) return;
  base::check(can_ask(), "the session is ready and has room for questions");
  if (asked_.empty()) active_ = now;
  asked_.push_back(std::move(c));
  send_asked();
}

void client_session::send_asked() {
  while (sent_ahead_ < asked_.size()) {
    auto& next = asked_[sent_ahead_];
    const bool fetches = next.what == client_command::fetch && asked_.front().what == client_command::fetch;
    if (sent_ahead_ > 0 && !(fetches && sent_ahead_ < settings_->limits.pipelined_fetches)) return;
    next.tag = ++last_tag_;
    if (++sent_ahead_ == 1) {
      part_ = 0;
      selecting_ = next.what == client_command::select;
      selected_ = {};
      found_.clear();
    }
    output_.append("r");
    output_.append(std::to_string(next.tag));
    output_.append(" ");
    if (sent_ahead_ == 1) {
      send_part();
    } else {
      output_.append(next.parts.front());
      output_.append("\r\n");
    }
  }
  if (asked_.empty() && leaving_ && state_ == state::ready) {
    state_ = state::logout;
    begun_ = active_ = now_;
    send(make(client_command::noop, "LOGOUT"));
  }
}

void client_session::send_part() {
  const auto& front = asked_.front();
  output_.append(front.parts[part_++]);
  if (part_ < front.parts.size() || !front.body) {
    output_.append("\r\n");
    continuing_ = part_ < front.parts.size() || front.what == client_command::idle;
    return;
  }
  // The last words of an APPEND: its literal is announced here.
  const bool unasked = capable("LITERAL+") || (capable("LITERAL-") && front.body_octets <= literal_minus_octets);
  output_.append(" {" + std::to_string(front.body_octets) + (unasked ? "+}\r\n" : "}\r\n"));
  body_left_ = front.body_octets;
  continuing_ = !unasked;
  if (unasked) {
    body_wanted_ = true;
    push(client_event::want_body{});
  }
}

void client_session::on_continuation() {
  if (auth_ && state_ == state::login) {
    const auto text = reader_.text();
    return auth_step(auth_->challenged(text.substr(std::min<std::size_t>(1, text.size()))));
  }
  if (!continuing_) {
    // A server may say "+" more than once while it idles, or to a literal sent unasked.
    return;
  }
  continuing_ = false;
  const auto& front = asked_.front();
  if (part_ < front.parts.size()) return send_part();
  if (front.what == client_command::idle) {
    idling_ = true;
    if (leaving_ || ending_idle_) {
      ending_idle_ = false;
      end_idle(now_);
    }
  } else if (front.body) {
    body_wanted_ = true;
    push(client_event::want_body{});
  }
}

void client_session::on_tagged(const status_response& status) {
  if (sent_ahead_ == 0 || status.tag != "r" + std::to_string(asked_.front().tag) ||
      status.what == condition::bye || status.what == condition::preauth)
    return end(client_end::malformed, reader_.text());
  if (state_ == state::ready) return finish_front(status);
  asked_.pop_front();
  --sent_ahead_;
  continuing_ = false;
  switch (state_) {
  case state::capability:
    if (capabilities_.empty() && status.code == "CAPABILITY")
      capabilities_ = parse_capabilities(status.arguments, settings_->limits);
    return on_capabilities();
  case state::starttls:
    if (status.what != condition::ok) {
      if (settings_->login.tls != tls_use::when_offered) return end(client_end::no_tls, status.text);
      return log_in();
    }
    state_ = state::tls;
    return push(client_event::start_tls{});
  case state::login: return on_login_answer(status);
  case state::logout: return end(client_end::logout, status.text);
  case state::greeting:
  case state::peer:
  case state::tls:
  case state::key:
  case state::ready: break;
  }
}

void client_session::finish_front(const status_response& status) {
  const auto front = std::move(asked_.front());
  asked_.pop_front();
  --sent_ahead_;
  const bool ok = status.what == condition::ok;
  if (body_wanted_) {
    // An answer in the middle of a message: what follows would be read as commands.
    return end(client_end::malformed, status.text);
  }
  client_event::done done{front.what, ok, front.message_seen, front.uid, status.code, status.arguments, base::printable(status.text)};
  if (front.what == client_command::select && ok) {
    selected_.read_only = status.code == "READ-ONLY";
    push(selected_);
  } else if (front.what == client_command::search && ok) {
    push(client_event::found{std::move(found_)});
  } else if (front.what == client_command::append && status.code == "APPENDUID") {
    const auto space = status.arguments.find(' ');
    if (space != std::string::npos) done.uid = base::parse_u32(std::string_view(status.arguments).substr(space + 1)).value_or(0);
  }
  selecting_ = continuing_ = idling_ = ending_idle_ = false;
  part_ = 0;
  active_ = now_;
  push(std::move(done));
  // Fetches sent ahead: the next is at the front now.
  if (sent_ahead_ > 0) part_ = 1;
  send_asked();
}

void client_session::list(std::string_view reference, std::string_view pattern, base::instant now) {
  auto c = make(client_command::list, "LIST ");
  add_string(c, to_wire(reference, utf8()));
  c.parts.back() += ' ';
  add_string(c, to_wire(pattern, utf8()));
  ask(std::move(c), now);
}

void client_session::list_all(base::instant now) {
  auto c = make(client_command::list, "LIST \"\" \"*\"");
  // RFC 6154 §2: without being asked a server may keep the uses to itself.
  if (capable("LIST-EXTENDED") || capable("IMAP4REV2"))
    c.parts.back() += capable("SPECIAL-USE") || capable("IMAP4REV2") ? " RETURN (SUBSCRIBED SPECIAL-USE)" : " RETURN (SUBSCRIBED)";
  ask(std::move(c), now);
}

void client_session::select(std::string_view mailbox, bool read_only, base::instant now, bool condstore) {
  auto c = make(client_command::select, read_only ? "EXAMINE " : "SELECT ");
  add_string(c, to_wire(mailbox, utf8()));
  if (condstore && (capable("CONDSTORE") || capable("QRESYNC"))) c.parts.back() += " (CONDSTORE)";
  ask(std::move(c), now);
}

void client_session::search(std::string_view criteria, base::instant now) {
  // RFC 4731: ranges instead of a number for each message.
  const bool ranges = capable("ESEARCH") || capable("IMAP4REV2");
  auto c = make(client_command::search, ranges ? "UID SEARCH RETURN (ALL) " : "UID SEARCH ");
  c.parts.back() += criteria;
  ask(std::move(c), now);
}

void client_session::rows(std::uint32_t first, std::uint32_t last, base::instant now, std::uint64_t changed_since) {
  auto c = make(client_command::rows, "UID FETCH ");
  c.uid = first;
  base::append_number(c.parts.back(), first);
  c.parts.back() += ':';
  if (last == 0) c.parts.back() += '*';
  else base::append_number(c.parts.back(), last);
  c.parts.back() += " (UID RFC822.SIZE FLAGS INTERNALDATE)";
  if (changed_since != 0) c.parts.back() += " (CHANGEDSINCE " + std::to_string(changed_since) + ')';
  ask(std::move(c), now);
}

void client_session::fetch(std::uint32_t uid, base::instant now) {
  auto c = make(client_command::fetch, "UID FETCH ");
  c.uid = uid;
  base::append_number(c.parts.back(), uid);
  c.parts.back() += " (UID FLAGS INTERNALDATE BODY.PEEK[])";
  ask(std::move(c), now);
}

void client_session::store(std::span<const number_range> uids, bool add, const flag_list& flags, base::instant now) {
  auto c = make(client_command::store, "UID STORE " + print(uids));
  c.parts.back() += (add ? " +FLAGS.SILENT " : " -FLAGS.SILENT ") + flag_words(flags);
  ask(std::move(c), now);
}

void client_session::expunge(std::span<const number_range> uids, base::instant now) {
  const bool by_uid = capable("UIDPLUS") || capable("IMAP4REV2");
  ask(make(client_command::expunge, by_uid ? "UID EXPUNGE " + print(uids) : "EXPUNGE"), now);
}

void client_session::append(std::string_view mailbox, const flag_list& flags, std::optional<base::wall_time> date,
                            std::uint64_t octets, base::instant now) {
  auto c = make(client_command::append, "APPEND ");
  add_string(c, to_wire(mailbox, utf8()));
  if (flags != flag_list{}) c.parts.back() += ' ' + flag_words(flags);
  if (date) {
    char text[date_time_octets];
    const auto* last = print_date_time(text, *date);
    c.parts.back() += " \"" + std::string(text, static_cast<std::size_t>(last - text)) + '"';
  }
  c.body = true;
  c.body_octets = octets;
  ask(std::move(c), now);
}

void client_session::body(base::const_bytes octets) {
  if (closed_) return;
  base::check(body_wanted_ && octets.size() <= body_left_, "so many octets of a message are wanted");
  body_left_ -= octets.size();
  output_.append(octets);
}

void client_session::body_done(base::instant now) {
  now_ = active_ = now;
  if (closed_) return;
  base::check(body_wanted_ && body_left_ == 0, "the whole message was given");
  body_wanted_ = false;
  output_.append("\r\n");
}

void client_session::idle(base::instant now) {
  ask(make(client_command::idle, capable("IDLE") || capable("IMAP4REV2") ? "IDLE" : "NOOP"), now);
}

void client_session::end_idle(base::instant now) {
  now_ = active_ = now;
  if (closed_ || ending_idle_) return;
  const bool waiting = sent_ahead_ > 0 && asked_.front().what == client_command::idle;
  if (!waiting) return;
  ending_idle_ = true; // before the "+" it is remembered
  if (idling_) output_.append("DONE\r\n");
}

void client_session::noop(base::instant now) { ask(make(client_command::noop, "NOOP"), now); }

} // namespace rookery::imap
