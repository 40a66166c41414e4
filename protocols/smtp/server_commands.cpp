#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/smtp/server_session.hpp"

#include <algorithm>

namespace rookery::smtp {

namespace {

/// What a client may call itself: RFC 5321 §4.1.4 forbids to refuse it because it does not
/// verify, so anything printable in one piece will do.
bool fit_client_name(std::string_view name) {
  return !name.empty() && name.size() <= domain_octets_max && charset::valid_utf8(name) &&
         std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

std::string_view text_of(address_error e) {
  switch (e) {
  case address_error::local_part: return "Malformed local part";
  case address_error::domain: return "Malformed domain";
  case address_error::too_long: return "Address too long";
  default: return "Syntax error in address";
  }
}

/// "FROM:" or "TO:" and spaces behind it, which some clients send, dropped from `text`.
bool take_keyword(std::string_view& text, std::string_view keyword) {
  if (!base::istarts_with(text, keyword)) return false;
  text.remove_prefix(keyword.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

} // namespace

bool server_session::has_auth() const noexcept {
  return settings_->profile == profile::submission || (settings_->authentication_offered && settings_->profile == profile::mx);
}

extensions server_session::offered() const {
  extensions e;
  e.binary_mime = true;
  e.auth = has_auth();
  e.require_tls = facts_.tls;
  e.deliver_by = settings_->profile != profile::lmtp;
  e.future_release = settings_->profile == profile::submission && settings_->limits.hold_most.count() > 0 && wall_ != base::wall_time{};
  return e;
}

void server_session::on_command(std::string_view line) {
  const auto c = read_command(line);
  switch (c.what) {
  case verb::mail: return on_mail(c.arguments);
  case verb::rcpt: return on_rcpt(c.arguments);
  case verb::data: return on_data(c.arguments);
  case verb::bdat: return on_bdat(c.arguments);
  case verb::burl: return on_burl(c.arguments);
  case verb::helo:
  case verb::ehlo:
  case verb::lhlo: return on_greeting(c.what, c.arguments);
  case verb::etrn: return on_etrn(c.arguments);
  case verb::atrn: return on_atrn(c.arguments);
  case verb::starttls: return on_starttls(c.arguments);
  case verb::auth: return on_auth(c.arguments);
  case verb::quit:
    if (!c.arguments.empty()) return fault_reply(fault::syntax, 501, "5.5.4", "QUIT takes no argument");
    say(221, "2.0.0", settings_->host_name + " closing connection");
    return end(end_reason::quit);
  case verb::foreign:
    // A web browser was led here: nothing of what follows may be taken for commands.
    return end_with_421(end_reason::limit, fault::foreign_protocol, "4.7.0", "This is a mail server");
  case verb::unknown: return fault_reply(fault::syntax, 500, "5.5.1", "Command not recognized");
  default: return on_idle(c.what, c.arguments);
  }
}

void server_session::idle_command() {
  if (++idle_commands_ > settings_->limits.idle_commands)
    end_with_421(end_reason::limit, fault::too_many_idle_commands, "4.7.0", "Too many commands without a message");
}

void server_session::on_idle(verb what, std::string_view arguments) {
  switch (what) {
  case verb::noop: say(250, "2.0.0", "Ok"); break;
  case verb::rset:
    if (!arguments.empty()) return fault_reply(fault::syntax, 501, "5.5.4", "RSET takes no argument");
    reset_transaction(reset_reason::rset);
    say(250, "2.0.0", "Ok");
    break;
  case verb::vrfy:
    if (arguments.empty()) return fault_reply(fault::syntax, 501, "5.5.4", "VRFY needs an argument");
    say(252, "2.0.0", "Cannot VRFY, but will take a message and try");
    break;
  case verb::help:
    say(214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY STARTTLS AUTH HELP QUIT\nSee RFC 5321");
    break;
  default: say(502, "5.5.1", "Command not implemented"); break;
  }
  idle_command();
}

void server_session::on_greeting(verb what, std::string_view name) {
  const bool lmtp = settings_->profile == profile::lmtp;
  if (lmtp != (what == verb::lhlo)) // RFC 2033 §4.1
    return fault_reply(fault::syntax, 500, "5.5.1", lmtp ? "This is LMTP: use LHLO" : "This is SMTP: use EHLO");
  if (!fit_client_name(name)) return fault_reply(fault::syntax, 501, "5.5.4", "Say who you are: a domain or an address literal");
  reset_transaction(reset_reason::greeting); // RFC 5321 §4.1.4
  greeting_ = what == verb::helo ? greeting_verb::helo : what == verb::ehlo ? greeting_verb::ehlo : greeting_verb::lhlo;
  push(client_named{*greeting_, std::string(name)});
  if (what == verb::helo) say(250, "", settings_->host_name);
  else announce();
  idle_command();
}

void server_session::announce() {
  const auto e = offered();
  const auto& limit = settings_->limits;
  std::string text = settings_->host_name + "\nPIPELINING\nSIZE ";
  base::append_number(text, limit.message_octets);
  if (settings_->starttls_available && !facts_.tls) text += "\nSTARTTLS";
  if (has_auth() && !authenticated_) {
    const auto mechanisms = sasl::offered(facts_, settings_->mechanisms);
    if (!mechanisms.empty()) text += "\nAUTH";
    for (const auto m : mechanisms) {
      text += ' ';
      text += sasl::name(m);
    }
  }
  text += "\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES\nDSN\nCHUNKING\nBINARYMIME";
  // RFC 4468 §3.3: whose URLs are trusted is said to those who may use them.
  if (settings_->urls_offered && settings_->profile != profile::lmtp)
    text += authenticated_ ? "\nBURL imap imap://" + settings_->host_name : "\nBURL imap";
  if (settings_->etrn_offered && settings_->profile != profile::lmtp) text += "\nETRN";
  if (settings_->atrn_offered && settings_->profile != profile::lmtp) text += "\nATRN";
  if (e.require_tls) text += "\nREQUIRETLS";
  if (e.deliver_by) {
    text += "\nDELIVERBY";
    if (limit.deliver_by_least.count() > 0) {
      text += ' ';
      base::append_number(text, static_cast<std::uint64_t>(limit.deliver_by_least.count()));
    }
  }
  if (e.future_release) {
    text += "\nFUTURERELEASE ";
    base::append_number(text, static_cast<std::uint64_t>(limit.hold_most.count()));
    const auto until = std::chrono::floor<std::chrono::seconds>(wall_ + (now_ - begun_) + limit.hold_most);
    const auto day = std::chrono::floor<std::chrono::days>(until);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(until - day);
    const auto two = [&text](char before, long number) {
      text += before;
      if (number < 10) text += '0';
      base::append_number(text, static_cast<std::uint64_t>(number));
    };
    text += ' ';
    base::append_number(text, static_cast<std::uint64_t>(static_cast<int>(date.year())));
    two('-', static_cast<long>(static_cast<unsigned>(date.month())));
    two('-', static_cast<long>(static_cast<unsigned>(date.day())));
    two('T', clock.hours().count());
    two(':', clock.minutes().count());
    two(':', clock.seconds().count());
    text += 'Z';
  }
  text += "\nLIMITS MAILMAX=";
  base::append_number(text, limit.mails);
  text += " RCPTMAX=";
  base::append_number(text, limit.recipients);
  text += "\nHELP";
  say(250, "", text);
}

void server_session::on_mail(std::string_view arguments) {
  if (!greeting_) return fault_reply(fault::sequence, 503, "5.5.1", settings_->profile == profile::lmtp ? "LHLO first" : "EHLO first");
  if (mail_) return fault_reply(fault::sequence, 503, "5.5.1", "A transaction is open already");
  if (settings_->tls_required && !facts_.secure()) return fault_reply(fault::sequence, 530, "5.7.0", "Issue STARTTLS first");
  if (settings_->profile == profile::submission && settings_->authentication_required && !authenticated_)
    return fault_reply(fault::sequence, 530, "5.7.0", "Authentication required");
  if (mails_ >= settings_->limits.mails)
    return end_with_421(end_reason::limit, fault::too_many_mails, "4.7.0", "Too many messages on this connection");
  if (!take_keyword(arguments, "FROM:")) return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: MAIL FROM:<address>");
  auto sender = read_path(arguments, {.null = true});
  if (!sender) return fault_reply(fault::syntax, sender.error() == address_error::syntax ? 501 : 553, "5.1.7", text_of(sender.error()));
  if (!arguments.empty() && arguments.front() != ' ') return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: MAIL FROM:<address>");
  if (*greeting_ == greeting_verb::helo && !arguments.empty())
    return fault_reply(fault::syntax, 555, "5.5.4", "Parameters need EHLO");
  auto parameters = read_mail_parameters(arguments, offered());
  if (!parameters)
    return parameters.error() == parameter_error::unknown ? fault_reply(fault::syntax, 555, "5.5.4", "Unknown parameter")
                                                          : fault_reply(fault::syntax, 501, "5.5.4", "Malformed parameter");
  if (mail_refused(*sender, *parameters)) return;
  body_ = parameters->body;
  smtputf8_ = parameters->smtputf8;
  tried_recipients_ = chunked_ = false;
  recipients_ = 0;
  octets_ = 0;
  ask(question::mail, mail_from{std::move(*sender), std::move(*parameters)});
}

bool server_session::mail_refused(const mailbox& sender, const mail_parameters& p) {
  const auto& limit = settings_->limits;
  if (sender.has_utf8() && !p.smtputf8) {
    fault_reply(fault::syntax, 553, "5.6.7", "A non-ASCII address needs SMTPUTF8");
  } else if (p.size && *p.size > limit.message_octets) {
    fault_reply(fault::message_too_large, 552, "5.3.4", "Message too large");
  } else if (p.by && p.by->or_return && (p.by->seconds <= 0 || p.by->seconds < limit.deliver_by_least.count())) {
    fault_reply(fault::syntax, 501, "5.5.4", "BY: the time is too short");
  } else if ((p.hold_for && *p.hold_for > limit.hold_most) ||
             (p.hold_until && *p.hold_until > wall_ + std::chrono::floor<std::chrono::milliseconds>(now_ - begun_) + limit.hold_most)) {
    fault_reply(fault::syntax, 501, "5.5.4", "The message cannot be held so long");
  } else {
    return false;
  }
  return true;
}

void server_session::on_rcpt(std::string_view arguments) {
  if (!mail_) return fault_reply(fault::sequence, 503, "5.5.1", "MAIL first");
  if (chunked_) return fault_reply(fault::sequence, 503, "5.5.1", "The message is already on its way");
  tried_recipients_ = true;
  if (!take_keyword(arguments, "TO:")) return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: RCPT TO:<address>");
  auto recipient = read_path(arguments, {.bare_postmaster = true, .bare_local_part = settings_->profile == profile::lmtp});
  if (!recipient)
    return fault_reply(fault::syntax, recipient.error() == address_error::syntax ? 501 : 553, "5.1.3", text_of(recipient.error()));
  if (!arguments.empty() && arguments.front() != ' ') return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: RCPT TO:<address>");
  if (*greeting_ == greeting_verb::helo && !arguments.empty())
    return fault_reply(fault::syntax, 555, "5.5.4", "Parameters need EHLO");
  auto parameters = read_rcpt_parameters(arguments, offered());
  if (!parameters)
    return parameters.error() == parameter_error::unknown ? fault_reply(fault::syntax, 555, "5.5.4", "Unknown parameter")
                                                          : fault_reply(fault::syntax, 501, "5.5.4", "Malformed parameter");
  if (recipient->has_utf8() && !smtputf8_)
    return fault_reply(fault::syntax, 553, "5.6.7", "A non-ASCII address needs SMTPUTF8");
  if (recipients_ >= settings_->limits.recipients) {
    push(protocol_error{fault::too_many_recipients});
    return say(452, "4.5.3", "Too many recipients");
  }
  ask(question::rcpt, rcpt_to{std::move(*recipient), std::move(*parameters)});
}

void server_session::on_data(std::string_view arguments) {
  if (!arguments.empty()) return fault_reply(fault::syntax, 501, "5.5.4", "DATA takes no argument");
  if (!mail_) return fault_reply(fault::sequence, 503, "5.5.1", "MAIL first");
  // RFC 3030 §3: BINARYMIME and DATA do not go together, nor do chunks and DATA.
  if (chunked_ || body_ == body_type::binary_mime) return fault_reply(fault::sequence, 503, "5.5.1", "Use BDAT");
  if (recipients_ == 0) {
    const bool refused = tried_recipients_ && settings_->profile != profile::lmtp; // RFC 2033 §4.2: 503
    return fault_reply(fault::sequence, refused ? 554 : 503, "5.5.1", refused ? "No valid recipients" : "RCPT first");
  }
  ask(question::data, data_begin{false});
}

void server_session::on_bdat(std::string_view arguments) {
  const auto space = arguments.find(' ');
  const auto digits = arguments.substr(0, space);
  auto last = space == std::string_view::npos ? std::string_view() : arguments.substr(space + 1);
  while (last.starts_with(' ')) last.remove_prefix(1);
  const auto size = base::parse_u64(digits);
  if (!size) {
    // Octets may follow of which we cannot know how many: they must not become commands.
    const bool number = !digits.empty() && base::is_digit(digits.front());
    fault_reply(fault::syntax, 501, "5.5.4", "Syntax: BDAT octets [LAST]");
    if (number) end(end_reason::limit);
    return;
  }
  const auto& limit = settings_->limits;
  if (*size > limit.dropped_octets && *size > limit.message_octets) {
    say(552, "5.3.4", "Message too large");
    return end_with_421(end_reason::limit, fault::message_too_large, "4.7.0", "Chunk is too long, closing");
  }
  chunk_last_ = base::iequals(last, "LAST");
  const auto refused = [&](fault what, reply r) {
    push(protocol_error{what});
    drop_chunk(*size, std::move(r), true);
    // A slip in the order does not end the transaction.
    if (what == fault::message_too_large) reset_transaction(reset_reason::refused);
  };
  if (!last.empty() && !chunk_last_) return refused(fault::syntax, {501, "5.5.4", "Syntax: BDAT octets [LAST]"});
  if (!mail_) return refused(fault::sequence, {503, "5.5.1", "MAIL first"});
  if (recipients_ == 0) {
    const bool tried = tried_recipients_ && settings_->profile != profile::lmtp;
    return refused(fault::sequence, tried ? reply{554, "5.5.1", "No valid recipients"} : reply{503, "5.5.1", "RCPT first"});
  }
  if (*size > limit.message_octets - octets_) return refused(fault::message_too_large, {552, "5.3.4", "Message too large"});
  chunk_octets_ = chunk_left_ = *size;
  url_.clear();
  if (!chunked_) {
    chunked_ = true;
    return ask(question::data, data_begin{true});
  }
  state_ = state::bdat;
  deadline_ = now_ + limit.data_time;
}

/// RFC 4468 §3: BURL url [LAST] stands where BDAT may.
void server_session::on_burl(std::string_view arguments) {
  if (!settings_->urls_offered || settings_->profile == profile::lmtp) return on_idle(verb::unimplemented, arguments);
  const auto space = arguments.find(' ');
  const auto url = arguments.substr(0, space);
  auto last = space == std::string_view::npos ? std::string_view() : arguments.substr(space + 1);
  while (last.starts_with(' ')) last.remove_prefix(1);
  if (url.empty() || (!last.empty() && !base::iequals(last, "LAST")))
    return fault_reply(fault::syntax, 501, "5.5.4", "Syntax: BURL url [LAST]");
  if (!authenticated_) return fault_reply(fault::sequence, 530, "5.7.0", "Authentication required");
  if (!mail_) return fault_reply(fault::sequence, 503, "5.5.1", "MAIL first");
  if (recipients_ == 0)
    return fault_reply(fault::sequence, tried_recipients_ ? 554 : 503, "5.5.1", tried_recipients_ ? "No valid recipients" : "RCPT first");
  chunk_last_ = !last.empty();
  chunk_octets_ = chunk_left_ = 0;
  url_ = url;
  url_offset_ = 0;
  if (!chunked_) {
    chunked_ = true;
    return ask(question::data, data_begin{true});
  }
  state_ = state::burl;
  deadline_ = now_ + settings_->limits.data_time;
}

void server_session::on_starttls(std::string_view arguments) {
  if (!arguments.empty()) return fault_reply(fault::syntax, 501, "5.5.4", "STARTTLS takes no argument");
  if (facts_.tls) return fault_reply(fault::sequence, 503, "5.5.1", "TLS is already in use");
  if (!settings_->starttls_available) return fault_reply(fault::syntax, 502, "5.5.1", "TLS is not available");
  reset_transaction(reset_reason::start_tls);
  say(220, "2.0.0", "Ready to start TLS");
  state_ = state::tls;
  ask(question::tls, start_tls{});
}

} // namespace rookery::smtp
