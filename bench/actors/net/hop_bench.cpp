/// What a message from one actor to another costs, by where they live: the number that
/// decides how many hops a request may have.
#include "actors/net/pinned_actor.hpp"
#include "actors/net/timer_wheel.hpp"

#include <benchmark/benchmark.h>

#include <caf/all.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

namespace {

using namespace rookery;

/// Never destroyed: a system with detached actors may not end by itself (CAF 0.17.6).
caf::actor_system& system_of_ours() {
  static auto* config = new caf::actor_system_config;
  static auto* system = [] {
    config->set("scheduler.policy", caf::atom("sharing"));
    config->set("scheduler.max-threads", std::size_t{2});
    return new caf::actor_system(*config);
  }();
  return *system;
}

caf::behavior echo(caf::event_based_actor*) {
  return {[](int x) { return x; }};
}

/// Asks one actor `laps` times in turn and tells who began when it is done.
caf::behavior asker(caf::event_based_actor* self, caf::actor other) {
  auto left = std::make_shared<int>(0);
  auto promise = std::make_shared<caf::response_promise>();
  auto next = std::make_shared<std::function<void()>>();
  *next = [=] {
    if ((*left)-- <= 0) return promise->deliver(true);
    self->request(other, caf::infinite, 1).then([=](int) { (*next)(); });
  };
  return {[=](int laps) {
    *left = laps;
    *promise = self->make_response_promise();
    (*next)();
    return *promise;
  }};
}

void laps(benchmark::State& state, caf::actor_system& system, const caf::actor& first) {
  caf::scoped_actor self{system};
  constexpr int count = 1000;
  for (auto _ : state)
    self->request(first, caf::infinite, count).receive([](bool) {}, [](const caf::error&) { std::abort(); });
  state.SetItemsProcessed(state.iterations() * count * 2);
}

void scheduled_to_scheduled(benchmark::State& state) {
  auto& ours = system_of_ours();
  const auto other = ours.spawn(echo);
  const auto first = ours.spawn(asker, other);
  laps(state, ours, first);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  caf::anon_send_exit(other, caf::exit_reason::kill);
}
BENCHMARK(scheduled_to_scheduled)->UseRealTime();

void scheduled_to_detached(benchmark::State& state) {
  auto& ours = system_of_ours();
  const auto other = ours.spawn<caf::detached + caf::hidden>(echo);
  const auto first = ours.spawn(asker, other);
  laps(state, ours, first);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  caf::anon_send_exit(other, caf::exit_reason::kill);
}
BENCHMARK(scheduled_to_detached)->UseRealTime();

struct wheel_entry final : net::timer_wheel::entry {
  void on_timer(base::instant) override {}
};

void timer_moved_later(benchmark::State& state) {
  net::timer_wheel wheel;
  std::vector<std::unique_ptr<wheel_entry>> all;
  base::instant now{};
  for (int i = 0; i < 10000; ++i) {
    all.push_back(std::make_unique<wheel_entry>());
    wheel.schedule(*all.back(), now + std::chrono::minutes(5), now);
  }
  std::size_t i = 0;
  for (auto _ : state) {
    wheel.schedule(*all[i++ % all.size()], now + std::chrono::minutes(6), now);
    benchmark::ClobberMemory();
  }
  for (auto& e : all) wheel.cancel(*e);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_moved_later);

} // namespace
