// Connections: limits, rates, pauses, shares; queues and destinations in the operator's hands.
#include "tests/policy/queueing/world.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace rookery::queueing {
namespace {

void fill(dispatcher& d, std::string destination, std::uint64_t first, int count, std::string_view queue = "remote") {
  for (int i = 0; i < count; ++i) {
    auto m = mail(first + static_cast<std::uint64_t>(i), destination);
    m.queue = queue;
    d.put(m, after(0s));
  }
}
/// A message each for dead0, dead1, ..., which have failed before.
void fill_failed(dispatcher& d, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    auto m = mail(100 + i, "dead" + std::to_string(i));
    m.parts[0].tried = true;
    d.put(m, after(0s));
  }
}
/// Opens as many as are granted now.
std::vector<slot> open_all(dispatcher& d, wall_time now) {
  std::vector<slot> all;
  while (auto s = d.next_open(now)) all.push_back(*s);
  return all;
}
void succeed(dispatcher& d, connection_number c, wall_time now) {
  const auto t = d.take(c, now);
  ASSERT_EQ(t.what, take_result::work);
  d.ended(t.work.number, end_reason::answered, {}, now);
}

TEST(DispatcherLimits, ConnectionsGrowWithSuccess) {
  dispatcher_settings s;
  s.limits.connections = 5;
  dispatcher d(s);
  fill(d, "b", 1, 100);
  auto first = open_all(d, after(0s));
  ASSERT_EQ(first.size(), 2u);
  succeed(d, first[0].connection, after(1s));
  EXPECT_EQ(open_all(d, after(1s)).size(), 1u);
  for (int i = 0; i < 10; ++i) succeed(d, first[0].connection, after(1s));
  EXPECT_EQ(open_all(d, after(1s)).size(), 2u);
  EXPECT_EQ(d.status("b", after(1s))->connections, 5u);
  EXPECT_EQ(d.status("b", after(1s))->state, destination_state::active);
}

TEST(DispatcherLimits, ARefusalHalvesAndPauses) {
  dispatcher d;
  fill(d, "b", 1, 100);
  auto open = open_all(d, after(0s));
  for (int i = 0; i < 6; ++i) succeed(d, open[0].connection, after(0s));
  for (const auto& more : open_all(d, after(0s))) open.push_back(more);
  ASSERT_EQ(open.size(), 8u);
  d.closed(open[7].connection, close_reason::refused, "421 too many connections", after(1s));
  EXPECT_EQ(d.status("b", after(1s))->connections_allowed, 4u);
  EXPECT_EQ(d.status("b", after(1s))->failures, 0u);
  EXPECT_EQ(d.status("b", after(1s))->reason, "421 too many connections");
  for (std::size_t i = 3; i < 7; ++i) d.closed(open[i].connection, close_reason::finished, "", after(2s));
  EXPECT_TRUE(open_all(d, after(30s)).empty());
  EXPECT_EQ(d.wake_at(), after(31s));
  EXPECT_EQ(open_all(d, after(31s)).size(), 1u);
}

/// As homes in a cluster have: whoever works and is lost is not left alone for longer than one that was never reached.
TEST(DispatcherLimits, ARefusalPausesNoLongerThanAFailure) {
  dispatcher d;
  destination_limits l;
  l.pauses = {1s};
  d.set_limits("b", l, after(0s));
  fill(d, "b", 1, 100);
  const auto open = open_all(d, after(0s));
  ASSERT_FALSE(open.empty());
  for (const auto& o : open) succeed(d, o.connection, after(0s));
  for (const auto& o : open) d.closed(o.connection, close_reason::failed, "lost", after(1s));
  EXPECT_EQ(d.wake_at(), after(2s));
  EXPECT_FALSE(open_all(d, after(2s)).empty());
}

