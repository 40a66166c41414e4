/// What TLS costs: a handshake, and octets through an open layer (client and server
/// together), in records of one answer's size and of a large body's.
#include "tests/protocols/tls/pair.hpp"

#include <benchmark/benchmark.h>

namespace rookery::tls {
namespace {

void handshake(benchmark::State& state) {
  const auto most = state.range(0) == 12 ? version::tls_1_2 : version::tls_1_3;
  const auto server_side = server_context("bench.example");
  const auto client_side = client_context(version::tls_1_2, most);
  for (auto _ : state) {
    side client(client_side), server(server_side);
    client.layer.start(client.cipher);
    settle(client, server);
    if (!server.layer.handshake_done()) state.SkipWithError("no handshake");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(handshake)->Arg(12)->Arg(13)->Unit(benchmark::kMicrosecond);

void octets(benchmark::State& state) {
  side client(client_context()), server(server_context("bench.example"));
  client.layer.start(client.cipher);
  settle(client, server);
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    server.layer.write_plain(text, server.cipher);
    client.layer.feed_cipher(server.cipher.view(), client.plain, client.cipher);
    server.cipher.clear();
    client.plain.clear();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(octets)->Arg(64)->Arg(4096)->Arg(65536);

void encryption_alone(benchmark::State& state) {
  side client(client_context()), server(server_context("bench.example"));
  client.layer.start(client.cipher);
  settle(client, server);
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    server.layer.write_plain(text, server.cipher);
    server.cipher.clear();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(encryption_alone)->Arg(4096)->Arg(65536);

} // namespace
} // namespace rookery::tls
