#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/pop3/server_session.hpp"

namespace rookery::pop3 {

namespace {

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

} // namespace

void server_session::on_command(std::string_view line) {
  const auto space = line.find(' ');
  const auto verb = line.substr(0, space);
  const auto rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  if (base::iequals(verb, "PASS") && !transaction_) return on_pass(rest);
  const auto arguments = without_blanks(rest);
  if (base::iequals(verb, "CAPA")) return on_capa();
  if (base::iequals(verb, "QUIT")) return on_quit();
  if (base::iequals(verb, "LANG")) return on_lang(arguments);
  // RFC 1939 §5 has NOOP after the login only; clients use it before, and it does no harm.
  if (base::iequals(verb, "NOOP")) return say("+OK");
  if (transaction_)
    in_transaction(verb, arguments);
  else
    in_authorization(verb, arguments);
}

void server_session::in_authorization(std::string_view verb, std::string_view arguments) {
  if (base::iequals(verb, "USER")) return on_user(arguments);
  if (base::iequals(verb, "AUTH")) return on_auth(arguments);
  // RFC 6856 §2: names and passwords are taken as UTF-8 in any case.
  if (base::iequals(verb, "UTF8")) {
    utf8_ = true;
    return say("+OK UTF-8 it is");
  }
  if (base::iequals(verb, "STLS")) {
    if (facts_.tls) return fault("-ERR TLS is active already");
    if (!settings_->stls_available) return fault("-ERR TLS is not available");
    say("+OK Begin TLS negotiation");
    return ask(question::tls, start_tls{});
  }
  for (const std::string_view later : {"STAT", "LIST", "RETR", "DELE", "RSET", "TOP", "UIDL"})
    if (base::iequals(verb, later)) return fault("-ERR Log in first");
  if (base::iequals(verb, "APOP")) return fault("-ERR APOP is not offered");
  fault("-ERR Unknown command");
}

void server_session::in_transaction(std::string_view verb, std::string_view arguments) {
  if (base::iequals(verb, "STAT")) {
    std::string text("+OK ");
    base::append_number(text, count_);
    text += ' ';
    base::append_number(text, octets_);
    return say(text);
  }
  if (base::iequals(verb, "LIST")) return on_list(arguments, listing::sizes);
  if (base::iequals(verb, "UIDL")) return on_list(arguments, listing::ids);
  if (base::iequals(verb, "RETR")) return on_retrieve(arguments, false);
  if (base::iequals(verb, "TOP")) return on_retrieve(arguments, true);
  if (base::iequals(verb, "DELE")) return on_dele(arguments);
  if (base::iequals(verb, "RSET")) {
    octets_ = 0;
    count_ = drop_.messages.size();
    for (auto& m : drop_.messages) {
      m.deleted = false;
      octets_ += m.octets;
    }
    return say("+OK No message is marked as deleted");
  }
  for (const std::string_view earlier : {"USER", "PASS", "AUTH", "APOP", "STLS", "UTF8"})
    if (base::iequals(verb, earlier)) return fault("-ERR You are logged in already");
  fault("-ERR Unknown command");
}

void server_session::on_capa() {
  std::string text("+OK Capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
                   "EXPIRE NEVER\r\nUTF8 USER\r\nLANG\r\n");
  if (!transaction_) {
    if (facts_.secure()) text += "USER\r\n";
    if (const auto offered = sasl::offered(facts_, settings_->mechanisms); !offered.empty()) {
      text += "SASL";
      for (const auto m : offered) text.append(" ").append(sasl::name(m));
      text += "\r\n";
    }
    if (settings_->stls_available && !facts_.tls) text += "STLS\r\n";
  } else if (!settings_->implementation.empty()) {
    text.append("IMPLEMENTATION ").append(settings_->implementation).append("\r\n");
  }
  say(text + ".");
}

// RFC 6856 §3. All texts are English; "i-default" is English by RFC 2277 §4.5.
void server_session::on_lang(std::string_view range) {
  if (range.empty()) return say("+OK Languages follow\r\nen English\r\ni-default English\r\n.");
  if (range == "*" || base::iequals(range, "i-default")) return say("+OK i-default Texts are in English");
  // RFC 4647 §3.4: a longer range falls back to its beginning.
  if (base::iequals(range, "en") || base::istarts_with(range, "en-")) return say("+OK en Texts are in English");
  say("-ERR This language is not available");
}

message* server_session::find(std::string_view number) {
  const auto n = base::parse_u32(number);
  if (!n) {
    fault("-ERR A message number is needed");
    return nullptr;
  }
  if (*n == 0 || *n > drop_.messages.size()) {
    say("-ERR There is no such message");
    return nullptr;
  }
  auto& m = drop_.messages[*n - 1];
  if (m.deleted) {
    say("-ERR This message is marked as deleted");
    return nullptr;
  }
  return &m;
}

void server_session::say_entry(std::size_t index) {
  const auto& m = drop_.messages[index];
  std::string text;
  base::append_number(text, index + 1);
  text += ' ';
  if (listing_ == listing::sizes) {
    base::append_number(text, m.octets);
  } else {
    text += drop_.uid_prefix;
    base::append_number(text, m.uid);
  }
  say(text);
}

void server_session::on_list(std::string_view arguments, listing what) {
  if (arguments.empty()) {
    std::string text("+OK ");
    base::append_number(text, count_);
    say(text + (count_ == 1 ? " message" : " messages"));
    listing_ = what;
    listed_ = 0;
    return;
  }
  const auto* m = find(arguments);
  if (m == nullptr) return;
  output_.append("+OK ");
  listing_ = what;
  say_entry(static_cast<std::size_t>(m - drop_.messages.data()));
  listing_ = listing::none;
}

void server_session::some_of_listing() {
  const auto& all = drop_.messages;
  for (; listed_ < all.size() && output_.size() < settings_->limits.output_octets; ++listed_)
    if (!all[listed_].deleted) say_entry(listed_);
  if (listed_ < all.size()) return;
  say(".");
  listing_ = listing::none;
}

void server_session::on_retrieve(std::string_view arguments, bool top) {
  const auto space = arguments.find(' ');
  std::optional<std::uint32_t> lines;
  if (top) {
    if (space != std::string_view::npos) lines = base::parse_u32(without_blanks(arguments.substr(space)));
    if (!lines) return fault("-ERR TOP needs a message number and a number of lines");
  }
  const auto* m = find(top ? arguments.substr(0, space) : arguments);
  if (m == nullptr) return;
  index_ = static_cast<std::uint32_t>(m - drop_.messages.data());
  top_ = top;
  message_begun_ = false;
  lines_ = message_lines(lines);
  ask(question::message, retrieve{index_, top});
}

void server_session::write_message(base::const_bytes octets) {
  if (closed_) return; // timed out meanwhile
  base::check(question_ == question::message, "a message is in question");
  if (!message_begun_) {
    message_begun_ = true;
    std::string text("+OK");
    if (!top_) {
      text += ' ';
      base::append_number(text, drop_.messages[index_].octets);
      text += " octets";
    }
    say(text);
  }
  lines_.write(octets, output_);
}

void server_session::end_message() {
  if (closed_) return;
  write_message({});
  lines_.end(output_);
  answered();
}

void server_session::message_unavailable() {
  if (closed_) return;
  base::check(question_ == question::message, "a message is in question");
  answered();
  if (message_begun_) return end(end_reason::message_failed);
  say("-ERR [SYS/TEMP] The message cannot be read now, try again later");
}

void server_session::on_dele(std::string_view arguments) {
  auto* m = find(arguments);
  if (m == nullptr) return;
  m->deleted = true;
  --count_;
  octets_ -= m->octets;
  say("+OK Marked as deleted");
}

void server_session::on_quit() {
  if (!transaction_ || count_ == drop_.messages.size()) {
    say("+OK Goodbye");
    return end(end_reason::quit);
  }
  quit_with_deletions marked;
  marked.indexes.reserve(drop_.messages.size() - count_);
  for (std::size_t i = 0; i < drop_.messages.size(); ++i)
    if (drop_.messages[i].deleted) marked.indexes.push_back(static_cast<std::uint32_t>(i));
  ask(question::commit, std::move(marked));
}

void server_session::committed(bool done) {
  if (closed_) return;
  base::check(question_ == question::commit, "a commit is in question");
  answered();
  say(done ? "+OK Goodbye" : "-ERR [SYS/TEMP] The marked messages were not removed");
  end(end_reason::quit);
}

} // namespace rookery::pop3
