// MAIL, RCPT, DATA or BDAT, and what the server says to them.
#include "protocols/smtp/client_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/smtp/limits.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace rookery::smtp {

namespace {

using kind = recipient_outcome::kind;

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
/// Printable and without spaces: what may stand in a parameter.
bool parameter_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

/// May the address stand in a command? Its local part is quoted where it must be, but controls may stand nowhere.
bool sendable(const mailbox& m) {
  if (m.null()) return false;
  const auto clean = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  if (m.local_part.empty() || m.local_part.size() > local_part_octets_max) return false;
  if (!std::all_of(m.local_part.begin(), m.local_part.end(), clean)) return false;
  return m.domain.empty() || (m.literal() ? valid_address_literal(m.domain) : valid_domain(m.domain));
}

/// ORCPT as it may be sent; "" when it may not. RFC 6533 §3: to old servers UTF-8 goes in its ASCII form.
std::string original_recipient(const std::string& given, bool utf8) {
  if (given.empty() || !parameter_text(given)) return {};
  auto text = given;
  if (!utf8 && !ascii(given)) {
    if (!base::istarts_with(given, "utf-8;")) return {};
    text = "utf-8;" + encode_utf8_address(decode_typed_address(given));
  }
  return text.size() <= original_recipient_octets_max ? text : std::string();
}

std::string notify_text(std::uint8_t set) {
  if ((set & notify::never) != 0) return "NEVER";
  std::string text;
  for (const auto& [bit, name] : {std::pair{notify::success, "SUCCESS"}, {notify::failure, "FAILURE"}, {notify::delay, "DELAY"}})
    if ((set & bit) != 0) text += (text.empty() ? "" : ",") + std::string(name);
  return text;
}

reply of_obstacle(obstacle o) {
  switch (o) {
  case obstacle::eight_bit: return {0, "5.6.3", "the server takes no 8-bit message"};
  case obstacle::utf8: return {0, "5.6.7", "the server takes no internationalised mail"};
  case obstacle::no_require_tls: return {0, "5.7.30", "the server does not support REQUIRETLS"};
  case obstacle::size: return {0, "5.3.4", "the message is too large for the server"};
  case obstacle::no_deliver_by: return {0, "5.3.3", "the server does not deliver by a time"};
  case obstacle::sender: return {0, "5.1.7", "the sender's address cannot be used in SMTP"};
  }
  return {};
}

} // namespace

std::uint32_t client_session::recipients_most() const noexcept {
  const auto most = settings_->limits.recipients;
  return capabilities_.recipients_most == 0 ? most : std::min(most, capabilities_.recipients_most);
}

/// A UTF-8 domain alone can be written in ASCII for old servers (RFC 5890); a local part cannot.
bool client_session::needs_utf8(const mailbox& m) const {
  return !ascii(m.local_part) || (!ascii(m.domain) && !charset::domain_to_ascii(m.domain));
}

std::string client_session::path(const mailbox& m) const {
  if (m.null()) return "<>";
  if (capabilities_.smtputf8 || ascii(m.domain)) return '<' + m.text() + '>';
  return '<' + mailbox{m.local_part, charset::domain_to_ascii(m.domain).value_or(std::string())}.text() + '>';
}

std::optional<obstacle> client_session::obstacle_to(const transaction& t) const {
  const auto& c = capabilities_;
  if (!t.sender.null() && !sendable(t.sender)) return obstacle::sender;
  if (!c.smtputf8 && (t.smtputf8 || needs_utf8(t.sender))) return obstacle::utf8;
  if (t.require_tls && !(c.require_tls && facts_.tls)) return obstacle::no_require_tls;
  if (c.message_octets_most && t.octets > *c.message_octets_most) return obstacle::size;
  if (t.by && t.by->or_return && (!c.deliver_by || t.by->seconds < c.deliver_by_least.count() || t.by->seconds <= 0))
    return obstacle::no_deliver_by;
  if (t.body == body_type::eight_bit_mime && !c.eight_bit_mime) return obstacle::eight_bit;
  if (t.body == body_type::binary_mime && !(c.binary_mime && c.chunking && settings_->chunking)) return obstacle::eight_bit;
  return {};
}

