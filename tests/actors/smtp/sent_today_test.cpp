#include "actors/account/sent_today.hpp"
#include "policy/submission/send_quota.hpp"
#include "storage/queue/spool_machine.hpp"

#include <gtest/gtest.h>

#include <map>

namespace rookery::actors {
namespace {

constexpr base::account_id ann{7}, bob{8};
const auto noon = base::from_milliseconds(1'700'049'600'000); // 2023-11-15 12:00 UTC
const auto tomorrow = noon + std::chrono::hours(12);

/// Notes alone.
class notes_only final : public storage::queue::spool_view {
public:
  std::map<std::string, std::string> all;
  std::optional<storage::queue::envelope> find(base::message_id) const override { return {}; }
  storage::queue::spool_page list(const storage::queue::spool_filter&, base::message_id, std::size_t, std::size_t) const override { return {}; }
  std::vector<storage::queue::queue_counts> counts() const override { return {}; }
  void for_each(base::message_id, const std::function<bool(const storage::queue::envelope&)>&) const override {}
  std::optional<storage::queue::note> note(std::string_view, std::string_view) const override { return {}; }
  std::vector<storage::queue::note> notes(std::string_view, std::string_view, std::size_t max, std::string_view after) const override {
    std::vector<storage::queue::note> out;
    for (auto at = all.upper_bound(std::string(after)); at != all.end() && out.size() < max; ++at) out.push_back({at->first, at->second, {}});
    return out;
  }
};

TEST(SentToday, NobodyTakesMoreThanIsLeft) {
  sent_today s;
  EXPECT_TRUE(s.take(ann, 2, 3, noon));
  EXPECT_FALSE(s.take(ann, 2, 3, noon));
  EXPECT_TRUE(s.take(ann, 1, 3, noon));
  EXPECT_FALSE(s.take(ann, 1, 3, noon));
  EXPECT_TRUE(s.take(ann, 5, 0, noon)) << "no limit";
  EXPECT_TRUE(s.take(bob, 3, 3, noon));
  EXPECT_EQ(s.of(ann, noon), 8u);
  EXPECT_FALSE(s.take(ann, ~std::uint64_t{0}, 100, noon));
  EXPECT_FALSE(s.take(ann, 1, 7, noon)) << "the limit has shrunk";
}

TEST(SentToday, WhatWasNotAcceptedIsGivenBack) {
  sent_today s;
  s.take(ann, 3, 3, noon);
  s.give_back(ann, 2, noon);
  EXPECT_EQ(s.of(ann, noon), 1u);
  s.give_back(ann, 9, noon);
  EXPECT_EQ(s.of(ann, noon), 0u);
}

TEST(SentToday, ANewDayBeginsWithNothing) {
  sent_today s;
  s.take(ann, 3, 3, noon);
  EXPECT_EQ(s.of(ann, tomorrow), 0u);
  EXPECT_TRUE(s.take(ann, 1, 3, tomorrow));
  // A message that began before midnight and ends behind it.
  EXPECT_TRUE(s.take(ann, 1, 3, noon));
  EXPECT_EQ(s.of(ann, tomorrow), 2u);
  s.give_back(ann, 1, noon);
  EXPECT_EQ(s.of(ann, tomorrow), 2u) << "yesterday's is not today's";
}

TEST(SentToday, TodaysNotesAreRead) {
  notes_only notes;
  for (std::uint64_t i = 100; i < 2600; ++i) notes.all[submission::count_key(base::account_id{i}, noon)] = std::to_string(i);
  notes.all[submission::count_key(ann, noon)] = "4";
  notes.all[submission::count_key(bob, tomorrow)] = "5";
  notes.all["nonsense"] = "6";
  notes.all["9/2023-11-15"] = "many";
  sent_today s;
  s.load(notes, noon);
  EXPECT_EQ(s.of(ann, noon), 4u);
  EXPECT_EQ(s.of(bob, noon), 0u);
  EXPECT_EQ(s.of(base::account_id{9}, noon), 0u);
  EXPECT_EQ(s.of(base::account_id{2599}, noon), 2599u);
  const auto note = sent_today::note(ann, 2, noon);
  EXPECT_EQ(note.key, "7/2023-11-15");
  EXPECT_EQ(note.by, 2u);
  EXPECT_EQ(note.until, tomorrow);
}

} // namespace
} // namespace rookery::actors
