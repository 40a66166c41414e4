#include "storage/log/log_damage.hpp"

#include "storage/file/faulty_file_system.hpp"
#include "tests/storage/log/log_workload.hpp"

#include <functional>

namespace rookery::storage {
namespace {

using namespace testing;
using hole_kind = log_hole::kind;

/// Thirty groups of two commands (shards 2 and 3) with a body each, over some segments.
struct damaged_log {
  faulty_file_system files;
  std::vector<committed_command> all;

  damaged_log() {
    auto log = open_log(files);
    for (int i = 0; i < 30; ++i) {
      const auto made = log->append(group_of("m" + std::to_string(i), 2, {1000}));
      EXPECT_TRUE(made);
      EXPECT_TRUE(log->commit());
      all.insert(all.end(), made->begin(), made->end());
    }
  }
  void flip(std::uint32_t segment, std::uint64_t offset, std::string_view octets = "#") {
    files.damage("log/" + segment_name(segment), offset, octets);
  }
  log_survey survey() {
    read.clear();
    met.clear();
    const auto s = survey_log(files, "log", [this](const committed_command& c) { read.push_back(c); }, [this](const log_hole& h) { met.push_back(h); });
    EXPECT_TRUE(s) << s.error().log.value;
    return s.value();
  }
  std::vector<committed_command> read;
  std::vector<log_hole> met;
};

TEST(LogDamage, ASoundLogHasNoHolesAndAllCommands) {
  damaged_log l;
  const auto s = l.survey();
  EXPECT_TRUE(s.holes.empty());
  EXPECT_EQ(names_of(l.read), names_of(l.all));
  for (std::size_t i = 0; i < l.all.size(); ++i) EXPECT_TRUE(same(l.read[i], l.all[i])) << i;
  EXPECT_EQ(s.end, open_log(l.files)->end());
  EXPECT_EQ(s.next_lsn, open_log(l.files)->next_lsn());
}

TEST(LogDamage, ATornTailIsNoHole) {
  damaged_log l;
  const auto end = l.survey().end;
  l.flip(end.segment, end.offset, "torn torn torn");
  EXPECT_TRUE(l.survey().holes.empty());
  EXPECT_EQ(l.read.size(), l.all.size());
}

TEST(LogDamage, WhatCanBeReadIsReadAndTheLogIsSoundOncePadded) {
  struct row {
    const char* name;
    std::function<void(damaged_log&)> damage;
    hole_kind kind;
    std::uint64_t lost_records;
    std::size_t lost_commands;
    int shard; ///< -1: unknown
  };
  // Groups 3 and 20: body, command of shard 2, command of shard 3.
  const auto group = [](damaged_log& l, std::size_t i) { return l.all[2 * i]; };
  const row rows[] = {
      {"a body in a sealed segment", [&](damaged_log& l) { l.flip(group(l, 3).bodies[0].segment, group(l, 3).bodies[0].offset + 10); }, hole_kind::body, 1, 0, -1},
      {"a body in the last segment", [&](damaged_log& l) { l.flip(group(l, 28).bodies[0].segment, group(l, 28).bodies[0].offset + 10); }, hole_kind::body, 1, 0, -1},
      {"a command", [&](damaged_log& l) { l.flip(group(l, 3).at.segment, group(l, 3).at.offset + record_head_octets + 3); }, hole_kind::records, 1, 1, 2},
      {"the head of a command", [&](damaged_log& l) { l.flip(group(l, 3).at.segment, group(l, 3).at.offset + 8); }, hole_kind::records, 1, 1, -1},
      {"the head of a command in the last segment", [&](damaged_log& l) { l.flip(group(l, 28).at.segment, group(l, 28).at.offset); }, hole_kind::records, 1, 1, -1},
      {"the head of a body", [&](damaged_log& l) { l.flip(group(l, 3).at.segment, group(l, 3).bodies[0].offset - 20); }, hole_kind::records, 1, 0, -1},
      {"a zeroed page over several groups", [&](damaged_log& l) { l.flip(group(l, 3).at.segment, group(l, 3).at.offset, std::string(4096, '\0')); }, hole_kind::records, 12, 8, -1},
      {"the last record of a sealed segment", [](damaged_log& l) {
         std::size_t last = 0;
         while (l.all[last].at.segment == 1) ++last;
         l.flip(1, l.all[last - 1].at.offset + 9);
       }, hole_kind::records, 1, 1, -1},
  };
  for (const auto& r : rows) {
    damaged_log l;
    r.damage(l);
    EXPECT_NE(faults_of(l.files, "log"), "") << r.name;
    const auto s = l.survey();
    ASSERT_EQ(s.holes.size(), 1u) << r.name;
    EXPECT_EQ(l.met.size(), 1u) << r.name;
    EXPECT_EQ(s.holes[0].what, r.kind) << r.name;
    EXPECT_EQ(s.holes[0].lost_records, r.lost_records) << r.name;
    EXPECT_EQ(s.holes[0].shard ? static_cast<int>(s.holes[0].shard->value) : -1, r.shard) << r.name;
    EXPECT_EQ(l.read.size(), l.all.size() - r.lost_commands) << r.name;
    for (const auto& c : l.read) { // what is read is what was written, in order
      const auto was = std::find_if(l.all.begin(), l.all.end(), [&](const auto& a) { return a.lsn == c.lsn; });
      ASSERT_TRUE(was != l.all.end()) << r.name;
      EXPECT_EQ(was->payload, c.payload);
      EXPECT_EQ(was->at, c.at);
    }
    ASSERT_TRUE(pad_holes(l.files, "log", s.holes)) << r.name;
    EXPECT_TRUE(l.survey().holes.empty()) << r.name;
    EXPECT_EQ(faults_of(l.files, "log"), "") << r.name;
    const auto begun = begin_behind(l.files, "log", s, {});
    ASSERT_TRUE(begun) << r.name;
    EXPECT_EQ(faults_of(l.files, "log"), "") << r.name;
    auto log = open_log(l.files);
    ASSERT_TRUE(log) << r.name;
    EXPECT_EQ(log->end(), *begun) << r.name;
    EXPECT_GT(log->next_lsn(), l.all.back().lsn) << r.name;
    EXPECT_TRUE(replayed(l.files, "log").empty()) << r.name;
    ASSERT_TRUE(log->append(group_of("new", 1, {10}))) << r.name;
    ASSERT_TRUE(log->commit()) << r.name;
    log.reset();
    EXPECT_EQ(names_of(replayed(l.files, "log")), "new/1of1") << r.name;
    EXPECT_EQ(faults_of(l.files, "log"), "") << r.name;
  }
}

TEST(LogDamage, SegmentsThatAreGoneAreHolesWhereReplayNeedsThem) {
  damaged_log l;
  const auto in_two = static_cast<std::size_t>(std::count_if(l.all.begin(), l.all.end(), [](const auto& c) { return c.at.segment == 2; }));
  ASSERT_GT(in_two, 0u);
  {
    damaged_log header;
    header.flip(2, 20);
    const auto s = header.survey();
    ASSERT_EQ(s.holes.size(), 1u);
    EXPECT_EQ(s.holes[0].what, hole_kind::segment);
    EXPECT_EQ(header.read.size(), l.all.size() - in_two);
    ASSERT_TRUE(pad_holes(header.files, "log", s.holes));
    EXPECT_TRUE(header.files.exists("log/00000002.damaged"));
    EXPECT_FALSE(header.files.exists("log/00000002.log"));
  }
  ASSERT_TRUE(l.files.remove("log/00000002.log"));
  EXPECT_EQ(l.survey().holes.size(), 1u);
  {
    auto log = open_log(l.files);
    log->set_needed_from(log->end());
    ASSERT_TRUE(log->commit());
  }
  EXPECT_TRUE(l.survey().holes.empty()) << "nobody needs it";
}

TEST(LogDamage, ARepairThatIsStoppedAnywhereCanBeDoneAgain) {
  for (std::uint64_t stop = 0; stop < 60; ++stop) {
    damaged_log l;
    l.flip(1, l.all[6].at.offset + 8);
    l.flip(1, l.all[0].bodies[0].offset + 5);
    const auto mend = [&] {
      const auto s = l.survey();
      if (!s.holes.empty() && !begin_behind(l.files, "log", s, {})) return;
      (void)pad_holes(l.files, "log", s.holes);
    };
    l.files.stop_at(stop);
    bool stopped = false;
    try {
      mend();
    } catch (const power_lost&) {
      stopped = true;
    }
    l.files.never_stop();
    if (stopped) l.files.crash();
    mend();
    EXPECT_EQ(faults_of(l.files, "log"), "") << stop;
    EXPECT_TRUE(open_log(l.files)) << stop;
    if (!stopped) return;
  }
  FAIL() << "it has fewer changes than that";
}

} // namespace
} // namespace rookery::storage
