#include "cluster/node/clock_comparison.hpp"

#include <gtest/gtest.h>

namespace rookery::cluster {
namespace {

/// Two nodes with steady and wall clocks of their own; `now` is nobody's.
struct two_nodes {
  clock_comparison a, b;
  std::uint64_t now = 1'000'000;
  std::int64_t offset = 0; ///< of b's wall clock
  std::uint64_t wall_a() const { return 1'800'000'000'000'000u + now; }
  std::uint64_t wall_b() const { return wall_a() + static_cast<std::uint64_t>(offset); }
  std::uint64_t steady_b() const { return now + 777'777; }
  void a_to_b(std::uint64_t takes) {
    const auto s = a.next(now, wall_a());
    now += takes;
    b.heard(s, steady_b(), wall_b());
  }
  void b_to_a(std::uint64_t takes) {
    const auto s = b.next(steady_b(), wall_b());
    now += takes;
    a.heard(s, now, wall_a());
  }
};

TEST(ClockComparison, KnowsNothingBeforeAStampHasComeBack) {
  two_nodes n;
  EXPECT_FALSE(n.a.offset());
  n.b_to_a(100);
  EXPECT_FALSE(n.a.round_trip()) << "nothing of ours came back";
}

TEST(ClockComparison, FindsWayAndOffset) {
  for (const std::int64_t offset : {0, 3'000'000, -3'000'000, 40}) {
    two_nodes n;
    n.offset = offset;
    n.a_to_b(200);
    n.now += 900'000; // kept there
    n.b_to_a(200);
    ASSERT_TRUE(n.a.round_trip());
    EXPECT_EQ(n.a.round_trip()->count(), 400);
    EXPECT_EQ(n.a.offset()->count(), offset);
    n.a_to_b(200);
    EXPECT_EQ(n.b.offset()->count(), -offset);
  }
}

TEST(ClockComparison, TheShortestWayCounts) {
  two_nodes n;
  n.offset = 1000;
  n.a_to_b(100);
  n.b_to_a(100);
  n.a_to_b(90'000); // a busy moment
  n.b_to_a(100);
  EXPECT_EQ(n.a.round_trip()->count(), 200);
  EXPECT_EQ(n.a.offset()->count(), 1000);
}

TEST(ClockComparison, AJumpIsSeenWhenTheOldStampsAreForgotten) {
  two_nodes n;
  for (int i = 0; i < 20; ++i) {
    n.a_to_b(100);
    n.b_to_a(100);
  }
  n.offset = 60'000'000;
  for (std::size_t i = 0; i < clock_comparison::samples; ++i) {
    n.a_to_b(150);
    n.b_to_a(150);
  }
  EXPECT_EQ(n.a.offset()->count(), 60'000'000);
}

TEST(ClockComparison, StampsThatCannotBeTrueAreNotLookedAt) {
  clock_comparison c;
  c.heard({1, 1, 5'000, 0}, 4'000, 1);
  c.heard({1, 1, 1'000, 9'000}, 4'000, 1);
  c.heard({1, 1, 1'000, ~std::uint64_t{0}}, 4'000, 1);
  EXPECT_FALSE(c.round_trip());
}

} // namespace
} // namespace rookery::cluster
