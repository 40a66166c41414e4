#include "policy/submission/send_quota.hpp"

#include <gtest/gtest.h>

namespace rookery::submission {
namespace {

TEST(SendQuota, TheAccountsOwnWins) {
  send_quota q;
  EXPECT_EQ(send_refusal(q, 1'000'000), nullptr);
  q.messages_a_day = 3;
  EXPECT_EQ(send_refusal(q, 2), nullptr);
  ASSERT_NE(send_refusal(q, 3), nullptr);
  EXPECT_EQ(send_refusal(q, 3)->code, 450);
  q.of_account = 10;
  EXPECT_EQ(send_refusal(q, 9), nullptr);
  EXPECT_NE(send_refusal(q, 10), nullptr);
  q.of_account = 0;
  EXPECT_EQ(send_refusal(q, 100), nullptr) << "no limit for this one";
  EXPECT_EQ(send_cost(q, 7), 1u);
  q.counts_recipients = true;
  EXPECT_EQ(send_cost(q, 7), 7u);
}

TEST(SendQuota, ADayIsTheCalendars) {
  const auto t = base::from_milliseconds(1'700'000'000'000); // 2023-11-14 22:13:20 UTC
  EXPECT_EQ(count_key(base::account_id{17}, t), "17/2023-11-14");
  EXPECT_EQ(count_until(t), base::from_milliseconds(1'700'006'400'000));
  const auto tokyo = delivery::time_zone::parse("JST-9").value();
  EXPECT_EQ(count_key(base::account_id{17}, t, tokyo), "17/2023-11-15");
  EXPECT_EQ(count_until(t, tokyo), base::from_milliseconds(1'700'060'400'000));
}

} // namespace
} // namespace rookery::submission
