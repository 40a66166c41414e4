#include "policy/collection/pop3_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rookery::collection {
namespace {

const base::wall_time now = base::from_milliseconds(1'800'000'000'000);
constexpr std::chrono::hours day{24};

using numbers = std::vector<std::uint32_t>;

collection_record keeping(std::optional<std::uint32_t> days) {
  collection_record c;
  c.keep_days = days;
  c.message_octets_max = 100;
  return c;
}
std::vector<std::string> sorted(std::vector<std::string> all) {
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Pop3Plan, FetchesWhatWasNotSeen) {
  const auto p = plan(keeping(std::nullopt), {{1, 10, "a"}, {2, 10, "b"}, {3, 101, "c"}, {4, 100, "d"}}, {{uid_key("a"), now}}, now);
  EXPECT_EQ(p.fetch, (numbers{2, 4}));
  EXPECT_EQ(p.remove, numbers{});
  EXPECT_EQ(p.too_large, 1u);
  EXPECT_FALSE(p.impossible);
  EXPECT_TRUE(p.forget.empty());
}

TEST(Pop3Plan, RemovesWhatWasCollectedAndNotRemovedThen) {
  const auto p = plan(keeping(0), {{1, 10, "a"}, {2, 10, "b"}}, {{uid_key("a"), now}}, now);
  EXPECT_EQ(p.remove, (numbers{1}));
  EXPECT_EQ(p.fetch, (numbers{2}));
}

TEST(Pop3Plan, RemovesALargeMessageOnlyIfItWasCollected) {
  EXPECT_EQ(plan(keeping(0), {{1, 1000, "a"}}, {{uid_key("a"), now}}, now).remove, (numbers{1}));
  EXPECT_EQ(plan(keeping(0), {{1, 1000, "a"}}, {}, now).remove, numbers{});
}

TEST(Pop3Plan, LeavesMessagesAsManyDaysAsAsked) {
  const seen_messages seen{{uid_key("young"), now - 6 * day}, {uid_key("old"), now - 7 * day}};
  const std::vector<listed_message> listing{{1, 10, "young"}, {2, 10, "old"}};
  EXPECT_EQ(plan(keeping(7), listing, seen, now).remove, (numbers{2}));
  EXPECT_EQ(plan(keeping(std::nullopt), listing, seen, now).remove, numbers{});
  EXPECT_EQ(plan(keeping(0), listing, seen, now).remove, (numbers{1, 2}));
}

TEST(Pop3Plan, ForgetsWhatIsNotThereAnyMore) {
  const seen_messages seen{{uid_key("a"), now}, {uid_key("b"), now}, {digest_key("x"), now}};
  EXPECT_EQ(sorted(plan(keeping(0), {{1, 10, "a"}}, seen, now).forget), sorted({uid_key("b"), digest_key("x")}));
  EXPECT_EQ(plan(keeping(0), {}, seen, now).forget.size(), 3u);
}

TEST(Pop3Plan, ForgetsNothingForAnEmptyListingWhereMessagesStay) {
  EXPECT_TRUE(plan(keeping(7), {}, {{uid_key("a"), now}}, now).forget.empty());
  EXPECT_TRUE(plan(keeping(std::nullopt), {}, {{uid_key("a"), now}}, now).forget.empty());
}

TEST(Pop3Plan, NeedsUniqueIdsToLeaveMessagesThere) {
  EXPECT_TRUE(plan(keeping(7), {{1, 10, ""}}, {}, now).impossible);
  EXPECT_TRUE(plan(keeping(std::nullopt), {{1, 10, ""}}, {}, now).impossible);
  EXPECT_TRUE(plan(keeping(7), {{1, 10, ""}}, {}, now).fetch.empty());
  // Where nothing stays the octets themselves say whether it came before.
  const auto p = plan(keeping(0), {{1, 10, ""}}, {{digest_key("x"), now}}, now);
  EXPECT_FALSE(p.impossible);
  EXPECT_EQ(p.fetch, (numbers{1}));
  EXPECT_TRUE(p.forget.empty());
}

TEST(Pop3Plan, TakesTwoMessagesWithOneIdForWhatTheyAre) {
  const auto p = plan(keeping(0), {{1, 10, "same"}, {2, 10, "same"}}, {{uid_key("same"), now}}, now);
  EXPECT_EQ(p.fetch, (numbers{1, 2}));
  EXPECT_TRUE(p.forget.empty());
  EXPECT_TRUE(plan(keeping(7), {{1, 10, "same"}, {2, 10, "same"}}, {}, now).impossible);
}

TEST(Pop3Plan, AnIdCannotBeTakenForADigest) { EXPECT_NE(uid_key("sha256 78"), digest_key("x")); }

} // namespace
} // namespace rookery::collection
