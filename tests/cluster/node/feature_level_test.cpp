#include "cluster/node/feature_level.hpp"

#include <gmock/gmock.h>

namespace rookery::cluster {
namespace {

using ::testing::HasSubstr;

TEST(FeatureLevel, is_raised_to_what_all_know_and_not_before_all_have_said_it) {
  const level_range first{1, 1}, second{1, 2}, third{2, 3};
  using others = std::vector<std::optional<level_range>>;
  EXPECT_EQ(raised_level(1, second, others{}), 2u); // a node alone
  EXPECT_EQ(raised_level(1, second, others{second, third}), 2u);
  EXPECT_EQ(raised_level(1, third, others{third, third}), 3u);
  EXPECT_EQ(raised_level(1, second, others{second, first}), std::nullopt);
  EXPECT_EQ(raised_level(1, second, others{second, std::nullopt}), std::nullopt);
  EXPECT_EQ(raised_level(2, second, others{third}), std::nullopt);
  EXPECT_EQ(raised_level(3, second, others{third}), std::nullopt); // it never falls
}

TEST(FeatureLevel, who_does_not_know_it_hears_what_to_do) {
  EXPECT_EQ(level_fault(1, {1, 1}, "rookery 1"), std::nullopt);
  EXPECT_EQ(level_fault(2, {1, 2}, "rookery 1"), std::nullopt);
  EXPECT_EQ(level_fault(2, {1, 1}, "rookery 1"),
            "the cluster works at level 2, and this node's program (rookery 1) knows level 1: it is too old; install the version of the other nodes");
  EXPECT_THAT(*level_fault(1, {2, 3}, "rookery 9"), HasSubstr("knows level 2 to 3: it is too new"));
}

} // namespace
} // namespace rookery::cluster
