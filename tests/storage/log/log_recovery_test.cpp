#include "log_workload.hpp"

#include "storage/file/faulty_file_system.hpp"

namespace rookery::storage {
namespace {

using namespace testing;
using base::error_kind;

/// A log of three writes: "a" (one command, a body), "b" and "c" together, "d".
struct sample {
  faulty_file_system files;
  log_position a, b, c, d;
  std::string path = "log/00000001.log";

  sample() {
    auto log = open_log(files, small_log(65536));
    a = log->append(group_of("a", 1, {1000}))->back().next;
    EXPECT_TRUE(log->commit());
    b = log->append(group_of("b", 2, {3000}))->back().next;
    c = log->append(group_of("c", 1, {5000}))->back().next;
    EXPECT_TRUE(log->commit());
    d = log->append(group_of("d", 1, {1000}))->back().next;
    EXPECT_TRUE(log->commit());
  }
  std::string open_and_replay() {
    auto log = log_writer::open(files, "log", small_log(65536));
    if (!log) return log.error().kind == error_kind::damaged ? "damaged" : "refused: " + log.error().log.value;
    auto first = names_of(replayed(files, "log", {}, (*log)->end()));
    // What follows is written behind it and found again.
    EXPECT_TRUE((*log)->append(group_of("e", 1, {2000})));
    EXPECT_TRUE((*log)->commit());
    log = log_writer::open(files, "log", small_log(65536));
    EXPECT_TRUE(log);
    if (log) {
      EXPECT_EQ(names_of(replayed(files, "log", {}, (*log)->end())), first + (first.empty() ? "" : " ") + "e/1of1");
    }
    EXPECT_EQ(faults_of(files, "log"), "");
    return first;
  }
};

TEST(LogRecovery, ATornLastWriteIsCutAndDamageBeforeItIsRefused) {
  const sample s;
  struct row {
    const char* name;
    std::uint64_t at;
    std::string octets;
    const char* expected;
  };
  const std::string all = "a/1of1 b/1of2 b/2of2 c/1of1 d/1of1";
  const std::string without_d = "a/1of1 b/1of2 b/2of2 c/1of1";
  const std::vector<row> rows = {
    {"nothing is damaged", 60000, std::string(1, '\0'), all.c_str()},
    {"noise behind the end", s.d.offset, "noise", all.c_str()},
    {"noise far behind the end", 60001, "noise", all.c_str()},
    {"the last command's payload", s.d.offset - 20u, "X", without_d.c_str()},
    {"the last command's padding is no one's", s.d.offset - 1u, std::string(1, '\0'), all.c_str()},
    {"the last write's first head", s.c.offset, "X", without_d.c_str()},
    {"the last write's first head is zero", s.c.offset, std::string(32, '\0'), without_d.c_str()},
    {"the last write's body", s.c.offset + 500u, "X", without_d.c_str()},
    {"the last write is all zero", s.c.offset, std::string(s.d.offset - s.c.offset, '\0'), without_d.c_str()},
    {"the second write's first head", s.a.offset, "X", "damaged"},
    {"the second write's body", s.a.offset + 100u, "X", "damaged"},
    {"the second group of the second write", s.b.offset + 100u, "X", "damaged"},
    {"a command in the middle", s.b.offset - 20u, "X", "damaged"},
    {"the first record", segment_header_octets, "X", "damaged"},
    {"zeros in the middle", s.a.offset, std::string(s.b.offset - s.a.offset, '\0'), "damaged"},
    {"the segment's header", 10, "X", "damaged"},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    sample fresh;
    fresh.files.damage(fresh.path, r.at, r.octets);
    EXPECT_EQ(fresh.open_and_replay(), r.expected);
  }
}

TEST(LogRecovery, AGroupWithoutItsEndIsDropped) {
  sample s;
  // "b" has three records; zero from the third on, as if the power went within the write.
  const auto end = s.d.offset;
  s.files.damage(s.path, s.b.offset - 80u, std::string(end - s.b.offset + 80u, '\0'));
  auto log = open_log(s.files, small_log(65536));
  EXPECT_EQ(log->end(), s.a);
  EXPECT_EQ(log->recovery().dropped_records, 2u);
  EXPECT_GT(log->recovery().dropped_octets, 3000u);
  EXPECT_EQ(names_of(replayed(s.files, "log", {}, log->end())), "a/1of1");
}

TEST(LogRecovery, DamageInASealedSegmentIsFoundByReplayAndCheck) {
  faulty_file_system files;
  auto log = open_log(files);
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(log->append(group_of("g" + std::to_string(i), 1, {5000})));
    ASSERT_TRUE(log->commit());
  }
  const auto end = log->end();
  const auto octets = files.contents("log/00000002.log");
  struct row { const char* name; std::uint64_t at; bool replay_finds; };
  for (const auto& r : {row{"head of a body", 64, true}, row{"within a body", 500, false},
                        row{"a command", octets.size() - 30, true}, row{"the header", 20, true}}) {
    SCOPED_TRACE(r.name);
    files.damage("log/00000002.log", r.at, "####");
    auto result = replay(files, "log", {}, [](const auto&) {}, end);
    EXPECT_EQ(result.ok(), !r.replay_finds);
    if (!result) {
      EXPECT_EQ(result.error().kind, error_kind::damaged);
    }
    EXPECT_NE(faults_of(files, "log"), "");
    EXPECT_NE(faults_of(files, "log").find("00000002.log"), std::string::npos);
    files.damage("log/00000002.log", 0, octets);
    EXPECT_EQ(faults_of(files, "log"), "");
  }
}

TEST(LogRecovery, ASealedSegmentThatLostItsEndIsFound) {
  faulty_file_system files;
  auto log = open_log(files);
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(log->append(group_of("g" + std::to_string(i), 1, {5000})));
    ASSERT_TRUE(log->commit());
  }
  auto f = files.open("log/00000001.log", open_mode::write);
  ASSERT_TRUE((*f)->truncate(64 + 5000 + 200));
  EXPECT_EQ(replay(files, "log", {}, [](const auto&) {}, log->end()).error().kind, error_kind::damaged);
  EXPECT_NE(faults_of(files, "log"), "");
}

TEST(LogRecovery, ANewerFormatIsRefusedByName) {
  faulty_file_system files;
  open_log(files);
  auto header = *read_segment_header(files.contents("log/00000001.log"));
  header.version = 9;
  files.damage("log/00000001.log", 0, write_segment_header(header));
  auto opened = log_writer::open(files, "log", small_log());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, error_kind::unsupported);
  EXPECT_NE(opened.error().log.value.find("9"), std::string::npos);
}

TEST(LogRecovery, AMachineAheadOfTheLogIsToldSo) {
  sample s;
  auto log = open_log(s.files, small_log(65536));
  EXPECT_EQ(replay(s.files, "log", {1, s.d.offset + 8}, [](const auto&) {}, log->end()).error().kind, error_kind::damaged);
  EXPECT_EQ(replay(s.files, "log", {2, 64}, [](const auto&) {}, log->end()).error().kind, error_kind::damaged);
}

} // namespace
} // namespace rookery::storage