TEST(DispatcherLimits, ADeadDestinationIsProbedByOneConnectionAfterGrowingPauses) {
  dispatcher_settings s;
  s.limits.pauses = {100s, 200s};
  dispatcher d(s);
  fill(d, "b", 1, 100);
  auto now = after(0s);
  const auto open = open_all(d, now);
  ASSERT_EQ(open.size(), 2u);
  for (const auto& o : open) d.closed(o.connection, close_reason::failed, "connection refused", now);
  for (const int pause : {100, 200, 200}) {
    const auto status = d.status("b", now);
    EXPECT_EQ(status->state, destination_state::down);
    EXPECT_EQ(status->down_since, after(0s));
    EXPECT_EQ(status->reason, "connection refused");
    ASSERT_TRUE(status->next_try);
    EXPECT_EQ(d.wake_at(), status->next_try);
    const auto waited = *status->next_try - now;
    EXPECT_GE(waited, 900ms * pause);
    EXPECT_LE(waited, 1100ms * pause);
    EXPECT_FALSE(d.next_open(*status->next_try - 1ms));
    now = *status->next_try;
    const auto probes = open_all(d, now);
    ASSERT_EQ(probes.size(), 1u);
    EXPECT_TRUE(probes[0].probe);
    d.closed(probes[0].connection, close_reason::failed, "connection refused", now);
  }
  EXPECT_EQ(d.status("b", now)->failures, 4u);
  d.retry_destination("b", now);
  const auto probe = d.next_open(now);
  ASSERT_TRUE(probe);
  succeed(d, probe->connection, now);
  const auto back = d.status("b", now);
  EXPECT_EQ(back->failures, 0u);
  EXPECT_FALSE(back->down_since);
  EXPECT_EQ(back->reason, "");
  EXPECT_EQ(open_all(d, now).size(), 1u) << "and grows from there";
}

TEST(DispatcherLimits, MailTakenToWriteDownAFailureProvesNothing) {
  dispatcher d;
  fill(d, "b", 1, 10);
  const auto open = d.next_open(after(0s));
  std::vector<std::uint64_t> taken;
  for (int i = 0; i < 3; ++i) taken.push_back(d.take(open->connection, after(0s)).work.number);
  d.closed(open->connection, close_reason::failed, "connection refused", after(0s));
  for (const auto t : taken) d.ended(t, end_reason::answered, {{0, after(600s)}}, after(0s));
  EXPECT_EQ(d.status("b", after(0s))->failures, 1u);
  EXPECT_EQ(d.status("b", after(0s))->state, destination_state::down);
  EXPECT_FALSE(d.next_open(after(60s)));
}

TEST(DispatcherLimits, MailTakenInVainProvesNothingWhenItEndsBeforeTheConnection) {
  for (const auto how : {close_reason::failed, close_reason::finished}) {
    dispatcher d;
    fill(d, "b", 1, 3);
    const auto open = d.next_open(after(0s));
    d.in_vain(open->connection);
    const auto one = d.take(open->connection, after(0s)).work.number, two = d.take(open->connection, after(0s)).work.number;
    d.ended(one, end_reason::answered, {{0, after(600s)}}, after(0s));
    d.closed(open->connection, how, "connection refused", after(0s));
    d.ended(two, end_reason::answered, {{0, after(600s)}}, after(0s));
    EXPECT_EQ(d.status("b", after(0s))->failures, how == close_reason::failed ? 1u : 0u);
    EXPECT_EQ(d.status("b", after(0s))->connections_allowed, how == close_reason::failed ? 1u : 2u) << "as before its first answer";
    EXPECT_EQ(d.next_open(after(60s)).has_value(), how == close_reason::finished);
  }
}

