/// Stanzas read from a stream, and written.
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace rookery::xml {
namespace {

constexpr std::string_view opening = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/// As clients send them: text, an id of their own, a receipt wanted, the state of the chat.
std::string message_of(std::size_t text_octets) {
  return "<message type='chat' id='5f2c7a90-1d1f-4f7e-9a45-0d8f5f6f6c11' to='bob@example.test/phone'><body>" + std::string(text_octets, 'x') +
         "</body><request xmlns='urn:xmpp:receipts'/><active xmlns='http://jabber.org/protocol/chatstates'/></message>";
}

/// How many stanzas there were.
int read_all(reader& r, std::string_view text) {
  int stanzas = 0;
  while (!text.empty()) {
    auto p = r.read(text);
    if (!p.what && p.used == 0) return 0;
    if (p.what && std::holds_alternative<child_read>(*p.what)) ++stanzas;
    text.remove_prefix(p.used);
    benchmark::DoNotOptimize(p);
  }
  return stanzas;
}

void stanza_is_read(benchmark::State& state) {
  reader r;
  r.read(opening);
  const auto text = message_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state)
    if (!read_all(r, text)) return state.SkipWithError("no stanza");
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(stanza_is_read)->Arg(100)->Arg(10'000);

/// Eight in one read of the socket, as hasty clients send them.
void stanzas_in_one_read(benchmark::State& state) {
  reader r;
  r.read(opening);
  std::string text;
  for (int i = 0; i < 8; ++i) text += message_of(100);
  for (auto _ : state)
    if (read_all(r, text) != 8) return state.SkipWithError("a stanza is missing");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 8);
}
BENCHMARK(stanzas_in_one_read);

void stanza_is_written(benchmark::State& state) {
  auto read = parse("<s xmlns='jabber:client'>" + message_of(static_cast<std::size_t>(state.range(0))) + "</s>");
  const auto stanza = *std::get<element>(read).first();
  std::string out;
  for (auto _ : state) {
    out.clear();
    write(out, stanza, "jabber:client");
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * out.size()));
}
BENCHMARK(stanza_is_written)->Arg(100)->Arg(10'000);

} // namespace
} // namespace rookery::xml