bool client_session::begin(transaction t) {
  if (state_ == state::closed || state_ == state::quit) return false;
  base::check(state_ == state::idle, "a transaction begins after `ready`");
  base::check(!t.recipients.empty(), "a transaction has recipients");
  mail_ = std::move(t);
  outcomes_.assign(mail_.recipients.size(), {});
  settled_.assign(mail_.recipients.size(), false);
  tried_.clear();
  taken_.clear();
  awaited_.clear();
  awaited_taken_ = said_ = answered_last_ = 0;
  mail_said_ = mail_refused_ = server_done_ = stopped_ = all_given_ = false;
  content_ = content::none;
  chunk_.clear();
  if (const auto o = obstacle_to(mail_)) {
    end_with_obstacle(*o);
    return true;
  }

  std::set<std::string> domains;
  for (std::uint32_t i = 0; i < mail_.recipients.size(); ++i) {
    const auto& address = mail_.recipients[i].address;
    if (!sendable(address)) {
      settle(i, {550, "5.1.3", "the address cannot be used in SMTP"}, stage::recipient);
      outcomes_[i].answer.code = 0;
    } else if (!capabilities_.smtputf8 && needs_utf8(address)) {
      settle(i, {550, "5.6.7", "the server takes no internationalised address"}, stage::recipient);
      outcomes_[i].answer.code = 0;
    } else {
      const auto domains_most = capabilities_.recipient_domains_most;
      const bool fits = tried_.size() < recipients_most() &&
                        (domains_most == 0 || domains.size() < domains_most || domains.contains(base::to_lower(address.domain)));
      if (fits) {
        tried_.push_back(i);
        if (domains_most != 0) domains.insert(base::to_lower(address.domain));
      } else {
        settled_[i] = true;
        outcomes_[i] = {kind::untried, {0, "4.5.3", "the server takes no more recipients at once"}, stage::recipient};
      }
    }
  }
  chunks_ = capabilities_.chunking && settings_->chunking;
  writer_ = body_writer(!chunks_);
  state_ = state::transaction;
  if (tried_.empty()) finish();
  else advance();
  return true;
}

void client_session::end_with_obstacle(obstacle o) {
  const auto text = of_obstacle(o);
  for (auto& out : outcomes_) out = {o == obstacle::eight_bit ? kind::untried : kind::refused, text, stage::mail};
  push(transaction_ended{std::move(outcomes_), o, capabilities_.dsn});
  outcomes_.clear();
  push(ready{});
}

std::chrono::seconds client_session::time_for(const awaited& a) const noexcept {
  const auto& t = settings_->times;
  switch (a.what) {
  case awaited::kind::mail: return t.mail;
  case awaited::kind::recipient: return t.recipient;
  case awaited::kind::data: return t.data_begin;
  case awaited::kind::chunk:
  case awaited::kind::last: break;
  }
  return t.data_end;
}

void client_session::expect(awaited a) {
  awaited_.push_back(a);
  if (awaited_.size() == awaited_taken_ + 1) wait(time_for(a));
}

void client_session::say_mail() {
  ++mails_;
  mail_said_ = true;
  const auto& c = capabilities_;
  std::string line = "MAIL FROM:" + path(mail_.sender);
  if (c.size && mail_.octets > 0) {
    line += " SIZE=";
    base::append_number(line, mail_.octets);
  }
  if (mail_.body == body_type::eight_bit_mime) line += " BODY=8BITMIME";
  else if (mail_.body == body_type::binary_mime) line += " BODY=BINARYMIME";
  const auto utf8 = [](const transaction_recipient& r) { return r.address.has_utf8(); };
  if (c.smtputf8 && (mail_.smtputf8 || mail_.sender.has_utf8() || std::any_of(mail_.recipients.begin(), mail_.recipients.end(), utf8)))
    line += " SMTPUTF8";
  if (mail_.require_tls) line += " REQUIRETLS";
  if (mail_.by && c.deliver_by) {
    line += " BY=" + std::to_string(mail_.by->seconds) + (mail_.by->or_return ? ";R" : ";N") + (mail_.by->trace ? "T" : "");
  }
  if (c.dsn) {
    if (mail_.ret != dsn_return::unset) line += mail_.ret == dsn_return::full ? " RET=FULL" : " RET=HDRS";
    if (!mail_.envelope_id.empty() && mail_.envelope_id.size() <= 100 && decode_xtext(mail_.envelope_id))
      line += " ENVID=" + mail_.envelope_id;
  }
  say(line);
  expect({awaited::kind::mail});
}

