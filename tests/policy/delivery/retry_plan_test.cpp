#include "policy/delivery/retry_plan.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rookery::delivery {
namespace {

using namespace std::chrono_literals;
const auto begin = base::from_milliseconds(1'700'000'000'000);

TEST(RetryPlan, IsReadAndPrinted) {
  const auto plan = retry_plan::parse("5m 10m, 1h30m 2H  1d").value();
  EXPECT_EQ(plan.to_text(), "5m 10m 1h30m 2h 1d");
  EXPECT_EQ(retry_plan().to_text(), "5m 10m 20m 40m 1h 2h 4h");
  for (const char* bad : {"", "  ", "5", "m", "0m", "5x", "5m -1m", "400d", "99999999999999999999m", "1h30"})
    EXPECT_FALSE(retry_plan::parse(bad)) << bad;
  std::string many;
  for (std::size_t i = 0; i < retry_steps_max; ++i) many += "1m ";
  EXPECT_TRUE(retry_plan::parse(many));
  EXPECT_FALSE(retry_plan::parse(many + "1m"));
}

TEST(RetryPlan, PausesGrowByTheirStepsAndDifferByMessage) {
  const retry_plan plan;
  std::set<std::chrono::seconds> seen;
  for (std::uint64_t id = 1; id <= 200; ++id) {
    const base::message_id m{id};
    EXPECT_EQ(plan.pause(1, m), plan.pause(1, m));
    const std::chrono::seconds steps[] = {5min, 5min, 10min, 20min, 40min, 1h, 2h, 4h, 4h, 4h};
    for (std::uint32_t attempt = 0; attempt < 10; ++attempt) {
      EXPECT_GE(plan.pause(attempt, m), steps[attempt] * 9 / 10) << attempt;
      EXPECT_LE(plan.pause(attempt, m), steps[attempt] * 11 / 10) << attempt;
    }
    seen.insert(plan.pause(3, m));
  }
  EXPECT_GT(seen.size(), 100u);
}

waiting_facts facts() {
  waiting_facts f;
  f.id = base::message_id{7};
  f.begin = begin;
  return f;
}

TEST(RetryPlan, DelayIsToldOnceAndThenItExpires) {
  const retry_settings s;
  auto f = facts();
  EXPECT_EQ(next_deadline(f, s), begin + 4h);
  EXPECT_EQ(owed_now(f, begin + 4h - 1ms, s), owed::nothing);
  EXPECT_EQ(owed_now(f, begin + 4h, s), owed::delay_notice);
  f.delay_told = true;
  EXPECT_EQ(owed_now(f, begin + 5h, s), owed::nothing);
  EXPECT_EQ(next_deadline(f, s), begin + 120h);
  EXPECT_EQ(owed_now(f, begin + 120h, s), owed::expired);
}

TEST(RetryPlan, ReportsExpireEarlierAndTellNobody) {
  auto f = facts();
  f.null_sender = true;
  EXPECT_EQ(next_deadline(f, {}), begin + 48h);
  EXPECT_EQ(owed_now(f, begin + 47h, {}), owed::nothing);
}

TEST(RetryPlan, DeliverByReturnsOrNotifies) {
  auto f = facts();
  f.deliver_by = begin + 1h;
  EXPECT_EQ(next_deadline(f, {}), begin + 1h);
  EXPECT_EQ(owed_now(f, begin + 1h, {}), owed::delay_notice) << "mode N";
  EXPECT_EQ(expires(f, {}), begin + 120h);
  f.deliver_by_return = true;
  EXPECT_EQ(owed_now(f, begin + 1h, {}), owed::deliver_by_over) << "mode R";
  EXPECT_EQ(expires(f, {}), begin + 1h);
  f.wants_delay = false;
  f.deliver_by_return = false;
  EXPECT_EQ(next_deadline(f, {}), begin + 120h) << "NOTIFY without DELAY";
}

TEST(RetryPlan, TheLastAttemptComesBeforeTheEnd) {
  const auto f = facts();
  const auto near = begin + 118h;
  EXPECT_EQ(next_attempt(f, 20, near, {}), begin + 120h - 60s);
  const auto after_last = next_attempt(f, 21, begin + 120h - 60s, {});
  EXPECT_GT(after_last, begin + 120h) << "it expires before";
  EXPECT_LE(next_attempt(f, 1, begin, {}), begin + 6min);
  EXPECT_GE(next_attempt(f, 1, begin, {}), begin + 4min);
}

TEST(RetryPlan, SpansArePrinted) {
  EXPECT_EQ(span_text(0s), "0s");
  EXPECT_EQ(span_text(93784s), "1d2h3m4s");
  EXPECT_EQ(parse_span("1d2h3m4s"), 93784s);
  EXPECT_EQ(parse_span("1w"), 7 * 24h);
}

} // namespace
} // namespace rookery::delivery
