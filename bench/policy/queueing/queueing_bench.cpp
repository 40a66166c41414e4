// What the dispatcher costs with a large queue: filling it after a restart, its memory, and
// bringing mail to one destination while others are dead.
#include "policy/queueing/dispatcher.hpp"

#include <benchmark/benchmark.h>

#include <malloc.h>

#include <cstdint>
#include <string>

namespace rookery::queueing {
namespace {

using namespace std::chrono_literals;
const auto start = base::from_milliseconds(1'700'000'000'000);

/// `messages` of one recipient each for dead destinations; every second one is due.
void fill(dispatcher& d, std::int64_t messages, std::int64_t destinations) {
  waiting_message m;
  m.queue = "retry";
  m.parts.resize(1);
  std::string sender;
  for (std::int64_t i = 0; i < messages; ++i) {
    m.id = base::message_id{static_cast<std::uint64_t>(i + 1)};
    sender = "sender" + std::to_string(i % 997) + "@here.example";
    m.sender = sender;
    auto& p = m.parts[0];
    p.destination = "a-domain-of-usual-length-" + std::to_string(i * 7919 % destinations) + ".example";
    p.recipients = {0};
    p.due = i % 2 == 0 ? start : start + std::chrono::seconds(3600 + i % 7200);
    p.deadline = start + 96h + std::chrono::seconds(i % 86400);
    p.tried = true;
    d.put(m, start);
  }
}

/// Arguments: messages, destinations. `octets` is what malloc gave out, for each recipient.
void fill_after_restart(benchmark::State& state) {
  double octets = 0;
  for (auto unused : state) {
    state.PauseTiming();
    const auto before = mallinfo2();
    auto d = std::make_unique<dispatcher>();
    state.ResumeTiming();
    fill(*d, state.range(0), state.range(1));
    state.PauseTiming();
    const auto now = mallinfo2();
    octets = static_cast<double>(now.uordblks + now.hblkhd - before.uordblks - before.hblkhd) / static_cast<double>(state.range(0));
    d.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["octets"] = octets;
}
BENCHMARK(fill_after_restart)->Args({1000, 100})->Args({200'000, 10'000})->Unit(benchmark::kMillisecond);

/// A message more for a destination that lives: put, called, taken, ended, beside the dead.
void one_for_the_living(benchmark::State& state) {
  dispatcher d;
  fill(d, state.range(0), std::max<std::int64_t>(1, state.range(0) / 20));
  auto now = start;
  while (auto s = d.next_open(now)) d.closed(s->connection, close_reason::failed, "connection refused", now);
  waiting_message m;
  m.id = base::message_id{1'000'000'000};
  m.queue = "remote";
  m.sender = "ann@here.example";
  m.parts.push_back({"alive.example", {0}, {}, start + 120h, false});
  std::uint64_t connection = 0;
  for (auto unused : state) {
    ++m.id.value;
    now += 1ms;
    d.put(m, now);
    while (auto s = d.next_open(now)) {
      if (s->destination != "alive.example") {
        d.closed(s->connection, close_reason::failed, "connection refused", now);
        continue;
      }
      connection = s->connection;
      for (auto t = d.take(connection, now); t.what == take_result::work; t = d.take(connection, now))
        d.ended(t.work.number, end_reason::answered, {}, now);
      if (d.take(connection, now).what != take_result::nothing) d.closed(connection, close_reason::finished, "", now);
    }
    benchmark::DoNotOptimize(d.wake_at());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_for_the_living)->Arg(0)->Arg(1000)->Arg(200'000)->Unit(benchmark::kMicrosecond);

/// A round of failed connections to all destinations that are due, one after the other.
void probe_the_dead(benchmark::State& state) {
  dispatcher_settings settings;
  settings.limits.pauses = {1s};
  dispatcher d(settings);
  fill(d, 20 * state.range(0), state.range(0));
  auto now = start;
  std::int64_t probes = 0;
  for (auto unused : state) {
    now += 2s;
    while (auto s = d.next_open(now)) {
      d.closed(s->connection, close_reason::failed, "connection refused", now);
      ++probes;
    }
  }
  state.SetItemsProcessed(probes);
}
BENCHMARK(probe_the_dead)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// One sender's 10,000 messages to one destination over one connection.
void drain(benchmark::State& state) {
  for (auto unused : state) {
    state.PauseTiming();
    dispatcher_settings settings;
    settings.limits.messages_a_connection = 1'000'000;
    dispatcher d(settings);
    fill(d, 10'000, 1);
    const auto later = start + 5h;
    const auto c = d.next_open(later)->connection;
    state.ResumeTiming();
    for (auto t = d.take(c, later); t.what == take_result::work; t = d.take(c, later))
      d.ended(t.work.number, end_reason::answered, {}, later);
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}
BENCHMARK(drain)->Unit(benchmark::kMillisecond);

/// The operator's first page.
void list_page(benchmark::State& state) {
  dispatcher d;
  fill(d, 200'000, 10'000);
  for (auto unused : state) benchmark::DoNotOptimize(d.list("", 100, start));
}
BENCHMARK(list_page)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace rookery::queueing
