// The queue under seeds. ROOKERY_SIMULATION_SEEDS=FIRST:COUNT plays others than those fixed here.
#include "tests/policy/queueing/simulated_queue.hpp"
#include "tests/policy/queueing/world.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace rookery::queueing {
namespace {

TEST(QueueSimulation, KeepsItsPromisesThroughADayOfChaos) {
  std::uint64_t first = 1, count = 8;
  if (const char* wish = std::getenv("ROOKERY_SIMULATION_SEEDS"); wish != nullptr) {
    const auto parts = base::split(wish, ':');
    first = base::parse_u64(parts.front()).value_or(1);
    count = parts.size() > 1 ? base::parse_u64(parts[1]).value_or(1) : 1;
  }
  std::uint64_t delivered = 0, expired = 0, crashes = 0, cancelled = 0, notices = 0;
  for (auto seed = first; seed < first + count; ++seed) {
    simulated_queue world(seed);
    world.run();
    ASSERT_EQ(world.fault, "") << "seed " << seed;
    delivered += world.seen.delivered;
    expired += world.seen.expired;
    crashes += world.seen.crashes;
    cancelled += world.seen.cancelled;
    notices += world.seen.delay_notices;
  }
  if (count < 8) return;
  EXPECT_GT(delivered, 500u) << "the seeds must show something";
  EXPECT_GT(expired, 20u);
  EXPECT_GT(crashes, 3u);
  EXPECT_GT(cancelled, 3u);
  EXPECT_GT(notices, 20u);
}

/// Between two turns of a sender who always has something, no other one has more than two.
TEST(QueueSimulation, NoSenderGetsAheadByMoreThanATurn) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::mt19937_64 random(seed);
    dispatcher_settings settings;
    settings.limits.messages_a_connection = 1'000'000;
    dispatcher d(settings);
    std::map<std::uint64_t, std::size_t> sender_of;
    std::vector<int> backlog(8, 0);
    std::vector<std::vector<int>> since(8, std::vector<int>(8, 0)); ///< [waiting sender][served sender]
    std::uint64_t id = 1;
    const auto arrive = [&](std::size_t s) {
      if (backlog[s]++ == 0) std::fill(since[s].begin(), since[s].end(), 0);
      sender_of[id] = s;
      d.put(mail(id, "b", "s" + std::to_string(s)), after(std::chrono::milliseconds(id)));
      ++id;
    };
    for (int i = 0; i < 200; ++i) arrive(0);
    const auto c = open_one(d, after(1s));
    for (int step = 0; step < 3000; ++step) {
      if (random() % 3 != 0) {
        // The first ones send in bursts, the last ones now and then.
        const auto s = random() % 8;
        for (auto n = s < 3 ? random() % 5 : 1; n > 0; --n) arrive(s);
      }
      const auto now = after(std::chrono::milliseconds(id));
      const auto t = d.take(c, now);
      if (t.what != take_result::work) continue;
      d.ended(t.work.number, end_reason::answered, {}, now);
      const auto served = sender_of[t.work.id.value];
      for (std::size_t s = 0; s < backlog.size(); ++s)
        if (s != served && backlog[s] > 0) { ASSERT_LE(++since[s][served], 2) << "seed " << seed << " step " << step; }
      --backlog[served];
      std::fill(since[served].begin(), since[served].end(), 0);
    }
  }
}

/// Ten thousand dead destinations and one that lives.
TEST(QueueSimulation, TheDeadCostTheLivingNothing) {
  dispatcher_settings settings;
  settings.connections = 100;
  dispatcher d(settings);
  auto now = after(0s);
  d.put(mail(1, "alive"), now);
  const auto c = open_one(d, now);
  EXPECT_EQ(drain(d, c, now).size(), 1u);
  d.closed(c, close_reason::finished, "", now);
  std::uint64_t id = 2;
  for (int i = 0; i < 10'000; ++i) d.put(mail(id++, "dead" + std::to_string(i)), now);
  std::multimap<wall_time, connection_number> dialing; // 30 s each, then nothing
  for (int second = 0; second < 600; ++second, now += 1s) {
    while (!dialing.empty() && dialing.begin()->first <= now) {
      d.closed(dialing.begin()->second, close_reason::failed, "timed out", now);
      dialing.erase(dialing.begin());
    }
    d.put(mail(id, "alive"), now);
    bool sent = false;
    while (auto s = d.next_open(now)) {
      if (s->destination != "alive") {
        dialing.emplace(now + 30s, s->connection);
        continue;
      }
      sent = drain(d, s->connection, now) == std::vector<std::uint64_t>{id};
      d.closed(s->connection, close_reason::finished, "", now);
    }
    ASSERT_TRUE(sent) << "in the second it came, second " << second;
    ++id;
  }
  EXPECT_GT(dialing.size(), 20u) << "the dead are tried all the time";
}

} // namespace
} // namespace rookery::queueing
