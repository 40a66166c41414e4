// A replica's log is stopped at each of its writes, loses any part of what was not synced, and follows again.
#include "pair.hpp"

#include "storage/replica/segment_feed.hpp"

#include <random>

namespace rookery::storage {
namespace {

using namespace testing;

/// A leader's log, written once.
struct leader_life {
  faulty_file_system files;
  log_position end;
  std::vector<log_position> commits; ///< ends of its commits

  leader_life(std::uint64_t seed, int groups) {
    std::mt19937_64 random(seed);
    auto log = open_log(files, small_log(12000));
    for (int i = 0; i < groups; ++i) {
      if (random() % 12 == 0) EXPECT_TRUE(log->seal());
      else EXPECT_TRUE(log->append(group_of("g" + std::to_string(i), 1 + random() % 3, {random() % 5000, random() % 200})));
      if (random() % 3 == 0) {
        EXPECT_TRUE(log->commit());
        commits.push_back(log->end());
      }
      if (random() % 16 == 0) log->set_needed_from(log->end());
    }
    EXPECT_TRUE(log->commit());
    commits.push_back(end = log->end());
  }
};

/// Follows to the leader's end from wherever it is. `promised`: what it has called durable.
void follow(leader_life& leader, file_system& files, std::uint64_t seed, log_position& promised) {
  std::mt19937_64 random(seed);
  auto opened = follower_log::open(files, "log", {.zero_ahead_octets = 8192});
  ASSERT_TRUE(opened) << opened.error().log.value;
  auto& log = **opened;
  ASSERT_GE(log.end(), promised);
  const auto later = random() % 3;
  ASSERT_TRUE(log.follow(log.epoch() + later));
  segment_feed feed(leader.files, "log");
  for (auto at = log.end(); at < leader.end;) {
    std::string frame;
    const auto reached = feed.read(at, leader.end, 1000 + random() % 6000, frame);
    ASSERT_TRUE(reached) << reached.error().log.value;
    at = *reached;
    const auto pieces = read_pieces(frame);
    ASSERT_TRUE(pieces);
    for (const auto& p : *pieces) {
      const auto done = log.take(p);
      ASSERT_TRUE(done) << done.error().log.value;
    }
    if (random() % 4 != 0) continue;
    const auto durable = log.sync();
    ASSERT_TRUE(durable);
    promised = *durable;
    log.look_ahead();
  }
  ASSERT_TRUE(log.sync());
  promised = log.durable();
  ASSERT_EQ(promised, leader.end);
}

TEST(FollowerCrash, StoppedAtEveryWriteNothingThatItPromisedIsMissing) {
  std::uint64_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    leader_life leader(seed, 40);
    for (std::uint64_t stop = 0;; ++stop) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", stopped at change " + std::to_string(stop));
      faulty_file_system files(seed * 7919 + stop);
      files.stop_at(stop);
      log_position promised;
      bool done = false;
      try {
        ASSERT_NO_FATAL_FAILURE(follow(leader, files, stop, promised));
        done = true;
      } catch (const power_lost&) {
        ++crashes;
      }
      if (stop % 5 == 4) files.kill(); else files.crash();
      // A writer opens it, whatever was lost: as at a take-over right after the crash.
      const auto there = list_segments(files, "log");
      if (stop % 3 == 0 && there && !there->empty()) {
        auto writer = log_writer::open(files, "log", small_log(12000));
        ASSERT_TRUE(writer) << writer.error().log.value;
        ASSERT_GE((*writer)->end(), promised);
        ASSERT_EQ(faults_of(files, "log"), "");
      }
      files.stop_at(stop % 41);
      try {
        ASSERT_NO_FATAL_FAILURE(follow(leader, files, stop + 1, promised));
      } catch (const power_lost&) {
        ++crashes;
      }
      files.crash();
      ASSERT_NO_FATAL_FAILURE(follow(leader, files, stop + 2, promised));
      ASSERT_EQ(difference(leader.files, files), "");
      ASSERT_EQ(faults_of(files, "log"), "");
      if (done) break;
      ASSERT_LT(stop, 3000u);
    }
  }
  EXPECT_GT(crashes, 200u);
}

TEST(FollowerCrash, ACutThatWasBegunIsEnded) {
  leader_life leader(5, 40);
  for (const auto cut : leader.commits) {
    if (cut == leader.end) continue;
    bool done = false;
    for (std::uint64_t stop = 0; !done; ++stop) {
      SCOPED_TRACE("cut at " + std::to_string(cut.segment) + ":" + std::to_string(cut.offset) + ", stopped at change " + std::to_string(stop));
      faulty_file_system files(stop * 31 + cut.offset);
      log_position promised;
      ASSERT_NO_FATAL_FAILURE(follow(leader, files, stop, promised));
      auto log = open_follower(files);
      bool begun = false; // the cut is on the disk: it will be ended, whoever comes
      files.stop_at(stop);
      try {
        ASSERT_TRUE(log->truncate_to(cut));
        done = begun = true;
      } catch (const power_lost&) {
      }
      log.reset();
      files.crash();
      begun = begun || read_log_epoch(files, "log")->cut == cut;
      if (stop % 2 == 0) {
        auto writer = log_writer::open(files, "log", small_log(12000));
        ASSERT_TRUE(writer) << writer.error().log.value;
      }
      log = open_follower(files);
      ASSERT_TRUE(log->end() == cut || log->end() == leader.end || !begun);
      ASSERT_TRUE(!begun || log->end() == cut);
      ASSERT_TRUE(log->truncate_to(cut));
      ASSERT_EQ(log->end(), cut);
      ASSERT_EQ(faults_of(files, "log"), "");
      log.reset();
      promised = cut;
      ASSERT_NO_FATAL_FAILURE(follow(leader, files, stop, promised));
      ASSERT_EQ(difference(leader.files, files), "");
      ASSERT_LT(stop, 100u);
    }
  }
}

// Everything from the last sync on may be lost, and a failed sync ends the log.
TEST(FollowerCrash, AFailedSyncIsNotRetried) {
  leader_life leader(9, 10);
  faulty_file_system files;
  auto log = open_follower(files);
  segment_feed feed(leader.files, "log");
  std::string frame;
  ASSERT_TRUE(feed.read({}, leader.commits[0], 1u << 20, frame));
  const auto pieces = read_pieces(frame);
  for (const auto& p : *pieces) ASSERT_TRUE(log->take(p));
  files.fail_sync_at(0);
  EXPECT_FALSE(log->sync());
  EXPECT_TRUE(log->failed());
  EXPECT_FALSE(log->sync());
  log.reset();
  files.crash();
  log_position promised;
  ASSERT_NO_FATAL_FAILURE(follow(leader, files, 1, promised));
  EXPECT_EQ(difference(leader.files, files), "");
}

} // namespace
} // namespace rookery::storage
