#include "pair.hpp"

#include "storage/replica/log_feed.hpp"

#include <random>

namespace rookery::storage {
namespace {

using namespace testing;

struct LogFeed : ::testing::Test {
  faulty_file_system here, there;
  std::unique_ptr<log_writer> leader = open_log(here);
  std::unique_ptr<follower_log> replica = open_follower(there);

  void commit(log_feed* feed, const commit_group& g) {
    ASSERT_TRUE(leader->append(g));
    ASSERT_TRUE(leader->write());
    const auto batch = leader->take_written();
    if (feed) feed->offer(batch);
    ASSERT_TRUE(leader->commit());
    if (feed) feed->durable(leader->end());
  }
  /// Takes until nothing comes; the number of frames.
  int drain(log_feed& feed) {
    for (int frames = 0;; ++frames) {
      const auto frame = feed.take();
      EXPECT_TRUE(frame) << frame.error().log.value;
      if (!frame || frame->empty()) return frames;
      EXPECT_LT(frame->size(), 1u << 20);
      const auto pieces = read_pieces(*frame);
      EXPECT_TRUE(pieces);
      if (!pieces) return frames;
      for (const auto& p : *pieces)
        if (const auto done = replica->take(p); !done) {
          ADD_FAILURE() << done.error().log.value;
          return frames;
        }
    }
  }
  void same() {
    ASSERT_TRUE(replica->sync());
    EXPECT_EQ(replica->durable(), leader->end());
    EXPECT_EQ(difference(here, there), "");
  }
};

TEST_F(LogFeed, CatchesUpFromTheDiskAndGoesOnFromTheTap) {
  for (int i = 0; i < 20; ++i) commit(nullptr, group_of("a" + std::to_string(i), 1, {3000}));
  ASSERT_TRUE(leader->start_tap());
  log_feed feed(here, "log", replica->end(), leader->end());
  EXPECT_GT(drain(feed), 0);
  EXPECT_FALSE(feed.live());
  same();
  commit(&feed, group_of("b", 1, {200}));
  EXPECT_EQ(drain(feed), 1);
  EXPECT_TRUE(feed.live());
  same();
  EXPECT_FALSE(feed.wait(std::chrono::milliseconds(0)));
}

TEST_F(LogFeed, WhatDoesNotFitIsReadFromTheDisk) {
  ASSERT_TRUE(leader->start_tap());
  log_feed feed(here, "log", replica->end(), leader->end(), {.queue_octets_max = 10000, .frame_octets = 4096});
  for (int i = 0; i < 30; ++i) commit(&feed, group_of("a" + std::to_string(i), 1, {3000}));
  EXPECT_GT(drain(feed), 10);
  EXPECT_TRUE(feed.live()); // the last of them were still there
  same();
}

TEST_F(LogFeed, NothingUnsyncedIsReadFromTheDisk) {
  ASSERT_TRUE(leader->start_tap());
  log_feed feed(here, "log", replica->end(), leader->end(), {.queue_octets_max = 1000});
  drain(feed);
  ASSERT_TRUE(leader->append(group_of("a", 1, {3000})));
  ASSERT_TRUE(leader->write());
  feed.offer(leader->take_written()); // too much: dropped
  EXPECT_EQ(drain(feed), 1); // the list of segments
  EXPECT_LT(replica->end(), log_position(leader->end().segment, leader->end().offset + 1));
  ASSERT_TRUE(leader->commit());
  feed.durable(leader->end());
  drain(feed);
  same();
}

TEST_F(LogFeed, ARemovalThatWasMissedIsSaidAgain) {
  ASSERT_TRUE(leader->start_tap());
  {
    log_feed feed(here, "log", replica->end(), leader->end());
    for (int i = 0; i < 12; ++i) commit(&feed, group_of("a" + std::to_string(i), 1, {3000}));
    drain(feed);
  }
  leader->set_needed_from(leader->end());
  ASSERT_TRUE(leader->commit());
  ASSERT_TRUE(leader->remove_segment(2));
  (void)leader->take_written();
  log_feed feed(here, "log", replica->end(), leader->end());
  drain(feed);
  EXPECT_EQ(replica->dead_segments(), std::vector<std::uint32_t>{2});
  ASSERT_TRUE(replica->remove_dead(replica->end()));
  same();
}

TEST_F(LogFeed, ASegmentThatIsGoneIsSaid) {
  for (int i = 0; i < 12; ++i) commit(nullptr, group_of("a" + std::to_string(i), 1, {3000}));
  leader->set_needed_from(leader->end());
  ASSERT_TRUE(leader->commit());
  ASSERT_TRUE(leader->remove_segment(1));
  log_feed feed(here, "log", replica->end(), leader->end());
  EXPECT_EQ(feed.take().error().kind, base::error_kind::not_found);
  log_feed never(here, "log", {leader->end().segment, leader->end().offset + 64}, {leader->end().segment + 1, 64});
  EXPECT_FALSE(never.take());
}

TEST_F(LogFeed, HoldsUnderRandomLoadWithRandomSlowness) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    faulty_file_system left, right;
    auto log = open_log(left, small_log(12000));
    auto to = open_follower(right);
    ASSERT_TRUE(log->start_tap());
    log_feed feed(left, "log", to->end(), log->end(), {.queue_octets_max = 20000, .frame_octets = 6000});
    for (int i = 0; i < 300; ++i) {
      const auto what = random() % 10;
      if (what < 5) {
        ASSERT_TRUE(log->append(group_of("g" + std::to_string(i), 1 + random() % 2, {random() % 7000})));
        if (random() % 2 == 0) continue;
        ASSERT_TRUE(log->write());
        feed.offer(log->take_written());
        ASSERT_TRUE(log->commit());
        feed.offer(log->take_written());
        feed.durable(log->end());
      } else if (what == 5 && random() % 4 == 0) {
        ASSERT_TRUE(log->seal());
        feed.offer(log->take_written());
        feed.durable(log->end());
      } else if (what > 5) {
        const auto frame = feed.take();
        ASSERT_TRUE(frame) << frame.error().log.value;
        const auto pieces = read_pieces(*frame);
        ASSERT_TRUE(pieces);
        for (const auto& p : *pieces) {
          const auto done = to->take(p);
          ASSERT_TRUE(done) << done.error().log.value;
        }
      }
    }
    ASSERT_TRUE(log->commit());
    feed.offer(log->take_written());
    feed.durable(log->end());
    for (;;) {
      const auto frame = feed.take();
      ASSERT_TRUE(frame) << frame.error().log.value;
      if (frame->empty()) break;
      const auto pieces = read_pieces(*frame);
      for (const auto& p : *pieces) ASSERT_TRUE(to->take(p));
    }
    ASSERT_TRUE(to->sync());
    EXPECT_EQ(to->durable(), log->end());
    EXPECT_EQ(difference(left, right), "");
  }
}

} // namespace
} // namespace rookery::storage
