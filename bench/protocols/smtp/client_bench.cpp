/// Messages that leave, against a server that answers at once from a fixed text.
#include "protocols/mime/seven_bit.hpp"
#include "protocols/smtp/client_session.hpp"

#include <benchmark/benchmark.h>

namespace rookery::smtp {
namespace {

struct peer {
  std::string_view hello, envelope, taken;
};
constexpr peer chunking{"220 mx\r\n250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE\r\n",
                        "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n", "250 2.0.0 Ok: queued as 4ab\r\n"};
constexpr peer with_data{"220 mx\r\n250-mx\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE\r\n",
                         "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n", "250 2.0.0 Ok: queued as 4ab\r\n"};

std::string message_of(std::size_t octets) {
  std::string text = "From: ann@example.net\r\nTo: bob@example.org\r\nSubject: speed\r\n\r\n";
  while (text.size() < octets) text += "The quick brown fox jumps over the lazy dog, and does so again and again.\r\n";
  return text;
}

class sender {
public:
  sender(const peer& p, std::size_t octets) : peer_(p), body_(message_of(octets)) {
    auto settings = std::make_shared<client_settings>();
    settings->limits.mails = ~0u;
    session_ = std::make_unique<client_session>(settings, connection_facts{}, base::instant());
    mail_.sender = {"ann", "example.net"};
    mail_.recipients.push_back({{"bob", "example.org"}, 0, ""});
    mail_.octets = body_.size();
    say(p.hello);
  }

  /// One transaction; the octets that were sent.
  std::size_t send() {
    octets_ = 0;
    session_->begin(mail_);
    take();
    say(peer_.envelope);
    say(peer_.taken);
    return octets_;
  }

private:
  void say(std::string_view text) {
    session_->feed(text, base::instant());
    take();
  }
  void take() {
    while (auto e = session_->next_event())
      if (std::holds_alternative<client_session::want_body>(*e)) {
        session_->body(body_);
        session_->body_done();
      }
    octets_ += session_->output().size();
    session_->sent(session_->output().size());
  }

  peer peer_;
  std::string body_;
  transaction mail_;
  std::unique_ptr<client_session> session_;
  std::size_t octets_ = 0;
};

void sent_message(benchmark::State& state, const peer& p) {
  sender s(p, static_cast<std::size_t>(state.range(0)));
  std::size_t octets = 0;
  for (auto _ : state) octets += s.send();
  state.SetBytesProcessed(static_cast<std::int64_t>(octets));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(sent_message, chunking, chunking)->Arg(4096)->Arg(1 << 20);
BENCHMARK_CAPTURE(sent_message, data, with_data)->Arg(4096)->Arg(1 << 20);

/// A server without 8BITMIME: both passes over a text with some umlauts.
void to_seven_bit(benchmark::State& state) {
  std::string text = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  while (text.size() < static_cast<std::size_t>(state.range(0))) text += "Falsches \xc3\x9c" "ben von Xylophonmusik qu\xc3\xa4lt jeden gr\xc3\xb6\xc3\x9f" "eren Zwerg.\r\n";
  for (auto _ : state) benchmark::DoNotOptimize(mime::to_seven_bit(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(to_seven_bit)->Arg(4096)->Arg(1 << 20);

} // namespace
} // namespace rookery::smtp
