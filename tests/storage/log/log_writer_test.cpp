#include "log_workload.hpp"

#include "storage/file/faulty_file_system.hpp"
#include "storage/file/spill_file.hpp"

#include <filesystem>

namespace rookery::storage {
namespace {

using namespace testing;
using base::error_kind;

TEST(LogWriter, GivesCommandsTheirPlacesAndReplayGivesTheSame) {
  faulty_file_system files;
  auto log = open_log(files);
  std::vector<committed_command> given;
  for (int i = 0; i < 40; ++i) {
    auto made = log->append(group_of("g" + std::to_string(i), static_cast<std::size_t>(1 + i % 3), {100, static_cast<std::size_t>(i * 97)}));
    ASSERT_TRUE(made);
    given.insert(given.end(), made->begin(), made->end());
    if (i % 4 == 3) {
      ASSERT_TRUE(log->commit());
    }
  }
  ASSERT_TRUE(log->commit());
  EXPECT_GT(log->segments().size(), 3u);
  const auto back = replayed(files, "log", {}, log->end());
  ASSERT_EQ(back.size(), given.size());
  for (std::size_t i = 0; i < back.size(); ++i) EXPECT_TRUE(same(back[i], given[i])) << given[i].payload;
  for (const auto& c : given)
    for (const auto& b : c.bodies)
      EXPECT_EQ(base::sha256(files.contents("log/" + segment_name(b.segment)).substr(b.offset, b.length)), b.id);
  EXPECT_EQ(faults_of(files, "log"), "");
}

TEST(LogWriter, ZerosWaitBehindTheEndOfAFreshSegment) {
  faulty_file_system files;
  auto log = open_log(files, small_log(65536));
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(log->append(group_of("g" + std::to_string(i), 1, {2000})));
    ASSERT_TRUE(log->commit());
    const auto changes = files.changes();
    log->look_ahead();
    const auto written = files.changes() - changes;
    EXPECT_LE(written, 1u) << "one piece at most";
    log->look_ahead();
    EXPECT_EQ(files.changes() - changes, written) << "nothing was committed since";
  }
  EXPECT_EQ(faults_of(files, "log"), "");
  log.reset();
  files.crash();
  EXPECT_EQ(replayed(files, "log", {}, open_log(files, small_log(65536))->end()).size(), 12u);
}

TEST(LogWriter, TheLastCommandOfEachShardInAGroupSaysSo) {
  faulty_file_system files;
  auto log = open_log(files);
  commit_group g;
  for (const std::uint32_t shard : {1u, 2u, 1u, 3u, 3u}) g.commands.push_back({base::shard_id(shard), 1, "x", {}});
  auto made = log->append(g);
  ASSERT_TRUE(log->commit());
  const auto back = replayed(files, "log");
  for (const auto& commands : {*made, back}) {
    std::string ends;
    for (const auto& c : commands) ends += c.group_end ? 'e' : '-';
    EXPECT_EQ(ends, "-ee-e");
  }
}

TEST(LogWriter, ReplayFromAnyGroupsEndGivesTheRest) {
  faulty_file_system files;
  auto log = open_log(files);
  std::vector<committed_command> given;
  for (int i = 0; i < 20; ++i) {
    auto made = log->append(group_of("g" + std::to_string(i), 2, {1500}));
    given.insert(given.end(), made->begin(), made->end());
    ASSERT_TRUE(log->commit());
  }
  for (std::size_t i = 1; i < given.size(); i += 2) {
    const auto rest = replayed(files, "log", given[i].next, log->end());
    ASSERT_EQ(rest.size(), given.size() - i - 1);
    if (!rest.empty()) {
      EXPECT_EQ(rest.front().payload, given[i + 1].payload);
    }
  }
}

TEST(LogWriter, GoesOnWhereItEndedWhenOpenedAgain) {
  faulty_file_system files;
  log_position end;
  std::uint64_t lsn = 0;
  for (int round = 0; round < 10; ++round) {
    auto log = open_log(files);
    if (round > 0) {
      EXPECT_EQ(log->end(), end);
      EXPECT_EQ(log->next_lsn(), lsn);
      EXPECT_EQ(log->recovery().dropped_octets, 0u);
    }
    ASSERT_TRUE(log->append(group_of("r" + std::to_string(round), 1, {3000})));
    ASSERT_TRUE(log->append_checkpoint(base::shard_id(2), log->end()));
    ASSERT_TRUE(log->commit());
    end = log->end();
    lsn = log->next_lsn();
  }
  EXPECT_EQ(names_of(replayed(files, "log")),
            "r0/1of1 r1/1of1 r2/1of1 r3/1of1 r4/1of1 r5/1of1 r6/1of1 r7/1of1 r8/1of1 r9/1of1");
  EXPECT_EQ(faults_of(files, "log"), "");
}

TEST(LogWriter, AGroupLargerThanASegmentGetsOneOfItsOwnSize) {
  faulty_file_system files;
  auto log = open_log(files);
  ASSERT_TRUE(log->append(group_of("small", 1, {100})));
  ASSERT_TRUE(log->append(group_of("large", 2, {50000, 70000})));
  ASSERT_TRUE(log->append(group_of("after", 1, {100})));
  ASSERT_TRUE(log->commit());
  EXPECT_EQ(log->segments().size(), 3u);
  EXPECT_EQ(names_of(replayed(files, "log")), "small/1of1 large/1of2 large/2of2 after/1of1");
  EXPECT_EQ(faults_of(files, "log"), "");
}

TEST(LogWriter, AFirstGroupLargerThanASegmentMakesTheSegmentGrow) {
  faulty_file_system files;
  auto log = open_log(files);
  ASSERT_TRUE(log->append(group_of("large", 1, {50000})));
  ASSERT_TRUE(log->commit());
  EXPECT_EQ(log->segments().size(), 1u);
  log = open_log(files);
  EXPECT_EQ(names_of(replayed(files, "log")), "large/1of1");
}

TEST(LogWriter, BodiesAndCommandsOfNoOctetsAreKept) {
  faulty_file_system files;
  auto log = open_log(files);
  commit_group g;
  g.bodies.push_back(body_of(""));
  g.commands.push_back({base::shard_id(2), 1, "", {0, 0}});
  ASSERT_TRUE(log->append(g));
  commit_group bodies;
  bodies.bodies.push_back(body_of("no command names me"));
  ASSERT_TRUE(log->append(bodies));
  ASSERT_TRUE(log->commit());
  const auto back = replayed(files, "log");
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].bodies.size(), 2u);
  EXPECT_EQ(open_log(files)->recovery().dropped_records, 0u);
}

