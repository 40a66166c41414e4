#include "actors/cluster/path_probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string nonce(32, 'a');

struct place {
  std::string path;
  place() {
    char name[] = "/tmp/path_probe_XXXXXX";
    path = ::mkdtemp(name);
  }
  ~place() { std::filesystem::remove_all(path); }
};

TEST(PathProbe, NodesSeeWhatOthersWriteOnOneStorage) {
  const place shared, other;
  path_probe a, b, c;
  ASSERT_TRUE(a.write(shared.path, nonce, 4));
  const auto written = b.write(shared.path, nonce, 6);
  ASSERT_TRUE(written);
  EXPECT_GT(written->total, 0u);
  EXPECT_FALSE(written->type.empty());
  ASSERT_TRUE(c.write(other.path, nonce, 8));
  EXPECT_EQ(a.read(shared.path, nonce, {4, 6}).nodes, (std::vector<std::uint64_t>{4, 6}));
  EXPECT_EQ(c.read(other.path, nonce, {8}).nodes, (std::vector<std::uint64_t>{8}));
  EXPECT_TRUE(a.read(shared.path, std::string(32, 'b'), {}).nodes.empty());
  a.clean(shared.path, nonce, 4);
  b.clean(shared.path, nonce, 6);
  c.clean(other.path, nonce, 8);
  EXPECT_TRUE(std::filesystem::is_empty(shared.path));
  EXPECT_TRUE(std::filesystem::is_empty(other.path));
}

TEST(PathProbe, SaysWhyAPathIsNone) {
  const place in;
  path_probe p;
  EXPECT_FALSE(p.write("relative", nonce, 1));
  EXPECT_FALSE(p.write("", nonce, 1));
  EXPECT_THAT(p.write(in.path + "/missing", nonce, 1).error().client.value, HasSubstr("No such file"));
  EXPECT_FALSE(p.write(in.path, "../../x", 1)) << "a nonce is part of a name";
  ASSERT_TRUE(p.write(in.path, nonce, 1));
  EXPECT_FALSE(p.write(in.path, nonce, 1)) << "a second check of the same nonce";
  p.clean(in.path, nonce, 1);
}

TEST(PathProbe, ALockIsForOneProcess) {
  const place in;
  path_probe mine;
  ASSERT_EQ(mine.lock(in.path, nonce), path_probe::lock_answer::taken);
  const auto in_another_process = [&] {
    const auto child = ::fork();
    if (child == 0) {
      path_probe p;
      ::_exit(static_cast<int>(p.lock(in.path, nonce)));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return static_cast<path_probe::lock_answer>(WEXITSTATUS(status));
  };
  EXPECT_EQ(in_another_process(), path_probe::lock_answer::busy);
  mine.unlock(nonce);
  EXPECT_EQ(in_another_process(), path_probe::lock_answer::taken);
  EXPECT_EQ(mine.lock(in.path + "/missing", nonce), path_probe::lock_answer::failed);
}

path_finding well(std::uint64_t node) {
  path_finding f;
  f.node = node;
  f.name = "mail" + std::to_string(node);
  f.written.free = f.written.total = std::uint64_t{100} << 30;
  f.seen.nodes = {4, 6};
  return f;
}

TEST(PathWarnings, NoneWhenAllIsWell) {
  EXPECT_THAT(path_warnings("/p", {well(4), well(6)}, {4, {}, {}, true}), ElementsAre());
  auto alone = well(4);
  alone.seen.nodes = {4};
  EXPECT_THAT(path_warnings("/p", {alone}, {}), ElementsAre()) << "one node has nobody to lock against";
}

TEST(PathWarnings, NameWhatIsWrong) {
  auto blind = well(6);
  blind.seen.nodes = {6};
  EXPECT_THAT(path_warnings("/p", {well(4), blind}, {4, {}, {}, true}), ElementsAre(HasSubstr("mail6 does not see what is written by mail4")));
  auto gone = well(6);
  gone.fault = "the path is no directory";
  EXPECT_THAT(path_warnings("/p", {well(4), gone}, {}), ElementsAre("mail6: the path is no directory"));
  auto slow = well(6);
  slow.written.sync = std::chrono::seconds(1);
  slow.written.free = 1 << 20;
  EXPECT_THAT(path_warnings("/p", {well(4), slow}, {4, {}, {}, true}), ElementsAre(HasSubstr("1000 ms"), HasSubstr("1 MiB")));
  EXPECT_THAT(path_warnings("/p", {well(4), well(6)}, {4, {6}, {}, false}), ElementsAre(HasSubstr("mail6 got a lock that mail4 held")));
  EXPECT_THAT(path_warnings("/p", {well(4), well(6)}, {0, {}, {}, false}), ElementsAre(HasSubstr("no node could lock")));
  EXPECT_THAT(path_warnings("/p", {well(4), well(6)}, {4, {}, {6}, false}), ElementsAre(HasSubstr("could not try"), HasSubstr("not given to another")));
}

} // namespace
} // namespace rookery::actors
