/// Addresses in their normal form (PRECIS, IDNA).
#include "protocols/xmpp/jid.hpp"

#include <benchmark/benchmark.h>

namespace rookery::xmpp {
namespace {

void address_is_read(benchmark::State& state, std::string_view text) {
  for (auto _ : state) {
    auto j = read_jid(text);
    if (!j) return state.SkipWithError("no address");
    benchmark::DoNotOptimize(j);
  }
}
BENCHMARK_CAPTURE(address_is_read, plain, "ann.smith@example.test/phone.3f2c9a");
BENCHMARK_CAPTURE(address_is_read, upper_case, "Ann.Smith@Example.Test/Phone");
BENCHMARK_CAPTURE(address_is_read, other_scripts, "j\xc3\xbcrgen@b\xc3\xbc" "cher.example/B\xc3\xbcro \xe2\x98\x95");

} // namespace
} // namespace rookery::xmpp
