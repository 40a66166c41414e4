#include "tests/cluster/replication/world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace rookery::replication::test {
namespace {

std::uint64_t seeds(std::uint64_t standard) {
  const char* wanted = std::getenv("ROOKERY_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : standard;
}

TEST(Replication, WithoutFaultsEverythingIsAcknowledgedByOneLeader) {
  world_options o;
  o.calm = true;
  const auto end = play(o);
  EXPECT_EQ(end.fault, "");
  EXPECT_EQ(end.epochs, 1u);
  EXPECT_GT(end.acknowledged, 3000u);
  EXPECT_LT(end.longest_gap, std::chrono::milliseconds(700)); // the learner is taken in
}

/// ROOKERY_SEEDS=N plays more, ROOKERY_SEED=S that one alone, ROOKERY_TRACE=1 tells what happens; a failure names its seed.
void nothing_is_lost(unsigned nodes, unsigned copies, std::uint64_t first, std::uint64_t count) {
  world_end sum;
  const char* one = std::getenv("ROOKERY_SEED");
  if (one != nullptr) {
    first = std::strtoull(one, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    world_options o;
    o.seed = seed;
    o.nodes = nodes;
    o.copies = copies;
    const auto end = play(o);
    ASSERT_EQ(end.fault, "") << "seed " << seed << ", " << nodes << " nodes, " << copies << " copies";
    sum.takeovers += end.takeovers;
    sum.hand_overs += end.hand_overs;
    sum.reads += end.reads;
    sum.acknowledged += end.acknowledged;
  }
  if (one != nullptr || count == 1) return;
  // The faults were faults.
  EXPECT_GT(sum.takeovers, count / 4);
  EXPECT_GT(sum.hand_overs, count / 8);
  EXPECT_GT(sum.acknowledged, count * 500);
}

TEST(Replication, NothingIsLostWithThreeNodesAndTwoCopies) { nothing_is_lost(3, 2, 1, seeds(60)); }
TEST(Replication, NothingIsLostWithTwoNodesAndTwoCopies) { nothing_is_lost(2, 2, 100'001, seeds(40)); }
TEST(Replication, NothingIsLostWithFourNodesAndThreeCopies) { nothing_is_lost(4, 3, 200'001, seeds(25)); }

/// What it took many seeds to find.
TEST(Replication, AHandOverThatFailsShowsNothingThatIsNotOnAllReplicas) { nothing_is_lost(3, 2, 375, 1); }

struct without {
  const char* what;
  std::uint64_t first; ///< seed; one that shows it, when this was written
  void (*take_away)(world_options&);
};

class ReplicationRule : public testing::TestWithParam<without> {};

/// With the rule switched off some seed breaks an invariant: that is what the rule is for.
TEST_P(ReplicationRule, IsNeeded) {
  for (std::uint64_t seed = GetParam().first; seed < GetParam().first + 1000; ++seed) {
    world_options o;
    o.seed = seed;
    o.nodes = 3;
    o.copies = seed % 2 == 0 ? 2 : 3;
    GetParam().take_away(o);
    const auto end = play(o);
    if (!end.fault.empty()) {
      RecordProperty("seed", static_cast<int>(seed));
      RecordProperty("fault", end.fault);
      return;
    }
  }
  FAIL() << "no seed misses the rule " << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(All, ReplicationRule,
                         testing::Values(without{"wait_for_all", 4, [](world_options& o) { o.with.wait_for_all = false; }},
                                         without{"agree_to_shrink", 9, [](world_options& o) { o.with.agree_to_shrink = false; }},
                                         without{"count_at_once", 149, [](world_options& o) { o.with.count_at_once = false; }},
                                         without{"lease", 19, [](world_options& o) { o.with.lease = false; }},
                                         without{"lease_from_sending", 702, [](world_options& o) { o.with.lease_from_sending = false; }},
                                         without{"patience", 1, [](world_options& o) { o.with.patience = false; }},
                                         without{"in_sync_only", 1, [](world_options& o) { o.with.in_sync_only = false; }},
                                         without{"fence", 43, [](world_options& o) { o.with.fence = false; }},
                                         without{"keep_promise", 120, [](world_options& o) { o.with.keep_promise = false; o.late_percent = 70; }},
                                         without{"cut", 5, [](world_options& o) { o.with.cut = false; }},
                                         without{"smallest_start", 17, [](world_options& o) { o.with.smallest_start = false; }},
                                         without{"new_epoch", 2, [](world_options& o) { o.with.new_epoch = false; }},
                                         without{"settle", 90, [](world_options& o) { o.with.settle = false; }}),
                         [](const auto& p) { return std::string(p.param.what); });

} // namespace
} // namespace rookery::replication::test