void client_session::say_recipient(std::uint32_t i) {
  const auto& r = mail_.recipients[i];
  std::string line = "RCPT TO:" + path(r.address);
  if (capabilities_.dsn) {
    if (r.notify != 0) line += " NOTIFY=" + notify_text(r.notify);
    const auto orcpt = original_recipient(r.original_recipient, capabilities_.smtputf8);
    if (!orcpt.empty()) line += " ORCPT=" + orcpt;
  }
  say(line);
  expect({awaited::kind::recipient, i});
}

// Says as much as may be said now, and ends the transaction when nothing is left.
void client_session::advance() {
  if (!mail_said_) say_mail();
  if (!pipelined() && !answered()) return;
  while (said_ < tried_.size() && !mail_refused_) {
    say_recipient(tried_[said_++]);
    if (!pipelined()) return;
  }
  if (mail_.verify_only) {
    if (!answered()) return;
    for (const auto i : taken_) settle(i, {250, "2.1.5", "the server takes mail for this address"}, stage::recipient);
    return finish();
  }
  if (content_ == content::none && !mail_refused_) {
    const bool agreed = answered() && !taken_.empty();
    if (chunks_) {
      // RFC 3030 §2: a chunk may follow at once; if nobody is accepted, the server drops it.
      if (agreed || (pipelined() && mail_.octets <= settings_->limits.eager_octets && !answered())) {
        content_ = content::body;
        return push(want_body{});
      }
    } else if (agreed || (pipelined() && !answered())) { // RFC 2920 §3.1: DATA ends a group
      content_ = content::data_said;
      say("DATA");
      return expect({awaited::kind::data});
    }
  }
  if (!answered()) return;
  if (content_ == content::body && !stopped_ && !mail_refused_ && !taken_.empty()) return; // the host writes
  finish();
}

void client_session::on_transaction_reply(const reply& r) {
  if (answered()) {
    // Amid DATA: whatever it means, the rest of the message cannot be told from commands any more.
    if (r.code >= 400) {
      settle_open(r, stage::body);
      push(transaction_ended{std::move(outcomes_), {}, capabilities_.dsn});
      return end(ended::broken);
    }
    return break_off(ended::broken, "4.5.0", "the server answers what was not asked");
  }
  const auto a = awaited_[awaited_taken_];
  const bool go_ahead = a.what == awaited::kind::data && r.code == 354;
  const bool intermediate = r.code >= 300 && r.code < 400;
  if ((intermediate && !go_ahead) || (a.what == awaited::kind::data && r.code < 300))
    return break_off(ended::broken, "4.5.0", "the server gives an answer that makes no sense");
  if (a.what == awaited::kind::last) {
    on_last(r);
    if (settings_->lmtp && answered_last_ < taken_.size()) return wait(time_for(a));
  }
  ++awaited_taken_;
  if (answered()) {
    awaited_.clear();
    awaited_taken_ = 0;
    waiting_ = false;
    if (content_ == content::body && !output_.empty()) wait(settings_->times.data_block);
  } else {
    wait(time_for(awaited_[awaited_taken_]));
  }

  switch (a.what) {
  case awaited::kind::mail:
    if (!r.accepted()) {
      mail_refused_ = true;
      settle_open(r, stage::mail);
    }
    break;
  case awaited::kind::recipient: on_recipient(a.recipient, r); break;
  case awaited::kind::data:
    if (!go_ahead) {
      settle_taken(r, stage::data);
    } else if (!taken_.empty()) {
      content_ = content::body;
      return push(want_body{});
    } else {
      // RFC 2920 §3.1: it takes a message for nobody; an empty one.
      content_ = content::done;
      say(".");
      return expect({awaited::kind::last});
    }
    break;
  case awaited::kind::chunk:
    if (!r.accepted()) {
      settle_taken(r, stage::body);
      stopped_ = true;
    } else if (all_given_ && content_ == content::body && answered()) {
      return body_done();
    }
    break;
  case awaited::kind::last: break;
  }
  advance();
}