TEST(DispatcherLimits, TheRateIsKept) {
  for (const std::uint32_t rate : {1u, 30u, 600u}) {
    dispatcher_settings s;
    s.limits.messages_a_minute = rate;
    s.limits.messages_a_connection = 100000;
    dispatcher d(s);
    fill(d, "b", 1, 2000);
    const auto c = open_one(d, after(0s));
    std::vector<wall_time> sent;
    auto now = after(0s);
    while (sent.size() < 2000 && now < after(180s)) {
      const auto t = d.take(c, now);
      if (t.what == take_result::work) {
        sent.push_back(now);
        d.ended(t.work.number, end_reason::answered, {}, now);
        continue;
      }
      ASSERT_EQ(t.what, take_result::later);
      ASSERT_GT(t.until, now);
      EXPECT_EQ(d.status("b", now)->state, destination_state::rated);
      EXPECT_EQ(d.wake_at(), t.until);
      now = t.until;
      const auto called = d.next_open(now);
      ASSERT_TRUE(called);
      EXPECT_TRUE(called->open_already);
    }
    EXPECT_GE(sent.size(), rate * 3);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const auto in_a_minute = std::count_if(sent.begin(), sent.end(), [&](wall_time t) { return t >= sent[i] && t < sent[i] + 60s; });
      EXPECT_LE(in_a_minute, rate + rate / 60 + 1);
    }
  }
}

TEST(DispatcherLimits, AConnectionServesItsNumber) {
  dispatcher_settings s;
  s.limits.messages_a_connection = 3;
  dispatcher d(s);
  fill(d, "b", 1, 10);
  const auto c = open_one(d, after(0s));
  EXPECT_EQ(drain(d, c, after(0s)).size(), 3u);
  EXPECT_EQ(d.take(c, after(0s)).what, take_result::give_way);
}

TEST(DispatcherLimits, AllTogetherAreLimitedAndDestinationsShare) {
  dispatcher_settings s;
  s.connections = 6;
  dispatcher d(s);
  // Both prove themselves first.
  for (const auto* name : {"a", "b"}) {
    d.put(mail(name[0] == 'a' ? 1 : 2, name), after(0s));
    const auto c = open_one(d, after(0s));
    succeed(d, c, after(0s));
    d.closed(c, close_reason::finished, "", after(0s));
  }
  fill(d, "a", 1000, 200);
  auto open = open_all(d, after(1s));
  std::vector<connection_number> of_a;
  for (const auto& o : open) of_a.push_back(o.connection);
  while (of_a.size() < 6) {
    succeed(d, of_a[0], after(1s));
    for (const auto& o : open_all(d, after(1s))) of_a.push_back(o.connection);
  }
  for (const auto c : of_a) succeed(d, c, after(1s));
  EXPECT_EQ(d.counts().connections, 6u);
  fill(d, "b", 2000, 50);
  EXPECT_FALSE(d.next_open(after(2s))) << "none is free";
  EXPECT_EQ(d.take(of_a[0], after(2s)).what, take_result::give_way);
  d.closed(of_a[0], close_reason::finished, "", after(2s));
  EXPECT_EQ(d.next_open(after(2s))->destination, "b");
}

TEST(DispatcherLimits, DeadOnesLeaveRoomForTheLiving) {
  dispatcher_settings s;
  s.connections = 12;
  dispatcher d(s);
  d.put(mail(1, "alive"), after(0s));
  const auto c = open_one(d, after(0s));
  succeed(d, c, after(0s));
  d.closed(c, close_reason::finished, "", after(0s));
  for (int i = 0; i < 100; ++i) fill(d, "dead" + std::to_string(i), 100 + static_cast<std::uint64_t>(i), 1);
  EXPECT_EQ(open_all(d, after(1s)).size(), 8u) << "two thirds";
  fill(d, "alive", 5000, 3);
  const auto s1 = d.next_open(after(1s));
  ASSERT_TRUE(s1);
  EXPECT_EQ(s1->destination, "alive") << "at once, though a hundred wait longer";
}

TEST(DispatcherLimits, AfterARestartThoseThatFailedBeforeGetTheSmallestShare) {
  dispatcher_settings s;
  s.connections = 12;
  dispatcher d(s);
  fill_failed(d, 100);
  fill(d, "fresh", 1, 1);
  std::map<bool, int> fresh;
  for (const auto& o : open_all(d, after(0s))) ++fresh[o.destination == "fresh"];
  EXPECT_EQ(fresh[false], 3);
  EXPECT_EQ(fresh[true], 1);
}

