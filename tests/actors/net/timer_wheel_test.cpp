#include "actors/net/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace rookery::net {
namespace {

using std::chrono::milliseconds;

struct alarm final : timer_wheel::entry {
  void on_timer(base::instant now) override {
    ++fired;
    at = now;
  }
  int fired = 0;
  base::instant at{};
};

TEST(TimerWheel, FiresOnceAndNotEarly) {
  timer_wheel wheel;
  alarm a;
  base::instant now{};
  wheel.schedule(a, now + milliseconds(120), now);
  for (int ms = 0; ms <= 1000; ms += 10) wheel.advance(now + milliseconds(ms));
  EXPECT_EQ(a.fired, 1);
  EXPECT_GE(a.at, now + milliseconds(120));
  EXPECT_LE(a.at, now + milliseconds(120) + 2 * timer_wheel::tick);
}

TEST(TimerWheel, ADeadlineThatMovesLaterCostsNothingAndHolds) {
  timer_wheel wheel;
  alarm a;
  base::instant now{};
  wheel.schedule(a, now + milliseconds(100), now);
  for (int ms = 0; ms < 5000; ms += 10) {
    if (ms < 4000) wheel.schedule(a, now + milliseconds(ms + 100), now + milliseconds(ms));
    wheel.advance(now + milliseconds(ms));
    if (ms < 4000) { ASSERT_EQ(a.fired, 0) << ms; }
  }
  EXPECT_EQ(a.fired, 1);
}

TEST(TimerWheel, ADeadlineThatMovesEarlierHolds) {
  timer_wheel wheel;
  alarm a;
  base::instant now{};
  wheel.schedule(a, now + std::chrono::minutes(30), now);
  wheel.schedule(a, now + milliseconds(100), now);
  for (int ms = 0; ms < 400; ms += 10) wheel.advance(now + milliseconds(ms));
  EXPECT_EQ(a.fired, 1);
}

TEST(TimerWheel, FarDeadlinesComeRound) {
  timer_wheel wheel;
  alarm a;
  base::instant now{};
  const auto when = now + std::chrono::minutes(30); // several turns of the wheel
  wheel.schedule(a, when, now);
  for (auto t = now; t < when; t += std::chrono::seconds(1)) wheel.advance(t);
  EXPECT_EQ(a.fired, 0);
  wheel.advance(when + std::chrono::seconds(1));
  EXPECT_EQ(a.fired, 1);
}

TEST(TimerWheel, CancelledEntriesNeverFire) {
  timer_wheel wheel;
  alarm a;
  base::instant now{};
  wheel.schedule(a, now + milliseconds(50), now);
  wheel.cancel(a);
  wheel.cancel(a);
  wheel.advance(now + std::chrono::seconds(10));
  EXPECT_EQ(a.fired, 0);
  EXPECT_FALSE(wheel.next_wait(now));
}

TEST(TimerWheel, AnEmptyWheelDoesNotWakeAnybodyAndAFullOneDoesAtMostASecondAhead) {
  timer_wheel wheel;
  EXPECT_FALSE(wheel.next_wait(base::instant{}));
  alarm a;
  wheel.schedule(a, base::instant{} + std::chrono::minutes(1), base::instant{});
  const auto wait = wheel.next_wait(base::instant{});
  ASSERT_TRUE(wait);
  EXPECT_LE(*wait, milliseconds(1050));
  EXPECT_GT(*wait, milliseconds(500));
}

TEST(TimerWheel, AgreesWithASortedListUnderRandomUse) {
  std::mt19937 random(7);
  timer_wheel wheel;
  std::vector<std::unique_ptr<alarm>> all;
  std::map<alarm*, base::instant> wanted;
  base::instant now{};
  for (int i = 0; i < 200; ++i) all.push_back(std::make_unique<alarm>());
  for (int step = 0; step < 5000; ++step) {
    now += milliseconds(random() % 40);
    auto& a = *all[random() % all.size()];
    if (random() % 4 == 0) {
      wheel.cancel(a);
      wanted.erase(&a);
    } else {
      const auto when = now + milliseconds(random() % 3000);
      wheel.schedule(a, when, now);
      wanted[&a] = when;
    }
    std::map<alarm*, int> before;
    for (auto& [x, _] : wanted) before[x] = x->fired;
    wheel.advance(now);
    for (auto i = wanted.begin(); i != wanted.end();) {
      if (i->first->fired > before[i->first]) {
        ASSERT_LE(i->second, now) << "fired early";
        i = wanted.erase(i);
      } else {
        ASSERT_GT(i->second + 3 * timer_wheel::tick, now) << "fired late";
        ++i;
      }
    }
  }
}

} // namespace
} // namespace rookery::net
