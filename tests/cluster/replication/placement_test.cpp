#include "cluster/replication/placement.hpp"

#include <gtest/gtest.h>

namespace rookery::replication {
namespace {

using ms = std::chrono::milliseconds;

node_facts up(node_number id, std::string host = "") {
  node_facts f;
  f.id = id;
  f.alive = true;
  f.host = std::move(host);
  return f;
}
node_facts silent(node_number id, ms since) {
  node_facts f;
  f.id = id;
  f.silent = since;
  return f;
}

std::optional<volume> place(const volume& v, const std::vector<node_facts>& nodes, std::vector<volume> all = {}, ms wall = ms(1000)) {
  return place_copies(v, all, nodes, {}, wall);
}

TEST(Placement, TheNodeWithFewestCopiesIsChosen) {
  const auto v = found_volume(1, 2);
  const auto other = with_learner(found_volume(3, 2), 2);
  EXPECT_EQ(place(v, {up(1), up(2), up(3)})->learners, (std::vector<node_number>{2}));
  EXPECT_EQ(place(v, {up(1), up(2), up(3), up(4)}, {v, other})->learners, (std::vector<node_number>{4}));
}

TEST(Placement, OneCopyNeedsNobody) {
  EXPECT_FALSE(place(found_volume(1, 1), {up(1), up(2)}));
  auto fewer = grown(with_learner(found_volume(1, 2), 2), 2);
  fewer = shrunk(fewer, 2);
  fewer.copies = 1;
  EXPECT_TRUE(place(fewer, {up(1), up(2)})->learners.empty());
}

TEST(Placement, NeverTheSameMachine) {
  const auto v = found_volume(1, 2);
  EXPECT_EQ(place(v, {up(1, "rack1"), up(2, "rack1"), up(3, "rack2")})->learners, (std::vector<node_number>{3}));
  EXPECT_FALSE(place(v, {up(1, "rack1"), up(2, "rack1")}));
}

TEST(Placement, WitnessesDeadAndLeavingNodesGetNone) {
  auto witness = up(2);
  witness.data = false;
  auto going = up(3);
  going.leaving = true;
  EXPECT_FALSE(place(found_volume(1, 2), {up(1), witness, going, silent(4, ms(10))}));
}

TEST(Placement, AReplicaThatIsAwayForAShortWhileIsNotReplaced) {
  const auto v = shrunk(grown(with_learner(found_volume(1, 2), 2), 2), 2);
  EXPECT_FALSE(place(v, {up(1), silent(2, ms(60'000)), up(3)}));
  const auto later = place(v, {up(1), silent(2, ms(600'000)), up(3)});
  ASSERT_TRUE(later);
  EXPECT_EQ(later->learners, (std::vector<node_number>{2, 3}));
  // With the new one in sync the old one is let go.
  EXPECT_TRUE(place(grown(*later, 3), {up(1), silent(2, ms(600'000)), up(3)})->learners.empty());
}

TEST(Placement, TheHomeNodeIsWaitedForBesideOthers) {
  auto v = claimed(grown(with_learner(found_volume(1, 2), 2), 2), 2, {1, 1}, true);
  v = grown(*place(v, {silent(1, ms(600'000)), up(2), up(3)}), 3);
  EXPECT_EQ(v.learners, (std::vector<node_number>{1}));
  EXPECT_FALSE(place(v, {silent(1, ms(600'000)), up(2), up(3)}));
  EXPECT_FALSE(place(v, {up(1), up(2), up(3)})) << "it learns, comes in, and another goes";
}

TEST(Placement, NothingIsBegunDuringAPause) {
  auto v = found_volume(1, 2);
  v.paused_until = ms(5000);
  EXPECT_FALSE(place(v, {up(1), up(2)}, {}, ms(4000)));
  EXPECT_TRUE(place(v, {up(1), up(2)}, {}, ms(5000)));
  v.paused_until = ms(1000ll * 60 * 60 * 24 * 365);
  EXPECT_TRUE(place(v, {up(1), up(2)}, {}, ms(4000))) << "somebody's clock was wrong";
}

TEST(Placement, WhoLeftTheClusterIsForgotten) {
  const auto v = grown(with_learner(found_volume(1, 2), 2), 2);
  EXPECT_EQ(place(v, {up(1), up(3)})->in_sync, (std::vector<node_number>{1}));
}

} // namespace
} // namespace rookery::replication