TEST(LogWriter, WrongGroupsAreRefusedAndLeaveNothing) {
  faulty_file_system files;
  auto settings = small_log();
  settings.waiting_octets_max = 5000;
  settings.group_octets_max = 60000;
  auto log = open_log(files, settings);
  EXPECT_EQ(log->append({}).error().kind, error_kind::invalid);
  auto wrong = group_of("x", 1, {10});
  wrong.commands[0].bodies = {1};
  EXPECT_EQ(log->append(wrong).error().kind, error_kind::invalid);
  wrong = group_of("x", 1, {10});
  wrong.bodies[0].length = 11;
  EXPECT_EQ(log->append(wrong).error().kind, error_kind::invalid);
  EXPECT_EQ(log->append(group_of("x", 1, {60000})).error().kind, error_kind::over_limit);
  ASSERT_TRUE(log->append(group_of("a", 1, {4000})));
  EXPECT_EQ(log->append(group_of("b", 1, {4000})).error().kind, error_kind::try_later);
  ASSERT_TRUE(log->commit());
  ASSERT_TRUE(log->append(group_of("c", 1, {9000}))) << "a group alone may be larger than what may wait";
  ASSERT_TRUE(log->commit());
  EXPECT_EQ(names_of(replayed(files, "log")), "a/1of1 c/1of1");
}

body_source spilled(const spill_file& spill, const std::string& octets) {
  body_source b;
  b.spill_fd = spill.descriptor();
  b.length = static_cast<std::uint32_t>(octets.size());
  b.id = base::sha256(octets);
  return b;
}

TEST(LogWriter, SpilledBodiesAreCopiedAndMixWithOthers) {
  faulty_file_system files;
  auto log = open_log(files, small_log(2u << 20));
  auto spill = spill_file::open(std::filesystem::temp_directory_path().string());
  ASSERT_TRUE(spill);
  std::string octets;
  while (octets.size() < 700001) octets += "line " + std::to_string(octets.size()) + "\r\n";
  ASSERT_TRUE((*spill)->append(octets));
  ASSERT_TRUE(log->append(group_of("before", 1, {100})));
  auto mixed = group_of("mixed", 2, {10, 20});
  mixed.bodies.insert(mixed.bodies.begin() + 1, spilled(**spill, octets));
  mixed.bodies.push_back(spilled(**spill, octets));
  for (auto& c : mixed.commands) c.bodies = {0, 1, 2, 3};
  auto made = log->append(mixed);
  ASSERT_TRUE(made);
  ASSERT_TRUE(log->append(group_of("after", 1, {100})));
  ASSERT_TRUE(log->commit());
  const auto& ref = made->at(1).bodies.at(3);
  EXPECT_EQ(files.contents("log/" + segment_name(ref.segment)).substr(ref.offset, ref.length), octets);
  EXPECT_EQ(faults_of(files, "log"), "");
  EXPECT_EQ(names_of(replayed(files, "log")), "before/1of1 mixed/1of2 mixed/2of2 after/1of1");
}

