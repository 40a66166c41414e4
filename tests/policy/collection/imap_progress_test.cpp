#include "policy/collection/imap_progress.hpp"

#include <gtest/gtest.h>

namespace rookery::collection {
namespace {

const base::wall_time now = base::from_milliseconds(1'800'000'000'000);
constexpr std::chrono::hours day{24};

collection_record keeping(std::optional<std::uint32_t> days) {
  collection_record c;
  c.keep_days = days;
  c.message_octets_max = 100;
  return c;
}

TEST(ImapProgress, SaysWhatWasCollected) {
  imap_progress p{7, 0, {}};
  for (const auto uid : {3u, 5u}) p.add(uid);
  p.leave_out(8);
  p.add(9);
  EXPECT_TRUE(p.collected(3));
  EXPECT_TRUE(p.collected(4)); // was never there
  EXPECT_FALSE(p.collected(8));
  EXPECT_TRUE(p.collected(9));
  EXPECT_FALSE(p.collected(10));
  p.add(8); // the limit was raised
  EXPECT_TRUE(p.collected(8));
  EXPECT_EQ(p.last_uid, 9u);
  EXPECT_TRUE(p.left_out.empty());
}

TEST(ImapProgress, IsKeptAsText) {
  const imap_progress p{17, 4294967295u, {{3, 3}, {5, 9}}};
  EXPECT_EQ(to_text(p), "1 17 4294967295 3,5:9");
  EXPECT_EQ(read_progress(to_text(p)), p);
  EXPECT_EQ(read_progress("1 0 0"), imap_progress{});
}

TEST(ImapProgress, ReadsNothingElse) {
  for (const auto* text : {"", "1", "1 2", "2 1 1", "1 x 1", "1 1 x", "1 1 1 x", "1 1 1 1:*", "1 1 1 $", "1 1 1 1 1", "1 1 4294967296"})
    EXPECT_FALSE(read_progress(text)) << text;
}

TEST(ImapJudge, FetchesTheNewAndTheLeftOut) {
  const imap_progress p{1, 10, {{4, 4}}};
  const auto c = keeping(std::nullopt);
  EXPECT_EQ(judge(c, p, {11, 100, now}, now), imap_step::fetch);
  EXPECT_EQ(judge(c, p, {11, 101, now}, now), imap_step::too_large);
  EXPECT_EQ(judge(c, p, {4, 100, now}, now), imap_step::fetch);
  EXPECT_EQ(judge(c, p, {4, 101, now}, now), imap_step::too_large);
  EXPECT_EQ(judge(c, p, {3, 10, now}, now), imap_step::leave);
}

TEST(ImapJudge, RemovesNothingThatWasNotCollected) {
  const imap_progress p{1, 10, {{4, 4}}};
  EXPECT_EQ(judge(keeping(0), p, {4, 101, now - 99 * day}, now), imap_step::too_large);
  EXPECT_EQ(judge(keeping(0), p, {3, 1000, now}, now), imap_step::remove);
  EXPECT_EQ(judge(keeping(7), p, {3, 10, now - 6 * day}, now), imap_step::leave);
  EXPECT_EQ(judge(keeping(7), p, {3, 10, now - 7 * day}, now), imap_step::remove);
  EXPECT_EQ(judge(keeping(7), p, {3, 10, std::nullopt}, now), imap_step::leave);
  EXPECT_EQ(judge(keeping(0), p, {3, 10, std::nullopt}, now), imap_step::remove);
}

TEST(ImapRows, AreAskedOnlyWhereTheyAreNeeded) {
  EXPECT_EQ(first_row(keeping(std::nullopt), {1, 10, {}}), 11u);
  EXPECT_EQ(first_row(keeping(std::nullopt), {1, 10, {{4, 6}}}), 4u);
  EXPECT_EQ(first_row(keeping(std::nullopt), {1, 4294967295u, {}}), 4294967295u);
  EXPECT_EQ(first_row(keeping(0), {1, 10, {}}), 1u);
  EXPECT_EQ(first_row(keeping(7), {1, 10, {}}), 1u);
}

} // namespace
} // namespace rookery::collection
