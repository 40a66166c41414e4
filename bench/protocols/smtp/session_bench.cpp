/// Whole transactions and single commands through the session, with a host that accepts all.
#include "protocols/smtp/server_session.hpp"

#include <benchmark/benchmark.h>

namespace rookery::smtp {
namespace {

/// Takes all events, accepts all questions; gives the octets of bodies.
std::size_t serve(server_session& s) {
  std::size_t octets = 0;
  while (auto e = s.next_event()) {
    if (auto* body = std::get_if<body_chunk>(&*e)) octets += body->octets.size();
    else if (e->index() >= 9 && e->index() <= 12) s.accept();
  }
  s.sent(s.output().size());
  return octets;
}

std::string message_of(std::size_t octets) {
  std::string text = "From: ann@example.net\r\nTo: bob@example.org\r\nSubject: speed\r\n\r\n";
  while (text.size() < octets) text += "The quick brown fox jumps over the lazy dog, and does so again and again.\r\n";
  return text;
}

std::unique_ptr<server_session> greeted() {
  auto settings = std::make_shared<server_settings>();
  settings->limits.mails = ~0u;
  settings->limits.idle_commands = ~0u;
  auto s = std::make_unique<server_session>(settings, connection_facts{}, base::instant());
  s->feed("EHLO client.example.net\r\n", base::instant());
  serve(*s);
  return s;
}

void pipelined_message(benchmark::State& state) {
  const auto s = greeted();
  const auto text = "MAIL FROM:<ann@example.net> SIZE=4096 BODY=8BITMIME\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n" +
                    message_of(static_cast<std::size_t>(state.range(0))) + ".\r\n";
  for (auto _ : state) {
    s->feed(text, base::instant());
    benchmark::DoNotOptimize(serve(*s));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(pipelined_message)->Arg(4096)->Arg(65536)->Arg(1 << 20);

void chunked_message(benchmark::State& state) {
  const auto s = greeted();
  const auto body = message_of(static_cast<std::size_t>(state.range(0)));
  const auto text = "MAIL FROM:<ann@example.net>\r\nRCPT TO:<bob@example.org>\r\nBDAT " + std::to_string(body.size()) + " LAST\r\n" + body;
  for (auto _ : state) {
    s->feed(text, base::instant());
    benchmark::DoNotOptimize(serve(*s));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(chunked_message)->Arg(4096);

/// Four round trips, as clients without pipelining do.
void message_in_steps(benchmark::State& state) {
  const auto s = greeted();
  const auto body = message_of(4096) + ".\r\n";
  for (auto _ : state)
    for (const std::string_view part : {std::string_view("MAIL FROM:<ann@example.net>\r\n"), std::string_view("RCPT TO:<bob@example.org>\r\n"),
                                        std::string_view("DATA\r\n"), std::string_view(body)}) {
      s->feed(part, base::instant());
      benchmark::DoNotOptimize(serve(*s));
    }
}
BENCHMARK(message_in_steps);

void commands(benchmark::State& state) {
  const auto s = greeted();
  std::string text;
  for (int i = 0; i < 100; ++i) text += "NOOP\r\n";
  for (auto _ : state) {
    s->feed(text, base::instant());
    benchmark::DoNotOptimize(serve(*s));
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(commands);

} // namespace
} // namespace rookery::smtp