TEST(LogWriter, AGroupWhoseSpillFileIsShortIsTakenBackWhole) {
  faulty_file_system files;
  auto log = open_log(files, small_log(2u << 20));
  auto spill = spill_file::open(std::filesystem::temp_directory_path().string());
  const std::string octets(400000, 'x');
  ASSERT_TRUE((*spill)->append(octets));
  ASSERT_TRUE(log->append(group_of("before", 1, {100})));
  auto wrong = group_of("wrong", 1, {10});
  wrong.bodies.push_back(spilled(**spill, octets));
  wrong.bodies.push_back(spilled(**spill, octets + "more"));
  EXPECT_EQ(log->append(wrong).error().kind, error_kind::invalid);
  ASSERT_TRUE(log->append(group_of("after", 1, {100})));
  ASSERT_TRUE(log->commit());
  EXPECT_EQ(names_of(replayed(files, "log")), "before/1of1 after/1of1");
  EXPECT_EQ(faults_of(files, "log"), "");
  log = open_log(files, small_log(2u << 20));
  EXPECT_EQ(log->recovery().dropped_octets, 0u);
}

TEST(LogWriter, AFullDiskRefusesMailFirstAndCommandsAtTheFloor) {
  faulty_file_system files;
  files.set_capacity(3u << 20);
  auto settings = small_log(256u << 10);
  settings.reserve_octets = 1u << 20;
  settings.floor_octets = 512u << 10;
  auto log = open_log(files, settings);
  int mails = 0;
  for (;; ++mails) {
    auto made = log->append(group_of("m", 1, {40000}));
    if (!made) {
      EXPECT_EQ(made.error().kind, error_kind::no_space);
      break;
    }
    ASSERT_TRUE(log->commit());
    ASSERT_LT(mails, 1000);
  }
  EXPECT_GT(mails, 20);
  EXPECT_FALSE(log->failed());
  EXPECT_GE(*files.free_octets("log"), settings.reserve_octets - settings.segment_octets);
  // Others fill the disk down to the reserve; commands still go through, for a while.
  auto other = files.open("log/other", open_mode::create);
  ASSERT_TRUE((*other)->preallocate(*files.free_octets("log") - settings.floor_octets - 10));
  log->look_at_space();
  EXPECT_EQ(log->append(group_of("m", 1, {10})).error().kind, error_kind::no_space);
  EXPECT_FALSE(log->has_space());
  int commands = 0;
  for (;; ++commands) {
    auto made = log->append(group_of(std::string(5000, 'c'), 1));
    if (!made) {
      EXPECT_EQ(made.error().kind, error_kind::no_space);
      break;
    }
    ASSERT_TRUE(log->commit());
    ASSERT_LT(commands, 1000);
  }
  EXPECT_GE(*files.free_octets("log"), settings.floor_octets);
  EXPECT_FALSE(log->failed());
  files.set_capacity(8u << 20);
  ASSERT_TRUE(log->append(group_of("again", 1, {40000})));
  ASSERT_TRUE(log->commit());
  EXPECT_EQ(faults_of(files, "log"), "");
  log = open_log(files, settings);
  EXPECT_TRUE(log->has_space());
}

TEST(LogWriter, AfterAFailedSyncNothingIsAcknowledgedAnyMore) {
  for (const bool at_segment_change : {false, true}) {
    faulty_file_system files(5);
    auto log = open_log(files);
    ASSERT_TRUE(log->append(group_of("kept", 1, {1000})));
    ASSERT_TRUE(log->commit());
    files.fail_sync_at(0);
    if (at_segment_change) {
      ASSERT_TRUE(log->append(group_of("first", 1, {9000})));
      EXPECT_EQ(log->append(group_of("lost", 1, {15000})).error().kind, error_kind::io);
    } else {
      ASSERT_TRUE(log->append(group_of("lost", 1, {1000})));
      EXPECT_EQ(log->commit().error().kind, error_kind::io);
    }
    EXPECT_TRUE(log->failed());
    EXPECT_FALSE(log->commit());
    EXPECT_FALSE(log->append(group_of("later", 1)));
    EXPECT_FALSE(log->append_checkpoint(base::shard_id(2), {}));
    EXPECT_FALSE(log->seal());
    // The process starts anew with the kernel's cache, then the power goes: what recovery showed stays.
    files.kill();
    log = open_log(files);
    const auto shown = names_of(replayed(files, "log", {}, log->end()));
    files.crash();
    log = open_log(files);
    EXPECT_EQ(names_of(replayed(files, "log", {}, log->end())), shown);
    EXPECT_EQ(shown.substr(0, 9), "kept/1of1");
  }
}

