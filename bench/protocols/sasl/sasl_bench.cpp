/// Logins by SCRAM. The server has the keys; with them a login is some digests, without the client's slow hash.
#include "protocols/sasl/client_exchange.hpp"
#include "protocols/sasl/server_exchange.hpp"

#include <benchmark/benchmark.h>

#include <optional>

namespace rookery::sasl {
namespace {

connection_facts facts_of(const char* nonce) {
  connection_facts f;
  f.tls = true;
  f.nonce = nonce;
  return f;
}

/// Both sides, the client's key derived once: twice the server's part, and a little.
void scram_login(benchmark::State& state, client_mechanism client, mechanism server, scram_digest digest) {
  const auto keys = make_credentials("pencil", "saltsaltsaltsalt", 4096, digest);
  const auto derived = derive_key({digest == scram_digest::sha_256, "pencil", "saltsaltsaltsalt", 4096});
  for (auto _ : state) {
    client_exchange c(client, {"user", "pencil", ""}, facts_of("clientnonceclientnonce12"), false);
    server_exchange s(server, facts_of("servernonceservernonce12"));
    if (!std::holds_alternative<find_credentials>(s.begin(c.begin()))) return state.SkipWithError("no question");
    auto first = s.credentials_found(keys, true);
    if (!std::holds_alternative<key_question>(c.challenged(std::get<challenge>(first).octets))) return state.SkipWithError("no key is wanted");
    auto last = s.respond(std::get<client_response>(c.key_derived(derived)).octets);
    if (!std::holds_alternative<succeeded>(last) || !c.succeeded(std::get<succeeded>(last).last)) return state.SkipWithError("refused");
  }
}
BENCHMARK_CAPTURE(scram_login, sha_256, client_mechanism::scram_sha_256, mechanism::scram_sha_256, scram_digest::sha_256);
BENCHMARK_CAPTURE(scram_login, sha_1, client_mechanism::scram_sha_1, mechanism::scram_sha_1, scram_digest::sha_1);

/// The server's part alone: the same messages of a client again, with the same nonces.
void scram_is_verified(benchmark::State& state) {
  const auto keys = make_credentials("pencil", "saltsaltsaltsalt", 4096);
  client_exchange c(client_mechanism::scram_sha_256, {"user", "pencil", ""}, facts_of("clientnonceclientnonce12"), false);
  const auto facts = facts_of("servernonceservernonce12");
  const auto first = c.begin();
  std::string final_message;
  {
    server_exchange s(mechanism::scram_sha_256, facts);
    s.begin(first);
    auto step = c.challenged(std::get<challenge>(s.credentials_found(keys, true)).octets);
    final_message = std::get<client_response>(c.key_derived(derive_key(std::get<key_question>(step)))).octets;
  }
  for (auto _ : state) {
    server_exchange s(mechanism::scram_sha_256, facts);
    s.begin(first);
    s.credentials_found(keys, true);
    auto last = s.respond(final_message);
    if (!std::holds_alternative<succeeded>(last)) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(last);
  }
}
BENCHMARK(scram_is_verified);

} // namespace
} // namespace rookery::sasl
