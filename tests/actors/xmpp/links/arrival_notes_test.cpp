#include "actors/xmpp/arrival_notes.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

TEST(ArrivalNotes, KnowWhatCameBefore) {
  arrival_notes n;
  EXPECT_FALSE(n.came_before({}));
  EXPECT_FALSE(n.came_before({4, 100, 1}));
  const auto kept = n.note({4, 100, 7});
  ASSERT_EQ(kept.records.size(), 1u);
  EXPECT_EQ(kept.records[0].key, "arrived/4");
  for (const bool restored : {false, true}) {
    if (restored) {
      n = {};
      n.restore(kept.records[0].key, kept.records[0].value);
    }
    EXPECT_TRUE(n.came_before({4, 100, 7}));
    EXPECT_TRUE(n.came_before({4, 100, 3}));
    EXPECT_FALSE(n.came_before({4, 100, 8}));
    EXPECT_FALSE(n.came_before({4, 101, 1})); // numbers begin anew
    EXPECT_FALSE(n.came_before({6, 100, 1}));
    EXPECT_FALSE(n.came_before({}));
  }
}

TEST(ArrivalNotes, OtherRecordsAreLeftAlone) {
  arrival_notes n;
  for (const auto& [key, value] : {std::pair{"archive", "1 1"}, {"arrived/", "1 1"}, {"arrived/4", "1"}, {"arrived/4", ""}, {"arrived/4", "1 x"}, {"arrived/4", "x 1"}}) n.restore(key, value);
  EXPECT_FALSE(n.came_before({4, 1, 1}));
}

} // namespace
} // namespace rookery::actors