TEST(LogWriter, AFailedWriteEndsIt) {
  faulty_file_system files;
  auto log = open_log(files);
  ASSERT_TRUE(log->append(group_of("kept", 1, {1000})));
  ASSERT_TRUE(log->commit());
  files.fail_write_at(0);
  ASSERT_TRUE(log->append(group_of("lost", 2, {1000})));
  EXPECT_EQ(log->commit().error().kind, error_kind::io);
  EXPECT_TRUE(log->failed());
  EXPECT_FALSE(log->append(group_of("later", 1)));
  files.kill();
  log = open_log(files);
  EXPECT_EQ(names_of(replayed(files, "log", {}, log->end())), "kept/1of1");
}

TEST(LogWriter, SegmentsGoOnlyWhenNoCommandInThemIsNeeded) {
  faulty_file_system files;
  auto log = open_log(files);
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(log->append(group_of("g" + std::to_string(i), 1, {5000})));
    ASSERT_TRUE(log->commit());
  }
  ASSERT_GE(log->segments().size(), 4u);
  EXPECT_EQ(log->remove_segment(1).error().kind, error_kind::invalid);
  EXPECT_EQ(log->remove_segment(99).error().kind, error_kind::not_found);
  log->set_needed_from(log->end());
  EXPECT_EQ(log->remove_segment(1).error().kind, error_kind::invalid) << "not durable yet";
  ASSERT_TRUE(log->commit());
  ASSERT_TRUE(log->remove_segment(1));
  ASSERT_TRUE(log->remove_segment(3));
  ASSERT_TRUE(log->append(group_of("last", 1)));
  ASSERT_TRUE(log->commit());
  files.crash();
  log = open_log(files);
  EXPECT_EQ(names_of(replayed(files, "log", {}, log->end())), "last/1of1") << "a machine that never had a command";
  EXPECT_EQ(faults_of(files, "log"), "");
  const auto needed = log->needed_from().segment;
  while (log->end().segment < needed + 2) {
    ASSERT_TRUE(log->append(group_of("more", 1, {5000})));
    ASSERT_TRUE(log->commit());
  }
  ASSERT_TRUE(files.remove("log/" + segment_name(needed + 1)).ok());
  EXPECT_FALSE(replay(files, "log", {2, 64}, [](const auto&) {}, log->end()).ok()) << "this one was needed";
}

TEST(LogWriter, ReplayBeginsWhereTheLastCheckpointOfAllSays) {
  faulty_file_system files;
  auto log = open_log(files);
  std::string expected;
  for (int i = 0; i < 30; ++i) {
    const auto name = "g" + std::to_string(i);
    ASSERT_TRUE(log->append(group_of(name, 1, {2000})));
    ASSERT_TRUE(log->commit());
    expected += (expected.empty() ? "" : " ") + name + "/1of1";
    if (i % 7 == 6) {
      log->set_needed_from(log->end());
      ASSERT_TRUE(log->commit());
      expected.clear();
    }
    files.crash();
    log = open_log(files);
    EXPECT_EQ(names_of(replayed(files, "log", {}, log->end())), expected) << i;
  }
}

TEST(LogWriter, ALogOfAnotherNodeIsRefused) {
  faulty_file_system files;
  open_log(files);
  auto settings = small_log();
  settings.node = base::node_id(2);
  EXPECT_EQ(log_writer::open(files, "log", settings).error().kind, error_kind::invalid);
}

TEST(LogWriter, WorksOnTheKernelsFiles) {
  auto directory = (std::filesystem::temp_directory_path() / "rookery_log_test.XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  auto& files = posix_file_system();
  auto settings = small_log(64u << 10);
  std::string expected;
  for (int round = 0; round < 3; ++round) {
    auto log = log_writer::open(files, directory + "/log", settings);
    ASSERT_TRUE(log) << log.error().log.value;
    for (int i = 0; i < 20; ++i) {
      const auto name = "g" + std::to_string(round) + "." + std::to_string(i);
      ASSERT_TRUE((*log)->append(group_of(name, 1, {4000})));
      ASSERT_TRUE((*log)->commit());
      expected += (expected.empty() ? "" : " ") + name + "/1of1";
    }
  }
  EXPECT_EQ(names_of(replayed(files, directory + "/log")), expected);
  EXPECT_EQ(faults_of(files, directory + "/log"), "");
  std::filesystem::remove_all(directory);
}

} // namespace
} // namespace rookery::storage