TEST(DispatcherLimits, ThoseThatFailedBeforeAreOpenedForAtARateThatTheOthersDoNotFeel) {
  dispatcher_settings s;
  s.connections = 10'000;
  s.failing_a_second = 50;
  dispatcher d(s);
  fill_failed(d, 1000);
  std::vector<slot> open = open_all(d, after(0s));
  EXPECT_EQ(open.size(), 10u) << "a fifth of a second's worth";
  EXPECT_EQ(d.wake_at(), after(20ms)) << "the next one";
  EXPECT_TRUE(open_all(d, after(19ms)).empty());
  for (std::uint64_t i = 0; i < 300; ++i) fill(d, "fresh" + std::to_string(i), 5000 + i, 1);
  EXPECT_EQ(open_all(d, after(19ms)).size(), 300u) << "destinations that have not failed do not wait";
  // Nobody is forgotten, and each has its turn once.
  std::map<std::string, int> turns;
  auto time = after(0s);
  for (;;) {
    for (const auto& o : open) {
      ++turns[o.destination];
      d.closed(o.connection, close_reason::failed, "no route", time);
    }
    if (turns.size() == 1000) break;
    const auto wake = d.wake_at();
    ASSERT_TRUE(wake);
    time = std::max(time + 1ms, *wake);
    open = open_all(d, time);
  }
  for (const auto& [name, count] : turns) EXPECT_EQ(count, 1) << name;
  EXPECT_EQ(time, after(20s) - 200ms) << "1,000 at 50 a second, the first ten at once";
}

TEST(DispatcherLimits, WhatTheOperatorAsksForIsTheNextOfThoseThatFailedBefore) {
  dispatcher_settings s;
  s.connections = 10'000;
  s.failing_a_second = 50;
  dispatcher d(s);
  fill_failed(d, 1000);
  EXPECT_EQ(open_all(d, after(0s)).size(), 10u);
  d.retry_destination("dead900", after(1ms));
  d.retry_destination("dead10", after(2ms)); // would be the next one anyway
  std::vector<std::string> then;
  for (int i = 1; i <= 3; ++i)
    for (const auto& o : open_all(d, after(i * 20ms))) then.push_back(o.destination);
  ASSERT_EQ(then.size(), 3u);
  EXPECT_EQ((std::set<std::string>{then[0], then[1]}), (std::set<std::string>{"dead10", "dead900"}));
  EXPECT_EQ(then[2], "dead11");
}

TEST(DispatcherLimits, WithoutARateThoseThatFailedBeforeHaveTheirShareAtOnce) {
  dispatcher_settings s;
  s.connections = 100;
  s.failing_a_second = 0;
  dispatcher d(s);
  fill_failed(d, 100);
  EXPECT_EQ(open_all(d, after(0s)).size(), 25u);
}

