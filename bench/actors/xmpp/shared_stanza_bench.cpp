/// One stanza of a room for all in it: encoded once, with each address put in.
#include "actors/xmpp/shared_stanza.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace rookery::actors {
namespace {

xmpp::element message() {
  auto m = xmpp::make_message("groupchat");
  m.set("from", "den@conference.example.test/Ann").set("id", "5f2c7a90");
  m.add(xmpp::element("body", xmpp::space::client, std::string(100, 'x')));
  m.add("stanza-id", xmpp::space::stanza_ids).set("id", "1700000000000000").set("by", "den@conference.example.test");
  m.add("occupant-id", "urn:xmpp:occupant-id:0").set("id", std::string(40, 'a'));
  return m;
}

std::vector<xmpp::jid> addresses(std::int64_t count) {
  std::vector<xmpp::jid> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back({"u" + std::to_string(i), "example.test", "phone"});
  return out;
}

void encoded_once(benchmark::State& state) {
  const auto to = addresses(state.range(0));
  const auto m = message();
  for (auto _ : state) {
    const shared_stanza one(std::make_shared<const xmpp::element>(m), {"den", "conference.example.test", "Ann"});
    for (const auto& j : to) benchmark::DoNotOptimize(one.for_one(j));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(encoded_once)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

/// What it saves.
void encoded_for_each(benchmark::State& state) {
  const auto to = addresses(state.range(0));
  const auto m = message();
  for (auto _ : state)
    for (const auto& j : to) {
      auto copy = m;
      copy.set("to", j.text());
      benchmark::DoNotOptimize(xml::to_text(copy, xmpp::space::client));
    }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(encoded_for_each)->Arg(100);

} // namespace
} // namespace rookery::actors
