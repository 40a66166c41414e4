/// Octets, answers and clock chosen by the fuzzer; whole and cut they must give the same.
#include "base/text.hpp"
#include "protocols/smtp/server_session.hpp"

#include <cstdlib>

namespace {

using namespace rookery;

/// What came out: the events (bodies joined) and the output.
struct outcome {
  std::string events, output;
  bool operator==(const outcome&) const = default;
};

class playing {
public:
  playing(unsigned char how, std::string_view answers) : answers_(answers) {
    auto settings = std::make_shared<smtp::server_settings>();
    settings->profile = static_cast<smtp::profile>(how % 3);
    settings->starttls_available = true;
    settings->authentication_offered = true;
    settings->authentication_required = (how & 4) != 0;
    settings->etrn_offered = settings->atrn_offered = settings->urls_offered = true;
    settings->limits.message_octets = 300;
    settings->limits.dropped_octets = 600;
    settings->limits.line_octets = 120;
    settings->limits.auth_line_octets = 200;
    settings->limits.text_line_octets = 50;
    settings->limits.recipients = 3;
    settings->limits.input_octets = 64;
    facts_.peer_is_loopback = (how & 8) != 0;
    facts_.tls = (how & 16) != 0;
    facts_.nonce = "nonce";
    session_ = std::make_unique<smtp::server_session>(settings, facts_, now_, base::wall_time(std::chrono::seconds(1)));
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
  outcome finish() {
    result_.output = session_->output();
    return std::move(result_);
  }

private:
  unsigned char next_answer() {
    if (answers_.empty()) return 0;
    const auto a = static_cast<unsigned char>(answers_.front());
    answers_.remove_prefix(1);
    return a;
  }
  void pump() {
    while (auto e = session_->next_event()) {
      if (auto* body = std::get_if<smtp::body_chunk>(&*e)) {
        result_.events += body->octets;
        continue;
      }
      result_.events += '|';
      base::append_number(result_.events, e->index());
      answer(*e);
    }
  }
  void answer(const smtp::server_session::event& e) {
    auto& s = *session_;
    if (std::holds_alternative<smtp::check_password>(e)) {
      const auto a = next_answer();
      a % 3 == 2 ? s.authentication_unavailable() : s.password_verified(a % 3 == 0);
    } else if (std::holds_alternative<smtp::find_credentials>(e)) {
      s.credentials_found({"salt", 1, std::string(32, 'x'), std::string(32, 'y')}, next_answer() % 2 == 0);
    } else if (std::holds_alternative<smtp::check_proof>(e)) {
      const auto a = next_answer();
      a % 3 == 2 ? s.authentication_unavailable() : s.proof_judged(a % 3 == 0, "ann");
    } else if (const auto* f = std::get_if<smtp::authentication_failed>(&e)) {
      if (f->held) s.say_failure();
    } else if (std::holds_alternative<smtp::start_queue>(e)) {
      s.queue_answered({250, "2.0.0", "Ok"});
    } else if (std::holds_alternative<smtp::fetch_url>(e)) {
      static constexpr std::string_view pieces[] = {"", "abc\r\n", "a\nb", "tail"};
      const auto a = next_answer();
      if (a % 7 == 6) s.refuse({554, "5.6.6", "no"});
      else s.url_octets(pieces[a % 4], a % 2 == 0);
    } else if (std::holds_alternative<smtp::turn_around>(e)) {
      next_answer() % 2 == 0 ? s.accept() : s.refuse({453, "4.2.0", "no"});
    } else if (std::holds_alternative<smtp::start_tls>(e)) {
      s.sent(s.output().size());
      facts_.tls = true;
      s.tls_started(facts_, now_);
    } else if (std::holds_alternative<smtp::mail_from>(e) || std::holds_alternative<smtp::rcpt_to>(e) ||
               std::holds_alternative<smtp::data_begin>(e) || std::holds_alternative<smtp::message_end>(e)) {
      const auto a = next_answer();
      if (a % 5 == 1) s.refuse({450, "4.0.0", "no"});
      else if (a % 5 == 2) s.shut_down(now_), s.accept();
      else s.accept();
    }
  }

  base::instant now_{std::chrono::hours(1)};
  std::string_view answers_;
  connection_facts facts_;
  std::unique_ptr<smtp::server_session> session_;
  outcome result_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 10) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto how = data[0];
  const auto answers = input.substr(2, 8);
  const auto octets = input.substr(10);
  const auto wait_at = octets.size() * data[1] / 256; // the same place in both
  const auto play = [&](bool cut) {
    playing p(how, answers);
    const auto feed = [&p, cut](std::string_view part) {
      if (!cut) return p.feed(part);
      for (const char& c : part) p.feed({&c, 1});
    };
    // STARTTLS drops what was fed behind it: what is dropped depends on the cut, as it must.
    feed(octets.substr(0, wait_at));
    p.wait((data[1] & 1) != 0 ? 400 : 1);
    feed(octets.substr(wait_at));
    return p.finish();
  };
  const bool same_expected = base::to_lower(octets).find("starttls") == std::string::npos || (how & 16) != 0;
  const auto whole = play(false), pieces = play(true);
  if (same_expected && !(whole == pieces)) std::abort();
  return 0;
}
