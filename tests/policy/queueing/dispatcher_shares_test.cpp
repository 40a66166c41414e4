// A destination whose limits are shared with other nodes.
#include "tests/policy/queueing/world.hpp"

#include <gtest/gtest.h>

namespace rookery::queueing {
namespace {

struct shared_dispatcher : dispatcher {
  explicit shared_dispatcher(dispatcher_settings s = {}) : dispatcher(std::move(s)) { set_shared(true, after(0s)); }
  void fill(int count) {
    for (int i = 0; i < count; ++i) put(mail(next++, "b"), after(0s));
  }
  void give(std::uint32_t connections, std::uint32_t nodes = 1, wall_time now = after(0s)) {
    destination_share s;
    s.destination = "b";
    s.number = ++number;
    s.connections = connections;
    s.nodes = nodes;
    share(s, now);
  }
  /// The last need of it.
  std::optional<destination_need> need(wall_time now = after(0s)) {
    std::optional<destination_need> out;
    for (auto& n : take_needs(now))
      if (n.destination == "b") out = std::move(n);
    return out;
  }
  std::vector<slot> open_all(wall_time now = after(0s)) {
    std::vector<slot> all;
    while (auto s = next_open(now)) all.push_back(*s);
    return all;
  }
  taken done(connection_number c, wall_time now = after(0s)) {
    auto t = take(c, now);
    if (t.what == take_result::work) ended(t.work.number, end_reason::answered, {}, now);
    return t;
  }
  std::uint64_t next = 1, number = 0;
};

TEST(DispatcherShares, OpensWhatItIsGiven) {
  dispatcher_settings s;
  s.limits.connections = 8;
  s.limits.first_connections = 8;
  shared_dispatcher d(s);
  d.fill(100);
  EXPECT_TRUE(d.open_all().empty());
  const auto need = d.need();
  ASSERT_TRUE(need);
  EXPECT_EQ(need->limit, 8u);
  EXPECT_EQ(need->wanted, 8u);
  EXPECT_EQ(need->held, 0u);
  EXPECT_EQ(d.status("b", after(0s))->share, 0u);
  d.give(3, 2);
  EXPECT_EQ(d.open_all().size(), 3u);
  EXPECT_EQ(d.need()->held, 3u);
  EXPECT_EQ(d.status("b", after(0s))->share, 3u);
  EXPECT_EQ(d.status("b", after(0s))->nodes, 2u);
  EXPECT_EQ(d.status("b", after(0s))->connections_allowed, 3u);
  d.give(5);
  EXPECT_EQ(d.open_all().size(), 2u);
}

TEST(DispatcherShares, LetsGoWhatIsTooMuch) {
  dispatcher_settings s;
  s.limits.first_connections = 4;
  shared_dispatcher d(s);
  d.fill(100);
  d.give(4);
  const auto open = d.open_all();
  ASSERT_EQ(open.size(), 4u);
  for (const auto& o : open) EXPECT_EQ(d.done(o.connection).what, take_result::work);
  d.give(2);
  EXPECT_EQ(d.done(open[0].connection).what, take_result::give_way);
  EXPECT_EQ(d.done(open[1].connection).what, take_result::give_way);
  EXPECT_EQ(d.done(open[2].connection).what, take_result::work) << "two are left";
  EXPECT_EQ(d.done(open[0].connection).what, take_result::give_way) << "it was told";
  d.closed(open[0].connection, close_reason::finished, "", after(0s));
  d.closed(open[1].connection, close_reason::finished, "", after(0s));
  EXPECT_EQ(d.done(open[3].connection).what, take_result::work);
  EXPECT_TRUE(d.open_all().empty());
  EXPECT_EQ(d.need()->held, 2u);
}

TEST(DispatcherShares, ConnectionsThatIdleAreLetGoToo) {
  dispatcher_settings s;
  s.limits.first_connections = 3;
  shared_dispatcher d(s);
  d.fill(3);
  d.give(3);
  const auto open = d.open_all();
  ASSERT_EQ(open.size(), 3u);
  for (const auto& o : open) d.done(o.connection);
  for (const auto& o : open) EXPECT_EQ(d.take(o.connection, after(0s)).what, take_result::nothing);
  EXPECT_EQ(d.need()->wanted, 0u);
  d.give(1);
  int told = 0;
  while (const auto call = d.next_open(after(0s))) {
    EXPECT_TRUE(call->open_already);
    EXPECT_EQ(d.take(call->connection, after(0s)).what, take_result::give_way);
    ASSERT_LE(++told, 2);
  }
  EXPECT_EQ(told, 2);
}

TEST(DispatcherShares, OlderSharesAndThoseOfADestinationBeforeArePassedOver) {
  shared_dispatcher d;
  d.fill(10);
  d.number = 5;
  d.give(2);
  d.number = 3;
  d.give(20);
  EXPECT_EQ(d.status("b", after(0s))->share, 2u);
}

TEST(DispatcherShares, WhatHasNothingLeftIsToldAsGone) {
  shared_dispatcher d;
  d.fill(1);
  d.give(1);
  const auto open = d.open_all();
  ASSERT_EQ(open.size(), 1u);
  d.done(open[0].connection);
  d.closed(open[0].connection, close_reason::finished, "", after(0s));
  const auto need = d.need();
  ASSERT_TRUE(need);
  EXPECT_TRUE(need->gone);
  EXPECT_FALSE(d.need());
}

TEST(DispatcherShares, TheRateIsDividedByTheNodes) {
  dispatcher_settings s;
  s.limits.messages_a_minute = 60;
  shared_dispatcher d(s);
  d.fill(10);
  d.give(1, 3);
  const auto open = d.open_all();
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(d.done(open[0].connection).what, take_result::work);
  const auto t = d.take(open[0].connection, after(0s));
  EXPECT_EQ(t.what, take_result::later);
  EXPECT_EQ(t.until, after(3s));
  d.give(1, 1, after(1s));
  EXPECT_EQ(d.take(open[0].connection, after(1s)).until, after(1667ms)) << "what is left to wait for is a third of it";
}

TEST(DispatcherShares, WhatAnotherNodeCouldNotReachIsLeftAloneHere) {
  shared_dispatcher d;
  d.fill(10);
  destination_share s;
  s.destination = "b";
  s.number = ++d.number;
  s.connections = 1;
  s.down = {300s, 4, "connection refused"};
  d.share(s, after(0s));
  EXPECT_TRUE(d.open_all().empty());
  const auto status = d.status("b", after(0s));
  EXPECT_EQ(status->state, destination_state::down);
  EXPECT_EQ(status->failures, 4u);
  EXPECT_EQ(status->reason, "connection refused");
  EXPECT_EQ(status->next_try, after(300s));
  EXPECT_EQ(d.need()->wanted, 0u);
  EXPECT_EQ(d.need(after(0s)), std::nullopt);
  s.number = ++d.number;
  s.connections = 2;
  s.down.reset();
  s.answers = true;
  d.share(s, after(10s));
  EXPECT_EQ(d.open_all(after(10s)).size(), 2u);
  EXPECT_EQ(d.status("b", after(10s))->failures, 0u);
}

TEST(DispatcherShares, ItsOwnFailureIsNotOverByAnAnswerElsewhereButTriedOnce) {
  shared_dispatcher d;
  d.fill(10);
  d.give(2);
  auto open = d.open_all();
  ASSERT_EQ(open.size(), 2u);
  for (const auto& o : open) d.closed(o.connection, close_reason::failed, "no route", after(0s));
  auto need = d.need();
  ASSERT_TRUE(need);
  EXPECT_EQ(need->news, destination_news::down);
  EXPECT_EQ(need->event, 1u);
  EXPECT_EQ(need->failures, 1u);
  EXPECT_GT(need->pause, 200s);
  const auto answers = [&](wall_time now) {
    destination_share s;
    s.destination = "b";
    s.number = ++d.number;
    s.connections = 5;
    s.answers = true;
    d.share(s, now);
  };
  answers(after(5s));
  open = d.open_all(after(5s));
  ASSERT_EQ(open.size(), 1u);
  EXPECT_TRUE(open[0].probe);
  d.closed(open[0].connection, close_reason::failed, "no route", after(6s));
  EXPECT_EQ(d.need(after(6s))->failures, 2u);
  answers(after(7s));
  EXPECT_TRUE(d.open_all(after(7s)).empty()) << "not again and again";
}

TEST(DispatcherShares, WhoIsConnectedKnowsBetterThanOthers) {
  shared_dispatcher d;
  d.fill(10);
  d.give(2);
  const auto open = d.open_all();
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(d.done(open[0].connection).what, take_result::work);
  EXPECT_EQ(d.need()->news, destination_news::answers);
  destination_share s;
  s.destination = "b";
  s.number = ++d.number;
  s.connections = 2;
  s.down = {300s, 4, "connection refused"};
  d.share(s, after(0s));
  EXPECT_EQ(d.status("b", after(0s))->failures, 0u);
  EXPECT_EQ(d.done(open[1].connection).what, take_result::work);
}

TEST(DispatcherShares, ItsOwnDestinationsAreNotShared) {
  shared_dispatcher d;
  d.fill(10);
  EXPECT_TRUE(d.need());
  destination_share s;
  s.destination = "b";
  s.connections = dispatcher::unshared;
  d.share(s, after(0s));
  EXPECT_EQ(d.open_all().size(), 2u);
  EXPECT_FALSE(d.need());
  EXPECT_FALSE(d.status("b", after(0s))->share);
}

TEST(DispatcherShares, BeginAndEnd) {
  dispatcher d;
  d.put(mail(1, "b"), after(0s));
  EXPECT_TRUE(d.take_needs(after(0s)).empty());
  const auto c = open_one(d, after(0s));
  ASSERT_NE(c, 0u);
  d.set_shared(true, after(0s));
  const auto needs = d.take_needs(after(0s));
  ASSERT_EQ(needs.size(), 1u);
  EXPECT_EQ(needs[0].held, 1u);
  d.put(mail(2, "b"), after(0s));
  EXPECT_EQ(d.take(c, after(0s)).what, take_result::give_way) << "it may have none yet";
  d.closed(c, close_reason::finished, "", after(0s));
  EXPECT_FALSE(d.next_open(after(0s)));
  d.set_shared(false, after(0s));
  EXPECT_TRUE(d.next_open(after(0s)));
  EXPECT_TRUE(d.take_needs(after(0s)).empty());
}

} // namespace
} // namespace rookery::queueing
