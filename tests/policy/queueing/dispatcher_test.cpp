// Messages: what waits, who has the turn, what comes back.
#include "tests/policy/queueing/world.hpp"

#include <gtest/gtest.h>

namespace rookery::queueing {
namespace {

using ids = std::vector<std::uint64_t>;
using numbers = std::vector<std::uint32_t>;

TEST(Dispatcher, GivesAMessageOnceAndForgetsIt) {
  dispatcher d;
  EXPECT_FALSE(d.next_open(after(0s)));
  EXPECT_FALSE(d.wake_at());
  d.put(mail(1, "mx:b.example", "ann@a.example", {0, 1}), after(0s));
  EXPECT_EQ(d.wake_at(), after(0s));
  const auto s = d.next_open(after(1s));
  ASSERT_TRUE(s);
  EXPECT_EQ(s->destination, "mx:b.example");
  EXPECT_FALSE(s->probe);
  EXPECT_FALSE(d.next_open(after(1s))) << "one connection is enough for one message";
  const auto t = d.take(s->connection, after(2s));
  ASSERT_EQ(t.what, take_result::work);
  EXPECT_EQ(t.work.id.value, 1u);
  EXPECT_EQ(t.work.queue, "remote");
  EXPECT_EQ(t.work.recipients, (numbers{0, 1}));
  EXPECT_TRUE(d.in_flight(base::message_id{1}));
  EXPECT_EQ(d.take(s->connection, after(2s)).what, take_result::nothing);
  d.remove(base::message_id{1});
  d.ended(t.work.number, end_reason::answered, after(3s));
  EXPECT_FALSE(d.contains(base::message_id{1}));
  EXPECT_EQ(d.counts().parts, 0u);
  EXPECT_EQ(d.counts().connections, 1u);
  d.closed(s->connection, close_reason::finished, "", after(4s));
  EXPECT_EQ(d.counts().destinations, 0u);
  EXPECT_EQ(d.counts().recipients, 0u);
}

TEST(Dispatcher, WaitsForTheDueTime) {
  dispatcher d;
  d.put(mail(1, "b", "ann@a", {0}, after(60s)), after(0s));
  EXPECT_EQ(d.wake_at(), after(60s));
  EXPECT_FALSE(d.next_open(after(59s)));
  EXPECT_TRUE(d.next_open(after(60s)));
}

TEST(Dispatcher, SendersTakeTurns) {
  dispatcher d;
  for (std::uint64_t i = 0; i < 4; ++i) d.put(mail(10 + i, "b", "ann@a"), after(0s));
  d.put(mail(20, "b", "bob@a"), after(0s));
  d.put(mail(30, "b", "cem@a"), after(0s));
  d.put(mail(31, "b", "cem@a"), after(0s));
  EXPECT_EQ(drain(d, open_one(d, after(1s)), after(1s)), (ids{10, 20, 30, 11, 31, 12, 13}));
}

TEST(Dispatcher, AnAccountIsOneSenderUnderAllItsNames) {
  dispatcher d;
  for (std::uint64_t i = 0; i < 3; ++i) {
    auto m = mail(10 + i, "b", i % 2 == 0 ? "ann@a" : "sales@a");
    m.account = base::account_id{7};
    d.put(m, after(0s));
  }
  d.put(mail(20, "b", "bob@a"), after(0s));
  EXPECT_EQ(drain(d, open_one(d, after(1s)), after(1s)), (ids{10, 20, 11, 12}));
}

TEST(Dispatcher, WhoComesLateGetsTheNextTurn) {
  dispatcher d;
  for (std::uint64_t i = 0; i < 50; ++i) d.put(mail(100 + i, "b", "ann@a"), after(0s));
  const auto c = open_one(d, after(0s));
  for (int i = 0; i < 20; ++i) d.ended(d.take(c, after(0s)).work.number, end_reason::answered, {}, after(0s));
  d.put(mail(501, "b", "bob@a"), after(0s));
  d.put(mail(502, "b", "bob@a"), after(0s));
  EXPECT_EQ(d.take(c, after(0s)).work.id.value, 501u);
  EXPECT_EQ(d.take(c, after(0s)).work.id.value, 120u);
  EXPECT_EQ(d.take(c, after(0s)).work.id.value, 502u);
}

TEST(Dispatcher, UrgencyIsAShareNotAWall) {
  dispatcher d;
  for (std::uint64_t i = 0; i < 30; ++i) {
    for (const auto u : {priority::bulk, priority::normal, priority::urgent}) {
      auto m = mail(100 * (1 + static_cast<std::uint64_t>(u)) + i, "b", "ann@a");
      m.urgency = u;
      d.put(m, after(0s));
    }
  }
  const auto order = drain(d, open_one(d, after(0s)), after(0s));
  ASSERT_EQ(order.size(), 90u);
  int urgent = 0, normal = 0, bulk = 0;
  for (std::size_t i = 0; i < 21; ++i) ++(order[i] < 200 ? urgent : order[i] < 300 ? normal : bulk);
  EXPECT_EQ(urgent, 16);
  EXPECT_EQ(normal, 4);
  EXPECT_EQ(bulk, 1);
}

TEST(Dispatcher, ManyRecipientsGoInSeveralTransactionsAndLetOthersBetween) {
  dispatcher_settings s;
  s.limits.recipients_a_transaction = 2;
  dispatcher d(s);
  d.put(mail(1, "b", "ann@a", {0, 1, 2, 3, 4}), after(0s));
  d.put(mail(2, "b", "ann@a"), after(0s));
  const auto c = open_one(d, after(0s));
  const auto first = d.take(c, after(0s)), second = d.take(c, after(0s)), third = d.take(c, after(0s), 1),
             fourth = d.take(c, after(0s));
  EXPECT_EQ(first.work.recipients, (numbers{0, 1}));
  EXPECT_EQ(second.work.id.value, 2u);
  EXPECT_EQ(third.work.recipients, (numbers{2})) << "the peer allows one";
  EXPECT_EQ(fourth.work.recipients, (numbers{3, 4}));
  EXPECT_EQ(d.counts().recipients, 6u);
  EXPECT_EQ(d.counts().transactions, 4u);
}

TEST(Dispatcher, AMessageWaitsForSeveralDestinations) {
  dispatcher d;
  auto m = mail(1, "b");
  m.parts.push_back({"c", {1}, {}, wall_time::max(), false});
  d.put(m, after(0s));
  const auto one = d.next_open(after(0s)), two = d.next_open(after(0s));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->destination, "b");
  EXPECT_EQ(two->destination, "c");
  const auto t = d.take(two->connection, after(0s));
  EXPECT_EQ(t.work.recipients, (numbers{1}));
  d.ended(t.work.number, end_reason::answered, {}, after(0s));
  EXPECT_TRUE(d.contains(base::message_id{1}));
  EXPECT_EQ(d.parts(base::message_id{1}).size(), 1u);
}

TEST(Dispatcher, NewsDuringATransactionHoldAfterIt) {
  dispatcher d;
  d.put(mail(1, "b", "ann@a", {0, 1}), after(0s));
  const auto c = open_one(d, after(0s));
  const auto t = d.take(c, after(0s));
  // The answer: 0 is done, 1 waits until 300 s; a third recipient came to be by redirection.
  auto news = mail(1, "b", "ann@a", {1}, after(300s));
  news.parts.push_back({"b", {2}, {}, wall_time::max(), false});
  d.put(news, after(10s));
  const auto extra = d.take(c, after(10s));
  EXPECT_EQ(extra.work.recipients, (numbers{2})) << "what flies stays in flight";
  d.ended(t.work.number, end_reason::answered, after(11s));
  EXPECT_EQ(d.take(c, after(299s)).what, take_result::nothing);
  EXPECT_EQ(d.wake_at(), after(300s));
  const auto again = d.next_open(after(300s));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->open_already);
  EXPECT_EQ(again->connection, c);
  EXPECT_EQ(d.take(c, after(300s)).work.recipients, (numbers{1}));
}

