#include "storage/body/segment_ledger.hpp"

#include <gtest/gtest.h>

namespace rookery::storage {
namespace {

std::vector<segment_info> segments(std::uint32_t first, std::uint32_t count) {
  std::vector<segment_info> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back({first + i, 1000, 1, true});
  out.push_back({first + count, 500, 1, false});
  return out;
}
std::vector<std::uint32_t> numbers(const std::vector<segment_info>& all) {
  std::vector<std::uint32_t> out;
  for (const auto& s : all) out.push_back(s.segment);
  return out;
}
using list = std::vector<std::uint32_t>;
constexpr log_position far_on{1'000'000, 64};

TEST(SegmentLedger, AsksAboutUnknownSegmentsAFewAtATime) {
  segment_ledger l({.unknown_surveys_max = 2});
  l.follow(segments(1, 5));
  EXPECT_EQ(numbers(l.due(far_on)), (list{1, 2}));
  l.surveyed({1, 1000, 900, 9});
  l.surveyed({2, 1000, 100, 1});
  EXPECT_EQ(numbers(l.due(far_on)), (list{3, 4}));
  EXPECT_EQ(l.emptiest()->segment, 2u);
  EXPECT_EQ(l.emptiest()->live_count, 1u);
}

TEST(SegmentLedger, NeverNamesTheOpenOneOrOneThatReplayNeeds) {
  segment_ledger l;
  l.follow(segments(1, 3));
  EXPECT_EQ(numbers(l.due({3, 64})), (list{1, 2}));
  EXPECT_EQ(numbers(l.due(far_on)), (list{1, 2, 3}));
  EXPECT_FALSE(l.emptiest());
}

TEST(SegmentLedger, AsksAgainOnlyAboutWhatLostEnough) {
  segment_ledger l;
  l.follow(segments(1, 4));
  for (std::uint32_t s = 1; s <= 4; ++s) l.surveyed({s, 1000, 900, 9});
  EXPECT_TRUE(l.due(far_on).empty());
  l.lost(2, 300);
  EXPECT_TRUE(l.due(far_on).empty()) << "600 of 1000 may live";
  l.lost(2, 200);
  l.lost(3, 5000);
  EXPECT_EQ(numbers(l.due(far_on)), (list{3, 2})) << "the emptiest first";
  EXPECT_FALSE(l.emptiest()) << "nobody was asked yet";
  l.surveyed({3, 1000, 600, 6}); // the same body had been given up by many
  l.surveyed({2, 1000, 400, 4});
  EXPECT_EQ(l.emptiest()->segment, 2u);
  EXPECT_TRUE(l.due(far_on).empty());
}

TEST(SegmentLedger, ForgetsWhatIsGoneAndLearnsWhatIsNew) {
  segment_ledger l;
  l.follow(segments(1, 4));
  for (std::uint32_t s = 1; s <= 4; ++s) l.surveyed({s, 1000, s == 3 ? 0u : 800u, 1});
  auto now = segments(1, 5);
  now.erase(now.begin() + 2);
  l.follow(now);
  EXPECT_FALSE(l.emptiest());
  EXPECT_EQ(numbers(l.due(far_on)), (list{5}));
  l.lost(3, 10); // no longer there
  l.follow({});
  EXPECT_TRUE(l.due(far_on).empty());
}

TEST(SegmentLedger, OneSetAsideIsNotChosenAgain) {
  segment_ledger l;
  l.follow(segments(1, 2));
  l.surveyed({1, 1000, 10, 1});
  l.surveyed({2, 1000, 20, 1});
  l.set_aside(1);
  EXPECT_EQ(l.emptiest()->segment, 2u);
}

TEST(SegmentLedger, TensOfThousandsOfSegmentsCostOneBoundedRoundEach) {
  segment_ledger l;
  const auto all = segments(1, 50'000);
  std::size_t asked = 0;
  for (int round = 0; round < 20; ++round) {
    l.follow(all);
    const auto due = l.due(far_on);
    EXPECT_LE(due.size(), 32u);
    for (const auto& s : due) l.surveyed({s.segment, 1000, 900, 9});
    asked += due.size();
  }
  EXPECT_EQ(asked, 20u * 32);
}

} // namespace
} // namespace rookery::storage