void client_session::on_recipient(std::uint32_t i, const reply& r) {
  if (mail_refused_) return;
  if (r.accepted()) {
    taken_.push_back(i);
    return;
  }
  // RFC 5321 §4.5.3.1.10: the others in another transaction. 552 is what old servers say.
  const bool too_many = (r.code == 452 && (r.enhanced.empty() || r.enhanced == "4.5.3")) ||
                        (r.code == 552 && r.enhanced == "5.5.3");
  if (too_many && !taken_.empty()) {
    settled_[i] = true;
    outcomes_[i] = {kind::untried, r, stage::recipient};
    return;
  }
  settle(i, r, stage::recipient);
}

void client_session::on_last(const reply& r) {
  server_done_ = !chunks_ || settings_->lmtp || r.accepted(); // RFC 3030 §2: a refused BDAT leaves RSET to do
  if (settings_->lmtp) {
    if (answered_last_ < taken_.size()) settle(taken_[answered_last_++], r, stage::final);
  } else {
    settle_taken(r, stage::final);
  }
}

void client_session::settle(std::uint32_t i, const reply& r, stage where) {
  if (settled_[i]) return;
  settled_[i] = true;
  const auto what = r.code >= 500 ? kind::refused : r.code >= 200 && r.code < 300 ? kind::delivered : kind::deferred;
  outcomes_[i] = {what, r, where};
}

void client_session::settle_taken(const reply& r, stage where) {
  for (const auto i : taken_) settle(i, r, where);
}

void client_session::settle_open(const reply& r, stage where) {
  for (std::uint32_t i = 0; i < outcomes_.size(); ++i) settle(i, r, where);
}

void client_session::finish() {
  // Who was neither refused nor taken was never asked.
  settle_open({0, "4.4.2", "the server did not take the message"}, stage::body);
  push(transaction_ended{std::move(outcomes_), {}, capabilities_.dsn});
  outcomes_.clear();
  chunk_.clear();
  content_ = content::none;
  if (quitting_) return say_quit();
  if (mail_said_ && !mail_refused_ && !server_done_) {
    say("RSET");
    state_ = state::reset;
    return wait(settings_->times.hello);
  }
  set_ready();
}

bool client_session::takes_body() const noexcept {
  return state_ == state::transaction && content_ == content::body && !stopped_ && (!chunks_ || pipelined() || answered());
}

void client_session::body(base::const_bytes octets) {
  if (state_ != state::transaction || content_ != content::body || stopped_) return;
  if (chunks_) {
    // A full chunk waits for more, so that the last one is never empty.
    if (chunk_.size() >= settings_->limits.chunk_octets && takes_body()) send_chunk(false);
    if (mail_.body == body_type::binary_mime) chunk_.append(octets);
    else writer_.append(chunk_, octets);
  } else {
    writer_.append(output_, octets);
    if (!waiting_) wait(settings_->times.data_block);
  }
}

void client_session::send_chunk(bool last) {
  std::string line = "BDAT ";
  base::append_number(line, chunk_.size());
  if (last) line += " LAST";
  say(line);
  output_.append(chunk_.view());
  chunk_.clear();
  expect({last ? awaited::kind::last : awaited::kind::chunk});
}

void client_session::body_done() {
  if (state_ != state::transaction || content_ != content::body || stopped_) return;
  if (!takes_body()) {
    all_given_ = true;
    return;
  }
  content_ = content::done;
  if (chunks_) {
    if (mail_.body != body_type::binary_mime) writer_.finish(chunk_);
    send_chunk(true);
    chunk_.release();
  } else {
    writer_.finish(output_);
    expect({awaited::kind::last});
  }
}

void client_session::body_failed() {
  if (state_ != state::transaction || content_ != content::body) return;
  break_off(ended::aborted, "4.3.0", "the message cannot be read");
}

} // namespace rookery::smtp