TEST(DispatcherQueues, AFrozenQueueWaitsAndThenTakesItsTurn) {
  dispatcher d;
  d.set_queue("shop", true, {}, after(0s));
  fill(d, "b", 1, 3, "shop");
  EXPECT_FALSE(d.next_open(after(0s)));
  EXPECT_FALSE(d.wake_at());
  EXPECT_EQ(d.status("b", after(0s))->state, destination_state::closed);
  fill(d, "b", 10, 1);
  const auto c = open_one(d, after(0s));
  EXPECT_EQ(drain(d, c, after(0s)), (std::vector<std::uint64_t>{10}));
  d.set_queue("shop", false, {}, after(1s));
  EXPECT_TRUE(d.next_open(after(1s))->open_already);
  EXPECT_EQ(drain(d, c, after(1s)), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(d.waiting_in("shop"), 0u);
}

TEST(DispatcherQueues, HoursAreKept) {
  dispatcher d;
  // after(0 s) is 2023-11-14 22:13:20.
  d.set_queue("night", false, delivery::schedule::parse("daily 23:00-05:00").value(), after(0s));
  fill(d, "b", 1, 2, "night");
  EXPECT_FALSE(d.next_open(after(0s)));
  EXPECT_FALSE(d.queue_open("night", after(0s)));
  const auto open = base::from_milliseconds(1'700'002'800'000);
  EXPECT_EQ(d.wake_at(), open);
  const auto c = open_one(d, open);
  ASSERT_NE(c, 0u);
  EXPECT_EQ(d.take(c, open + 1h).what, take_result::work);
  EXPECT_EQ(d.take(c, open + 6h).what, take_result::nothing);
  EXPECT_EQ(d.take(c, open + 24h).what, take_result::work);
}

TEST(DispatcherQueues, APausedDestinationStopsAndIsRemembered) {
  dispatcher d;
  d.pause("b", "maintenance until noon", after(0s));
  fill(d, "b", 1, 2);
  EXPECT_FALSE(d.next_open(after(0s)));
  EXPECT_EQ(d.status("b", after(0s))->state, destination_state::paused);
  EXPECT_EQ(d.status("b", after(0s))->reason, "maintenance until noon");
  d.unpause("b", after(1s));
  const auto c = open_one(d, after(1s));
  d.pause("b", "again", after(2s));
  EXPECT_EQ(d.take(c, after(2s)).what, take_result::stop);
  d.closed(c, close_reason::finished, "", after(2s));
  d.remove(base::message_id{1});
  d.remove(base::message_id{2});
  EXPECT_TRUE(d.status("b", after(3s)));
  d.unpause("b", after(3s));
  EXPECT_FALSE(d.status("b", after(3s)));
}

destination_limits on_request() {
  destination_limits l;
  l.on_request = true;
  return l;
}

TEST(DispatcherOnRequest, WaitsUntilItIsReleased) {
  dispatcher d;
  d.set_limits("b", on_request(), after(0s));
  fill(d, "b", 1, 3);
  EXPECT_TRUE(open_all(d, after(1s)).empty());
  EXPECT_EQ(d.status("b", after(1s))->state, destination_state::on_request);
  EXPECT_FALSE(d.wake_at());
  d.release("b", after(2s));
  const auto c = open_one(d, after(2s));
  ASSERT_NE(c, 0u);
  EXPECT_EQ(drain(d, c, after(2s)).size(), 3u);
  fill(d, "b", 4, 1);
  EXPECT_EQ(drain(d, c, after(3s)).size(), 1u) << "what comes while it is served goes too";
  d.closed(c, close_reason::finished, "", after(4s));
  fill(d, "b", 5, 1);
  EXPECT_TRUE(open_all(d, after(5s)).empty()) << "a release ends when nothing is due";
}

TEST(DispatcherOnRequest, AFailureEndsTheRelease) {
  dispatcher d;
  d.set_limits("b", on_request(), after(0s));
  fill(d, "b", 1, 3);
  d.release("b", after(0s));
  d.closed(open_one(d, after(0s)), close_reason::failed, "refused", after(1s));
  EXPECT_TRUE(open_all(d, after(24h)).empty());
  d.release("b", after(24h));
  EXPECT_EQ(open_all(d, after(24h)).size(), 1u) << "asked again, it is tried at once";
}

TEST(DispatcherOnRequest, ADeferredMessageIsDueWhenItIsAskedFor) {
  dispatcher d;
  d.set_limits("b", on_request(), after(0s));
  d.put(mail(1, "b", "ann@a.example", {0}, after(1h)), after(0s));
  d.release("b", after(1min));
  const auto c = open_one(d, after(1min));
  ASSERT_NE(c, 0u);
  EXPECT_EQ(drain(d, c, after(1min)), std::vector<std::uint64_t>{1});
}

TEST(DispatcherOnRequest, ReleasingWhatIsEmptyOrUnknownDoesNothing) {
  dispatcher d;
  d.release("b", after(0s));
  d.set_limits("b", on_request(), after(0s));
  fill(d, "b", 1, 1);
  EXPECT_TRUE(open_all(d, after(1s)).empty());
  d.remove(base::message_id{1});
  d.release("b", after(2s));
  fill(d, "b", 2, 1);
  EXPECT_TRUE(open_all(d, after(3s)).empty());
  EXPECT_EQ(d.counts().connections, 0u);
}

TEST(DispatcherAdmitted, IsServedWithinNoLimit) {
  dispatcher_settings s;
  s.connections = 1;
  s.limits.messages_a_connection = 2;
  dispatcher d(s);
  d.set_limits("b", on_request(), after(0s));
  fill(d, "b", 1, 5);
  fill(d, "other", 10, 3);
  ASSERT_EQ(open_all(d, after(0s)).size(), 1u); // all that there are
  const auto c = d.admit("b", after(0s));
  ASSERT_TRUE(c);
  EXPECT_EQ(drain(d, *c, after(0s)).size(), 5u);
  EXPECT_EQ(d.take(*c, after(0s)).what, take_result::nothing);
  d.closed(*c, close_reason::finished, "", after(1s));
  EXPECT_EQ(d.counts().connections, 1u);
  fill(d, "b", 20, 1);
  EXPECT_TRUE(open_all(d, after(2s)).empty()) << "being served is no release";
}

TEST(DispatcherAdmitted, NotWhereNothingWaitsOrWhatIsPaused) {
  dispatcher d;
  EXPECT_FALSE(d.admit("b", after(0s)));
  fill(d, "b", 1, 1);
  d.pause("b", "by hand", after(0s));
  EXPECT_FALSE(d.admit("b", after(0s)));
  d.unpause("b", after(0s));
  const auto c = d.admit("b", after(0s));
  ASSERT_TRUE(c);
  d.pause("b", "by hand", after(1s));
  EXPECT_EQ(d.take(*c, after(1s)).what, take_result::stop);
  d.closed(*c, close_reason::finished, "", after(1s));
  EXPECT_EQ(d.counts().connections, 0u);
}

TEST(DispatcherAdmitted, WhatItLosesWaitsOn) {
  dispatcher d;
  d.set_limits("b", on_request(), after(0s));
  fill(d, "b", 1, 1);
  const auto c = d.admit("b", after(0s));
  const auto t = d.take(*c, after(0s));
  ASSERT_EQ(t.what, take_result::work);
  d.closed(*c, close_reason::finished, "", after(1s));
  d.ended(t.work.number, end_reason::broken, after(1s));
  d.retry_destination("b", after(2s));
  const auto again = d.admit("b", after(2s));
  ASSERT_TRUE(again);
  EXPECT_EQ(drain(d, *again, after(2s)), std::vector<std::uint64_t>{1});
}

TEST(DispatcherQueues, OwnLimitsOfADestination) {
  dispatcher d;
  destination_limits one;
  one.connections = one.first_connections = 1;
  d.set_limits("b", one, after(0s));
  fill(d, "b", 1, 9);
  EXPECT_EQ(open_all(d, after(0s)).size(), 1u);
  d.set_limits("b", {}, after(0s));
  for (int i = 0; i < 3; ++i) succeed(d, 1, after(0s));
  EXPECT_EQ(open_all(d, after(0s)).size(), 3u);
}

TEST(DispatcherQueues, TheListHasPages) {
  dispatcher d;
  for (int i = 0; i < 30; ++i) fill(d, "d" + std::to_string(10 + i), static_cast<std::uint64_t>(10 * i + 1), 1 + i % 3);
  std::vector<std::string> names;
  std::uint64_t messages = 0;
  for (auto page = d.list("", 7, after(0s)); !page.empty(); page = d.list(names.back(), 7, after(0s)))
    for (const auto& s : page) {
      names.push_back(s.destination);
      messages += s.messages;
    }
  EXPECT_EQ(names.size(), 30u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(messages, 60u);
  EXPECT_EQ(d.counts().messages, 60u);
}

} // namespace
} // namespace rookery::queueing
