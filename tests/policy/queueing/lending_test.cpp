#include "policy/queueing/lending.hpp"

#include <gtest/gtest.h>

namespace rookery::queueing {
namespace {

using namespace std::chrono_literals;

/// A node that carries `own` connections, beside nodes 2 and 3 that have told theirs.
struct Lending : ::testing::Test {
  lending of;
  std::chrono::milliseconds now{1000};
  void has(std::uint32_t own, std::uint32_t two, std::uint32_t three) {
    of.carries(1, {own});
    of.heard(2, node_load{two}, now);
    of.heard(3, node_load{three}, now);
  }
};

TEST_F(Lending, GoesToWhoHasLeastAndLessThanHalf) {
  has(8, 3, 2);
  EXPECT_EQ(of.lend(now), 3u);
  EXPECT_EQ(of.lent(), 1u);
  has(8, 4, 4);
  EXPECT_EQ(of.lend(now), std::nullopt);
}

TEST_F(Lending, BeginsWhenANodeCarriesEnoughItself) {
  has(3, 0, 0);
  EXPECT_EQ(of.lend(now), std::nullopt);
  has(4, 0, 0);
  EXPECT_TRUE(of.lend(now));
}

TEST_F(Lending, CountsWhatWasLentBeforeTheOtherNodeHasTold) {
  has(8, 0, 0);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(of.lend(now)) << i;
  EXPECT_EQ(of.lend(now), std::nullopt);
  of.heard(2, node_load{4}, now); // those that were lent, told now: they are not counted twice
  EXPECT_EQ(of.lend(now), std::nullopt);
  of.returned(2, true, now);
  of.heard(2, node_load{3}, now);
  EXPECT_EQ(of.lend(now), 2u);
}

TEST_F(Lending, IsNotToWhoIsSilentOrTakesNoPart) {
  has(8, 0, 0);
  of.heard(3, std::nullopt, now);
  EXPECT_EQ(of.lend(now), 2u);
  EXPECT_EQ(of.lend(now + 3001ms), std::nullopt);
  of.forget_nodes();
  EXPECT_EQ(of.lend(now), std::nullopt);
}

TEST_F(Lending, LeavesAloneForAWhileWhoReachedNothing) {
  has(8, 0, 9);
  ASSERT_EQ(of.lend(now), 2u);
  of.returned(2, false, now);
  EXPECT_EQ(of.lent(), 0u);
  EXPECT_EQ(of.lend(now), std::nullopt);
  now += 15s;
  has(8, 0, 9);
  EXPECT_EQ(of.lend(now), 2u);
}

TEST_F(Lending, HasABoundBothWays) {
  has(10'000, 0, 0);
  for (std::uint32_t i = 0; i < lending_rule{}.lent_max; ++i) EXPECT_TRUE(of.lend(now));
  EXPECT_EQ(of.lend(now), std::nullopt);
  for (std::uint32_t i = 0; i < lending_rule{}.borrowed_max; ++i) EXPECT_TRUE(of.borrow());
  EXPECT_FALSE(of.borrow());
  of.give_back();
  EXPECT_TRUE(of.borrow());
}

TEST_F(Lending, WhatIsBorrowedIsToldAsOnesOwn) {
  of.carries(1, {2});
  of.carries(4, {3});
  ASSERT_TRUE(of.borrow());
  EXPECT_EQ(of.load().connections, 6u);
  of.leave(4);
  EXPECT_EQ(of.load().connections, 3u);
}

} // namespace
} // namespace rookery::queueing
