#include "cluster/node/member_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rookery::cluster {
namespace {

using consensus::member;
using consensus::role;
using kind = member_change::kind;

/// Applies what is planned until nothing is; the changes in order.
std::vector<member_change> run(const std::vector<member_facts>& wanted, std::vector<member>& present) {
  std::vector<member_change> all;
  while (all.size() < 30) {
    const auto next = next_change(wanted, present, 1);
    if (!next) break;
    all.push_back(*next);
    if (next->what == kind::add) present.push_back({next->id, role::spare});
    if (next->what == kind::remove) std::erase_if(present, [&](const member& m) { return m.id == next->id; });
    for (auto& m : present)
      if (next->what == kind::assign && m.id == next->id) m.what = next->to;
  }
  return all;
}

std::size_t voters(const std::vector<member>& present) {
  return static_cast<std::size_t>(std::count_if(present.begin(), present.end(), [](const member& m) { return m.what == role::voter; }));
}

std::vector<member_facts> nodes(std::size_t count) {
  std::vector<member_facts> out;
  for (std::size_t i = 1; i <= count; ++i) out.push_back({i, wish::automatic, true});
  return out;
}

TEST(MemberPlan, an_odd_number_votes_five_at_most) {
  const std::size_t expected[] = {0, 1, 1, 3, 3, 5, 5, 5, 5};
  for (std::size_t count = 1; count <= 8; ++count) {
    std::vector<member> present{{1, role::voter}};
    const auto changes = run(nodes(count), present);
    EXPECT_LT(changes.size(), 30u);
    EXPECT_EQ(present.size(), count);
    EXPECT_EQ(voters(present), expected[count]) << count;
  }
}

TEST(MemberPlan, one_that_is_away_gets_no_vote_and_keeps_the_one_it_has) {
  auto wanted = nodes(3);
  wanted[2].alive = false;
  std::vector<member> present{{1, role::voter}};
  run(wanted, present);
  EXPECT_EQ(present, (std::vector<member>{{1, role::voter}, {2, role::standby}, {3, role::spare}}));

  present = {{1, role::voter}, {2, role::voter}, {3, role::voter}};
  EXPECT_TRUE(run(wanted, present).empty());
}

TEST(MemberPlan, who_is_removed_goes_and_the_rest_is_odd_again) {
  std::vector<member> present{{1, role::voter}, {2, role::voter}, {3, role::voter}};
  const auto changes = run(nodes(2), present);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0], (member_change{kind::remove, 3, {}}));
  EXPECT_EQ(changes[1], (member_change{kind::assign, 2, role::standby}));
}

TEST(MemberPlan, a_vote_is_not_taken_away_while_a_voter_is_missing) {
  auto wanted = nodes(4);
  wanted[1].alive = false;
  std::vector<member> present{{1, role::voter}, {2, role::voter}, {3, role::voter}, {4, role::voter}};
  EXPECT_TRUE(run(wanted, present).empty());
}

TEST(MemberPlan, wishes_count) {
  auto wanted = nodes(2);
  wanted[1].role = wish::voter;
  std::vector<member> present{{1, role::voter}, {2, role::standby}};
  run(wanted, present);
  EXPECT_EQ(voters(present), 2u);
  wanted = nodes(3);
  wanted[2].role = wish::standby;
  present = {{1, role::voter}, {2, role::voter}, {3, role::voter}};
  run(wanted, present);
  EXPECT_EQ(present, (std::vector<member>{{1, role::voter}, {2, role::standby}, {3, role::standby}}));
}

TEST(MemberPlan, the_leader_neither_removes_nor_demotes_itself) {
  std::vector<member> present{{1, role::voter}, {2, role::voter}, {3, role::voter}};
  auto wanted = nodes(3);
  wanted.erase(wanted.begin());
  for (const auto& c : run(wanted, present)) EXPECT_NE(c.id, 1u);
}

} // namespace
} // namespace rookery::cluster