TEST(Dispatcher, RemovedAndPutAgainDuringATransactionIsNotSentTwice) {
  dispatcher d;
  d.put(mail(1, "b", "ann@a", {0, 1}), after(0s));
  const auto c = open_one(d, after(0s));
  const auto t = d.take(c, after(0s));
  d.remove(base::message_id{1});
  d.put(mail(1, "c", "ann@a", {0, 1, 2}), after(1s));
  const auto other = d.next_open(after(1s));
  ASSERT_TRUE(other);
  EXPECT_EQ(d.take(other->connection, after(1s)).work.recipients, (numbers{2}));
  EXPECT_EQ(d.take(other->connection, after(1s)).what, take_result::nothing);
  d.ended(t.work.number, end_reason::broken, after(2s));
  ASSERT_TRUE(d.next_open(after(2s)));
  EXPECT_EQ(d.take(other->connection, after(2s)).work.recipients, (numbers{0, 1}));
}

TEST(Dispatcher, EndedSaysWhoWaitsOn) {
  dispatcher d;
  d.put(mail(1, "b", "ann@a", {0, 1, 2, 3}), after(0s));
  const auto c = open_one(d, after(0s));
  const auto t = d.take(c, after(0s));
  d.ended(t.work.number, end_reason::answered, {{1, after(60s), after(600s)}, {3, after(60s), after(600s)}, {2, after(90s)}},
          after(1s));
  EXPECT_EQ(d.counts().recipients, 3u);
  EXPECT_FALSE(d.in_flight(base::message_id{1}));
  EXPECT_EQ(d.wake_at(), after(60s));
  ASSERT_TRUE(d.next_open(after(60s)));
  EXPECT_EQ(d.take(c, after(60s)).work.recipients, (numbers{1, 3}));
}

