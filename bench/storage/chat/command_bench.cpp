/// A message on its way into an archive: written as octets, and the command of the log around it; and read again.
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/stanza.hpp"
#include "storage/chat/command.hpp"
#include "storage/chat/owner.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

namespace rookery::storage::chat {
namespace {

xmpp::element message() {
  auto m = xmpp::make_message("groupchat");
  m.set("from", "den@conference.example.test/Ann").set("id", "5f2c7a90");
  m.add(xmpp::element("body", xmpp::space::client, std::string(100, 'x')));
  m.add("stanza-id", xmpp::space::stanza_ids).set("id", "1700000000000000").set("by", "den@conference.example.test");
  return m;
}

command line_of(const xmpp::element& m) {
  append a;
  a.id = 1'700'000'000'000'000;
  a.with = m.get("from");
  a.stanza = xml::to_text(m);
  return {room_owner("den@conference.example.test"), base::from_milliseconds(1'700'000'000'000), std::move(a)};
}

void archive_line_is_encoded(benchmark::State& state) {
  const auto m = message();
  std::string out;
  for (auto _ : state) benchmark::DoNotOptimize(out = encode(line_of(m)));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * out.size()));
}
BENCHMARK(archive_line_is_encoded);

void archive_line_is_decoded(benchmark::State& state) {
  const auto octets = encode(line_of(message()));
  for (auto _ : state) {
    auto c = decode_command(octets);
    if (!c) return state.SkipWithError("not read");
    benchmark::DoNotOptimize(c);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * octets.size()));
}
BENCHMARK(archive_line_is_decoded);

} // namespace
} // namespace rookery::storage::chat
