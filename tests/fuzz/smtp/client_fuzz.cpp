/// A server's octets, the host's answers and the clock chosen by the fuzzer. Whole and cut the session must do
/// the same; what it says has no line that an address could have made; everybody has an outcome.
#include "base/text.hpp"
#include "protocols/smtp/client_session.hpp"

#include <cstdlib>

namespace {

using namespace rookery;
using namespace rookery::smtp;

class playing {
public:
  playing(unsigned char how, unsigned char what, std::string_view address) {
    auto settings = std::make_shared<client_settings>();
    settings->host_name = "out.example.net";
    settings->lmtp = (how & 1) != 0;
    settings->tls = static_cast<tls_use>(how >> 1 & 3);
    settings->pipelining = (how & 8) != 0;
    settings->chunking = (how & 16) != 0;
    if ((how & 32) != 0) settings->credentials = {"user", "pencil", ""};
    settings->allow_plaintext_auth = true;
    settings->limits.reply_line_octets = 200;
    settings->limits.reply_lines = 12;
    settings->limits.reply_octets = 600;
    settings->limits.recipients = 3;
    settings->limits.chunk_octets = 8;
    settings->limits.eager_octets = 20;
    settings->limits.mails = 3;
    facts_.nonce = "nonce";
    facts_.tls = settings->tls == tls_use::implicit;
    mail_.sender = {"ann", "example.net"};
    for (int i = 0; i < 4; ++i) mail_.recipients.push_back({{std::string(1, static_cast<char>('a' + i)), "example.org"}, 2, "rfc822;" + std::string(address)});
    mail_.recipients[1].address = {std::string(address), "example.org"};
    mail_.recipients[2].address = {"x", std::string(address)};
    mail_.envelope_id = address;
    mail_.octets = what % 40;
    mail_.body = static_cast<body_type>(what % 3);
    mail_.smtputf8 = (what & 64) != 0;
    mail_.verify_only = (how & 128) != 0;
    how_ = what;
    session_ = std::make_unique<client_session>(settings, facts_, now_);
    pump();
  }

  void feed(std::string_view octets) {
    const std::string copy(octets);
    session_->feed(copy, now_);
    pump();
  }
  void wait(unsigned seconds) {
    now_ += std::chrono::seconds(seconds);
    session_->tick(now_);
    pump();
  }
  std::string finish() {
    session_->lost(now_);
    pump();
    if (!session_->closed() || begun_ != ended_) std::abort();
    if (session_->next_event()) std::abort();
    flush();
    return std::move(log_);
  }

private:
  void flush() {
    const auto out = session_->output();
    log_ += out;
    session_->sent(out.size());
  }
  void pump() {
    while (auto e = session_->next_event()) {
      if (gone_) std::abort();
      flush();
      log_ += '|';
      base::append_number(log_, e->index());
      answer(*e);
      flush();
    }
    flush();
  }
  void answer(client_session::event& e) {
    auto& s = *session_;
    if (std::holds_alternative<client_session::start_tls>(e)) {
      facts_.tls = true;
      facts_.tls_exporter = std::string(32, 'e');
      s.tls_started(facts_, now_);
    } else if (std::holds_alternative<client_session::check_peer>(e)) {
      if ((how_ & 128) != 0) s.quit();
      else s.peer_accepted();
    } else if (auto* d = std::get_if<client_session::derive_key>(&e)) {
      s.key_derived(std::string(d->question.sha_256 ? 32 : 20, 'k'));
    } else if (std::holds_alternative<client_session::ready>(e)) {
      if (begun_ >= 3) return s.quit();
      if (s.begin(mail_)) ++begun_;
    } else if (std::holds_alternative<client_session::want_body>(e)) {
      if (mail_.verify_only) std::abort();
      int pieces = 0;
      while (s.takes_body() && pieces++ < 3) s.body(".\r\nab\ncd");
      if ((how_ & 32) != 0) s.body_failed();
      else s.body_done();
    } else if (auto* t = std::get_if<client_session::transaction_ended>(&e)) {
      ++ended_;
      if (t->outcomes.size() != 4) std::abort();
      for (const auto& o : t->outcomes) {
        log_ += static_cast<char>('A' + static_cast<int>(o.what));
        if (o.what == recipient_outcome::kind::delivered && (o.answer.code < 200 || o.answer.code > 299)) std::abort();
      }
    } else if (std::holds_alternative<client_session::gone>(e)) {
      gone_ = true;
    }
  }

  base::instant now_{std::chrono::hours(1)};
  connection_facts facts_;
  transaction mail_;
  unsigned char how_ = 0;
  int begun_ = 0, ended_ = 0;
  bool gone_ = false;
  std::unique_ptr<client_session> session_;
  std::string log_;
};

/// Each line is one of ours: a verb, or base64 of AUTH, or the body.
void check_lines(std::string_view log) {
  if (log.find("\nEVIL") != std::string_view::npos || log.find('\0') != std::string_view::npos) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 12) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto address = std::string(input.substr(3, 8)) + ((data[2] & 1) != 0 ? "\r\nEVIL" : "");
  const auto octets = input.substr(11);
  const auto wait_at = octets.size() * data[2] / 256; // the same place in both
  const auto play = [&](bool cut) {
    playing p(data[0], data[1], address);
    const auto feed = [&p, cut](std::string_view part) {
      if (!cut) return p.feed(part);
      for (const char& c : part) p.feed({&c, 1});
    };
    feed(octets.substr(0, wait_at));
    p.wait((data[2] & 2) != 0 ? 400 : 1);
    feed(octets.substr(wait_at));
    return p.finish();
  };
  const auto whole = play(false), pieces = play(true);
  check_lines(whole);
  // What came with the 220 of STARTTLS is dropped: there the cut matters, as it must.
  if (whole != pieces && base::to_lower(octets).find("starttls") == std::string::npos) std::abort();
  return 0;
}
