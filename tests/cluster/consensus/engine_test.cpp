#include "group.hpp"

#include "base/check.hpp"

#include <gtest/gtest.h>

namespace rookery::consensus {
namespace {

TEST(ConsensusEngine, a_group_of_one_leads_at_once_and_commits_when_its_disk_has_it) {
  auto g = group(1, {});
  EXPECT_EQ(g(1).state(), standing::leader);
  g.run(0);
  EXPECT_EQ(g(1).in_flight(), 0u);
  g.slow_disk = {1};
  g.propose(1, 5, "a");
  EXPECT_TRUE(g.at(1).ended.empty());
  EXPECT_TRUE(g.at(1).machine.empty());
  g.write_now(1);
  EXPECT_TRUE(g.ended(1, 5, fate::done));
  EXPECT_EQ(g.at(1).machine, std::vector<std::string>{"a"});
}

TEST(ConsensusEngine, three_agree_and_each_knows_the_index) {
  group g(3, {});
  ASSERT_TRUE(g.run(5000, [&] { return g.leader() != 0; }));
  const auto l = g.leader();
  g.run(200, [&] { return g(l).in_flight() == 0; });
  for (std::uint64_t i = 1; i <= 20; ++i) {
    g.propose(l, i, "c" + std::to_string(i));
    ASSERT_TRUE(g.run(1000, [&] { return g.ended(l, i, fate::done); }));
    const auto index = g.at(l).ended.back().index;
    ASSERT_TRUE(g.run(1000, [&] { return g(1).commit_index() >= index && g(2).commit_index() >= index && g(3).commit_index() >= index; }));
    for (member_id id = 1; id <= 3; ++id) EXPECT_EQ(g.at(id).index_of[index], i - 1) << id;
  }
  EXPECT_EQ(g.at(1).machine, g.at(2).machine);
  EXPECT_EQ(g.at(1).machine, g.at(3).machine);
}

TEST(ConsensusEngine, who_is_not_leader_says_so_and_names_who_is) {
  group g(3, {});
  ASSERT_TRUE(g.elect(2, {1, 3}));
  g.run(300);
  g.propose(1, 4, "x");
  EXPECT_TRUE(g.ended(1, 4, fate::not_leader));
  EXPECT_EQ(g(1).leader(), 2u);
}

TEST(ConsensusEngine, a_follower_may_sleep_until_its_patience_ends_and_then_asks_for_votes) {
  group g(3, {});
  ASSERT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  const auto& o = engine_options{};
  EXPECT_LE(g(1).next_tick(g.now), g.now + o.heartbeat_ms) << "a leader has heartbeats to send";
  const auto due = g(2).next_tick(g.now);
  EXPECT_GE(due, g.now + o.election_ms - 100) << "it has just heard the leader";
  EXPECT_LE(due, g.now + 2 * o.election_ms);
  g.now = due - 1;
  g.tick(2);
  EXPECT_EQ(g(2).state(), standing::follower);
  g.now = due;
  g.tick(2);
  EXPECT_EQ(g(2).state(), standing::candidate);
  EXPECT_LE(g(2).next_tick(g.now), g.now + o.heartbeat_ms);
}

TEST(ConsensusEngine, who_has_no_vote_is_not_woken_all_the_time_when_nobody_leads) {
  group g(1, {});
  g.add_blank(2);
  g.now += 10'000;
  g.tick(2);
  EXPECT_EQ(g(2).state(), standing::follower);
  EXPECT_EQ(g(2).next_tick(g.now), g.now + engine_options{}.heartbeat_ms);
}

TEST(ConsensusEngine, whose_leader_is_gone_gives_others_its_vote_before_its_own_patience_ends) {
  for (const bool told : {false, true}) {
    group g(3, {});
    ASSERT_TRUE(g.elect(1, {2, 3}));
    g.run(300);
    if (told)
      for (const member_id id : {2, 3}) g(id).connected(1, false);
    const member_id first = g(2).next_tick(g.now) <= g(3).next_tick(g.now) ? 2 : 3;
    // Only the first one's time passes: the other one sleeps on.
    for (int i = 0; i < 100 && g(first).state() != standing::leader; ++i) {
      g.now += 20;
      g.tick(first);
      g.drop([](const posted& p) { return p.from == 1 || p.to == 1; });
      g.deliver([](const posted&) { return true; });
      if (g(first).state() == standing::candidate && i > 60) break;
    }
    EXPECT_EQ(g(first).state() == standing::leader, told);
  }
}

TEST(ConsensusEngine, a_link_that_was_lost_for_a_moment_deposes_nobody) {
  group g(3, {});
  ASSERT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  const auto term = g(1).term();
  g(2).connected(1, false); // the leader still reaches the other one
  g(2).connected(1, true);
  g.run(5000);
  EXPECT_EQ(g(1).state(), standing::leader);
  EXPECT_EQ(g(1).term(), term);
  EXPECT_EQ(g(2).leader(), 1u);
  // Nor does one that is cut off for good.
  g(2).connected(1, false);
  for (int i = 0; i < 100; ++i) {
    g.now += 50;
    for (const member_id id : {1, 2, 3}) g.tick(id);
    g.drop([](const posted& p) { return (p.from == 1 && p.to == 2) || (p.from == 2 && p.to == 1); });
    g.deliver([](const posted&) { return true; });
  }
  EXPECT_EQ(g(1).state(), standing::leader);
  EXPECT_EQ(g(1).term(), term) << "it asks whether it would be voted for first";
}

TEST(ConsensusEngine, nothing_goes_in_before_the_writes_are_durable) {
  group g(1, {});
  g.slow_disk = {1};
  g.propose(1, 1, "a");
  EXPECT_THROW(g.tick(1), base::broken);
}

TEST(ConsensusEngine, a_proposal_whose_leader_is_deposed_ends_as_lost) {
  group g(3, {});
  ASSERT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  g.propose(1, 1, "maybe");
  g.post.clear();
  ASSERT_TRUE(g.run(10'000, [&] { return g.ended(1, 1, fate::lost); }, {1}));
}

TEST(ConsensusEngine, a_blank_node_is_added_gets_a_snapshot_and_votes) {
  group g(1, {}, [](engine_options& o) {
    o.snapshot_after = 16;
    o.trailing = 4;
  });
  for (std::uint64_t i = 1; i <= 50; ++i) {
    g.propose(1, i, "c" + std::to_string(i));
    g.run(500, [&] { return g.ended(1, i, fate::done); });
  }
  g.add_blank(2);
  g.take(1, g(1).add(100, 2, g.now));
  ASSERT_TRUE(g.run(1000, [&] { return g.ended(1, 100, fate::done); }));
  g.take(1, g(1).assign(101, 2, role::standby, g.now));
  ASSERT_TRUE(g.run(5000, [&] { return g.ended(1, 101, fate::done); }));
  ASSERT_TRUE(g.run(5000, [&] { return g.at(2).machine.size() == 50; }));
  EXPECT_EQ(g.at(2).machine, g.at(1).machine);
  g.take(1, g(1).assign(102, 2, role::voter, g.now));
  ASSERT_TRUE(g.run(5000, [&] { return g.ended(1, 102, fate::done); }));
  EXPECT_EQ(g(1).members(), (std::vector<member>{{1, role::voter}, {2, role::voter}}));
  // Both are needed now.
  g.propose(1, 103, "both");
  EXPECT_FALSE(g.run(200, [&] { return g.ended(1, 103, fate::done); }, {2}));
  // A restart finds everything again.
  g.kill(2);
  g.start(2);
  ASSERT_TRUE(g.run(10'000, [&] { return g.leader() != 0 && g.at(2).machine.size() >= 50; }));
}

TEST(ConsensusEngine, one_that_was_removed_gets_nothing_any_more) {
  group g(3, {});
  ASSERT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  g.take(1, g(1).remove(1, 3, g.now));
  ASSERT_TRUE(g.run(1000, [&] { return g.ended(1, 1, fate::done); }));
  g.run(300);
  const auto had = g.at(3).machine.size();
  g.propose(1, 2, "without 3");
  ASSERT_TRUE(g.run(1000, [&] { return g.ended(1, 2, fate::done); }));
  g.run(300);
  EXPECT_EQ(g.at(3).machine.size(), had);
  EXPECT_EQ(g(1).members().size(), 2u);
}

TEST(ConsensusEngine, leadership_is_handed_over) {
  group g(3, {});
  ASSERT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  g.take(1, g(1).hand_over(1, 2, g.now));
  ASSERT_TRUE(g.run(2000, [&] { return g(2).state() == standing::leader && g(1).state() == standing::follower; }));
}

TEST(ConsensusEngine, octets_that_are_no_message_change_nothing) {
  group g(3, {});
  ASSERT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  const auto term = g(2).term();
  for (const auto* octets : {"", "\x01", "\x02\x01", "\x01\x07", "\x01\x03\x05"}) g.take(2, g(2).receive(1, octets, g.now));
  EXPECT_EQ(g(2).term(), term);
}

} // namespace
} // namespace rookery::consensus
