#include "cluster/replication/volume.hpp"

#include <gtest/gtest.h>

namespace rookery::replication {
namespace {

volume shared() {
  auto v = with_learner(found_volume(3, 2), 5);
  return grown(v, 5);
}

TEST(Volume, IsCopiedForTheFirstTimeOnce) {
  auto v = found_volume(3, 2);
  EXPECT_FALSE(first_copy(v)) << "nobody is to get one";
  v = with_learner(v, 5);
  EXPECT_TRUE(first_copy(v));
  EXPECT_FALSE(first_copy(without_learner(v, 5)));
  v = grown(v, 5);
  EXPECT_FALSE(first_copy(v));
  v = with_learner(without_learner(shrunk(v, 5), 5), 7);
  EXPECT_FALSE(first_copy(v)) << "another one got all of it before";
}

TEST(Volume, BeginsWithItsNodeAlone) {
  const auto v = found_volume(7, 2);
  EXPECT_EQ(v.leader, 7u);
  EXPECT_TRUE(never_shared(v));
  EXPECT_TRUE(only_holder(v, 7));
  EXPECT_FALSE(never_shared(with_learner(v, 8)));
  EXPECT_FALSE(never_shared(without_learner(with_learner(v, 8), 8))) << "what a learner had may come back";
}

TEST(Volume, MembersMoveBetweenInSyncAndLearning) {
  auto v = shared();
  EXPECT_EQ(v.in_sync, (std::vector<node_number>{3, 5}));
  EXPECT_TRUE(v.learners.empty());
  v = shrunk(v, 5);
  EXPECT_EQ(v.in_sync, (std::vector<node_number>{3}));
  EXPECT_EQ(v.learners, (std::vector<node_number>{5}));
  EXPECT_EQ(with_learner(v, 3).learners, (std::vector<node_number>{5})) << "who is in sync learns nothing";
  EXPECT_EQ(with_learner(v, 4).learners, (std::vector<node_number>{4, 5}));
}

TEST(Volume, AClaimMakesASilentLeaderALearner) {
  const auto v = claimed(shared(), 5, {4, 100}, true);
  EXPECT_EQ(v.epoch, 2u);
  EXPECT_EQ(v.leader, 5u);
  EXPECT_EQ(v.in_sync, (std::vector<node_number>{5}));
  EXPECT_EQ(v.learners, (std::vector<node_number>{3}));
  EXPECT_EQ(v.starts.back(), (epoch_start{2, {4, 100}}));
  EXPECT_EQ(claimed(shared(), 3, {4, 100}, false).in_sync, (std::vector<node_number>{3, 5}));
}

TEST(Volume, WhoMissedEpochsIsCutAtTheirSmallestStart) {
  auto v = claimed(shared(), 5, {1, 80}, false);   // 2
  v = claimed(v, 3, {1, 100}, false);              // 3
  v = claimed(v, 3, {2, 10}, false);               // 4
  EXPECT_EQ(common_with(v, 1).cut, (log_position{1, 80}));
  EXPECT_EQ(common_with(v, 2).cut, (log_position{1, 100}));
  EXPECT_EQ(common_with(v, 3).cut, (log_position{2, 10}));
  EXPECT_TRUE(common_with(v, 4).known);
  EXPECT_FALSE(common_with(v, 4).cut.has_value());
}

TEST(Volume, TooManyMissedEpochsAreNotKnown) {
  auto v = shared();
  for (unsigned i = 0; i < starts_max - 1; ++i) v = claimed(v, 3, {1, 100 + i}, false);
  EXPECT_EQ(v.starts.size(), starts_max);
  EXPECT_TRUE(common_with(v, 1).known);
  EXPECT_EQ(v.in_sync.size(), 2u);
  // The oldest start goes, which is of the epoch that 5 was known to follow: that is not missed.
  v = claimed(v, 3, {1, 500}, false);
  EXPECT_TRUE(common_with(v, 1).known);
  EXPECT_EQ(v.in_sync.size(), 2u);
  // The next one is: 5 may not be taken for one that has everything any more.
  v = claimed(v, 3, {1, 501}, false);
  EXPECT_FALSE(common_with(v, 1).known);
  EXPECT_EQ(v.in_sync, (std::vector<node_number>{3}));
  EXPECT_EQ(v.learners, (std::vector<node_number>{5}));
}

TEST(Volume, WhoIsProvenStays) {
  auto v = shared();
  for (unsigned i = 0; i < 100; ++i) v = proven_now(claimed(v, 3, {1, 100 + i}, false));
  EXPECT_EQ(v.in_sync.size(), 2u);
  EXPECT_EQ(v.starts.size(), starts_max);
}

TEST(Volume, ALeaderOrLastHolderIsNotForgotten) {
  EXPECT_ANY_THROW(forgotten(shared(), 3));
  EXPECT_EQ(forgotten(shared(), 5).in_sync, (std::vector<node_number>{3}));
}

} // namespace
} // namespace rookery::replication
