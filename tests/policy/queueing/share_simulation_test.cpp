// Limits of destinations in a cluster, under seeds. ROOKERY_SIMULATION_SEEDS=FIRST:COUNT plays others than those fixed here.
#include "tests/policy/queueing/share_world.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace rookery::queueing {
namespace {

struct seeds {
  std::uint64_t first = 1, count = 12;
  seeds() {
    const char* wish = std::getenv("ROOKERY_SIMULATION_SEEDS");
    if (wish == nullptr) return;
    const auto parts = base::split(wish, ':');
    first = base::parse_u64(parts.front()).value_or(1);
    count = parts.size() > 1 ? base::parse_u64(parts[1]).value_or(1) : 1;
  }
};

/// Never more than the limit, whatever links and nodes do, as long as nobody is silent for too long.
TEST(ShareSimulation, NoDestinationHasMoreThanItsLimitThroughAnyChaos) {
  const seeds play;
  std::uint64_t finished = 0;
  for (auto seed = play.first; seed < play.first + play.count; ++seed) {
    std::mt19937_64 dice(seed * 7919);
    const auto nodes = 2 + static_cast<unsigned>(dice() % 4);
    share_world world(seed, nodes, {{"a.example", 1}, {"b.example", 2}, {"c.example", 5}, {"d.example", 20}});
    std::vector<int> away(nodes, 0);
    for (int round = 0; round < 400; ++round) {
      const auto n = static_cast<unsigned>(dice() % nodes), other = static_cast<unsigned>(dice() % nodes);
      switch (dice() % 12) {
      case 0:
        if (other != n) world.cut(n, other, 200 + static_cast<int>(dice() % 2000));
        break;
      case 1:
        if (world.up(n)) world.pause(n, 100 + static_cast<int>(dice() % 2500));
        break;
      case 2:
        if (world.up(n) && dice() % 4 == 0) world.crash(n);
        break;
      case 3:
      case 4:
        if (!world.up(n)) world.start(n, 1 + dice() % 2);
        break;
      default:
        if (world.up(n)) world.add_work(n, dice() % 4, static_cast<int>(dice() % 60));
      }
      world.run(100 + static_cast<int>(dice() % 700));
      ASSERT_EQ(world.fault, "") << "seed " << seed << " round " << round;
    }
    // Calm: everybody with work has a turn, and in the end nothing is remembered.
    for (unsigned n = 0; n < nodes; ++n) {
      if (!world.up(n)) world.start(n);
    }
    world.run(8000);
    for (unsigned n = 0; n < nodes; ++n)
      for (std::size_t at = 0; at < 4; ++at) world.add_work(n, at, 200);
    world.watch_waits();
    for (int i = 0; i < 300 && !world.idle() && world.fault.empty(); ++i) world.run(5000);
    // Two dispatchers of each node, and a turn each; to hand a connection over takes a moment.
    EXPECT_LE(world.longest_wait, static_cast<int>(nodes) * 2 * 5000 + 3000) << "seed " << seed << world.story();
    EXPECT_TRUE(world.idle()) << "seed " << seed << world.story();
    world.run(25'000);
    ASSERT_EQ(world.fault, "") << "seed " << seed;
    for (unsigned n = 0; n < nodes; ++n) EXPECT_EQ(world.book(n).count().destinations, 0u) << "seed " << seed << " node " << n << world.story();
    finished += world.finished;
  }
  EXPECT_GT(finished, play.count * 1000) << "the seeds must show something";
}

TEST(ShareSimulation, WhoIsAloneWithADestinationHasAllOfIt) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    share_world world(seed, 3, {{"a.example", 7}});
    world.run(8000);
    world.add_work(1, 0, 1000);
    world.run(2000);
    EXPECT_EQ(world.held_by(1, 0), 7u) << "seed " << seed << world.story();
  }
}

TEST(ShareSimulation, SeveralHaveEvenPartsAndUseTheWholeLimit) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    share_world world(seed, 3, {{"a.example", 9}});
    world.run(8000);
    for (unsigned n = 0; n < 3; ++n) world.add_work(n, 0, 2000);
    world.run(10'000);
    for (unsigned n = 0; n < 3; ++n) EXPECT_EQ(world.held_by(n, 0), 3u) << "seed " << seed << world.story();
  }
}

TEST(ShareSimulation, APartOfOneThatIsGoneIsTheOthersSoon) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    share_world world(seed, 3, {{"a.example", 8}});
    world.run(8000);
    for (unsigned n = 0; n < 3; ++n) world.add_work(n, 0, 5000);
    world.run(10'000);
    world.crash(0);
    world.run(4000);
    EXPECT_LE(world.held(0), 6u) << "seed " << seed << ": it may be cut off only";
    world.run(6000);
    EXPECT_EQ(world.held_by(1, 0) + world.held_by(2, 0), 8u) << "seed " << seed << world.story();
  }
}

TEST(ShareSimulation, NodesThatHaveNothingToDoSayLittle) {
  share_world world(1, 3, {{"a.example", 8}});
  world.run(10'000);
  world.notes = 0;
  world.run(60'000);
  EXPECT_LE(world.notes, 6u * 32) << "six ways, one note each two seconds";
  EXPECT_GE(world.notes, 6u * 25);
}

} // namespace
} // namespace rookery::queueing
