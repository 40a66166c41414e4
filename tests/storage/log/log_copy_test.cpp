#include "storage/log/log_copy.hpp"

#include "log_workload.hpp"
#include "storage/file/faulty_file_system.hpp"

namespace rookery::storage {
namespace {

using namespace testing;
using base::error_kind;

std::string faults_of_copy(file_system& files, const std::string& directory, log_position until) {
  auto report = check_log_copy(files, directory, until);
  if (!report) return report.error().log.value;
  std::string out;
  for (const auto& f : report->faults) out += f + "\n";
  return out;
}

TEST(LogCopy, ARunningLogIsCopiedUpToAPositionAndOpensAgain) {
  for (const bool link : {false, true}) {
    faulty_file_system files;
    auto log = open_log(files);
    const auto write = [&](const char* name) {
      for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(log->append(group_of(name, 1, {5000})));
        ASSERT_TRUE(log->commit());
      }
    };
    write("before");
    const auto until = log->end();
    const auto plan = plan_log_copy(files, "log", until);
    ASSERT_TRUE(plan);
    write("after"); // seals the segment that was the last one
    std::uint64_t told = 0;
    ASSERT_TRUE(copy_log(files, "log", *plan, "copy/log", link, [&](std::uint64_t octets) {
      EXPECT_GT(octets, told);
      told = octets;
      return true;
    }));
    EXPECT_EQ(faults_of_copy(files, "copy/log", until), "");
    write("more");
    EXPECT_EQ(faults_of_copy(files, "copy/log", until), "");
    auto restored = log_writer::open(files, "copy/log", small_log());
    ASSERT_TRUE(restored);
    EXPECT_EQ((*restored)->end(), until);
    EXPECT_EQ(replayed(files, "copy/log").size(), 8u);
    ASSERT_TRUE((*restored)->append(group_of("own", 1, {5000})));
    ASSERT_TRUE((*restored)->commit());
    EXPECT_EQ(replayed(files, "log").size(), 24u);
    EXPECT_EQ(faults_of(files, "log"), "");
  }
}

TEST(LogCopy, AnIncompleteCopyIsFound) {
  faulty_file_system files;
  auto log = open_log(files);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(log->append(group_of("g", 1, {5000})));
    ASSERT_TRUE(log->commit());
  }
  const auto plan = plan_log_copy(files, "log", log->end());
  ASSERT_TRUE(plan);
  EXPECT_EQ(copy_log(files, "log", *plan, "stopped", false, [](std::uint64_t) { return false; }).error().kind, error_kind::try_later);
  EXPECT_NE(faults_of_copy(files, "stopped", log->end()), "");
  ASSERT_TRUE(copy_log(files, "log", *plan, "damaged", false));
  files.damage("damaged/00000001.log", 300, "#");
  EXPECT_NE(faults_of_copy(files, "damaged", log->end()), "");
  ASSERT_TRUE(copy_log(files, "log", *plan, "short", false));
  auto last = files.open("short/" + segment_name(log->end().segment), open_mode::write);
  ASSERT_TRUE((*last)->truncate(64));
  EXPECT_NE(faults_of_copy(files, "short", log->end()), "");
  EXPECT_EQ(plan_log_copy(files, "log", {99, 64}).error().kind, error_kind::not_found);
}

} // namespace
} // namespace rookery::storage