TEST(Dispatcher, WithoutNewsItWaitsAWhile) {
  dispatcher d;
  d.put(mail(1, "b"), after(0s));
  const auto c = open_one(d, after(0s));
  d.ended(d.take(c, after(0s)).work.number, end_reason::broken, after(1s));
  EXPECT_EQ(d.take(c, after(60s)).what, take_result::nothing);
  EXPECT_EQ(d.take(c, after(61s)).what, take_result::work);
}

TEST(Dispatcher, APartThatIsTheSameKeepsItsTurn) {
  dispatcher d;
  d.put(mail(1, "b", "ann@a"), after(0s));
  d.put(mail(2, "b", "ann@a"), after(0s));
  d.put(mail(1, "b", "ann@a"), after(1s));
  EXPECT_EQ(drain(d, open_one(d, after(1s)), after(1s)), (ids{1, 2}));
}

TEST(Dispatcher, ADeadlineIsGivenOutOnceAndStopsAttempts) {
  dispatcher d;
  auto m = mail(1, "b", "ann@a", {0}, after(1000s));
  m.parts[0].deadline = after(100s);
  d.put(m, after(0s));
  EXPECT_EQ(d.wake_at(), after(100s));
  EXPECT_FALSE(d.next_lapsed(after(99s)));
  const auto lapsed = d.next_lapsed(after(100s));
  ASSERT_TRUE(lapsed);
  EXPECT_EQ(lapsed->id.value, 1u);
  EXPECT_EQ(lapsed->recipients, (numbers{0}));
  EXPECT_FALSE(d.next_lapsed(after(100s)));
  EXPECT_FALSE(d.next_open(after(2000s))) << "being given up, not tried";
  m.parts[0].deadline = after(5000s); // the delay notice was written
  d.put(m, after(2000s));
  EXPECT_FALSE(d.next_open(after(2000s)));
  d.ended(lapsed->number, end_reason::answered, after(2001s));
  EXPECT_TRUE(d.next_open(after(2001s)));
  EXPECT_FALSE(d.next_lapsed(after(2001s)));
}

TEST(Dispatcher, ALapseWithoutNewsIsAskedAgain) {
  dispatcher d;
  auto m = mail(1, "b", "ann@a", {0}, after(1000s));
  m.parts[0].deadline = after(100s);
  d.put(m, after(0s));
  d.ended(d.next_lapsed(after(100s))->number, end_reason::broken, after(100s));
  EXPECT_FALSE(d.next_lapsed(after(159s)));
  EXPECT_TRUE(d.next_lapsed(after(160s)));
}

TEST(Dispatcher, WhatFliesDoesNotLapse) {
  dispatcher d;
  auto m = mail(1, "b");
  m.parts[0].deadline = after(100s);
  d.put(m, after(0s));
  const auto t = d.take(open_one(d, after(0s)), after(0s));
  EXPECT_FALSE(d.next_lapsed(after(200s)));
  d.ended(t.work.number, end_reason::broken, after(200s));
  EXPECT_TRUE(d.next_lapsed(after(200s)));
}

TEST(Dispatcher, RetryNowPutsItBeforeItsTime) {
  dispatcher d;
  d.put(mail(1, "b", "ann@a", {0}, after(1000s)), after(0s));
  d.put(mail(2, "b", "ann@a", {0}, after(1000s)), after(0s));
  d.retry_message(base::message_id{2}, after(1s));
  const auto c = open_one(d, after(1s));
  EXPECT_EQ(drain(d, c, after(1s)), (ids{2}));
  d.retry_queue("other", after(1s));
  EXPECT_TRUE(drain(d, c, after(1s)).empty());
  d.retry_queue("remote", after(1s));
  EXPECT_EQ(drain(d, c, after(1s)), (ids{1}));
}

} // namespace
} // namespace rookery::queueing
