#include "storage/file/faulty_file_system.hpp"
#include "storage/file/file_system.hpp"
#include "storage/file/spill_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

namespace rookery::storage {
namespace {

using base::error_kind;

std::string text_of(file_system& files, const std::string& path) {
  auto read = files.read_all(path, 1u << 20);
  return read ? *read : "(" + read.error().log.value + ")";
}

/// What both kinds of file system promise, asked of both.
class FileSystem : public ::testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    if (!GetParam()) {
      files_ = &twin_;
      directory_ = "data";
    } else {
      auto name = (std::filesystem::temp_directory_path() / "rookery_file_test.XXXXXX").string();
      directory_ = ::mkdtemp(name.data());
      made_ = directory_;
    }
    ASSERT_TRUE(files_->make_directory(directory_ + "/a/b"));
    directory_ += "/a/b";
  }
  void TearDown() override {
    if (!made_.empty()) std::filesystem::remove_all(made_);
  }
  faulty_file_system twin_;
  file_system* files_ = &posix_file_system();
  std::string directory_, made_;
};

TEST_P(FileSystem, WritesPiecesOneBehindTheOtherAndReadsThemBack) {
  auto f = files_->open(directory_ + "/f", open_mode::create);
  ASSERT_TRUE(f);
  std::vector<std::string> octets;
  std::vector<std::string_view> pieces;
  std::string all;
  for (int i = 0; i < 3000; ++i) octets.push_back(std::string(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26)));
  for (const auto& o : octets) {
    pieces.push_back(o);
    all += o;
  }
  ASSERT_TRUE((*f)->write(5, pieces));
  ASSERT_TRUE((*f)->sync());
  std::string back(all.size() + 100, 'x');
  EXPECT_EQ(*(*f)->read(5, back.data(), back.size()), all.size());
  EXPECT_EQ(back.substr(0, all.size()), all);
  EXPECT_EQ(*(*f)->size(), all.size() + 5);
  EXPECT_EQ(text_of(*files_, directory_ + "/f"), std::string(5, '\0') + all);
  const auto quick = (*f)->try_read(5, back.data(), 10);
  EXPECT_EQ(quick.what, quick_read::state::octets);
  EXPECT_EQ(quick.count, 10u);
  EXPECT_EQ((*f)->try_read(all.size() + 5, back.data(), 10).what, quick_read::state::end);
}

TEST_P(FileSystem, AllocatesZerosAndTruncates) {
  auto f = files_->open(directory_ + "/f", open_mode::create);
  ASSERT_TRUE((*f)->preallocate(10000));
  EXPECT_EQ(text_of(*files_, directory_ + "/f"), std::string(10000, '\0'));
  ASSERT_TRUE((*f)->write(0, "abcdef"));
  ASSERT_TRUE((*f)->truncate(3));
  ASSERT_TRUE((*f)->preallocate(6));
  EXPECT_EQ(text_of(*files_, directory_ + "/f"), std::string("abc\0\0\0", 6));
}

TEST_P(FileSystem, NamesAreMadeRenamedLinkedAndRemoved) {
  EXPECT_EQ(files_->open(directory_ + "/f", open_mode::read).error().kind, error_kind::not_found);
  ASSERT_TRUE(files_->open(directory_ + "/f", open_mode::create));
  EXPECT_EQ(files_->open(directory_ + "/f", open_mode::create).error().kind, error_kind::exists);
  ASSERT_TRUE(files_->replace(directory_ + "/g", "one"));
  ASSERT_TRUE(files_->replace(directory_ + "/g", "two"));
  EXPECT_EQ(text_of(*files_, directory_ + "/g"), "two");
  ASSERT_TRUE(files_->link(directory_ + "/g", directory_ + "/h"));
  EXPECT_EQ(files_->link(directory_ + "/g", directory_ + "/h").error().kind, error_kind::exists);
  ASSERT_TRUE(files_->rename(directory_ + "/g", directory_ + "/f"));
  EXPECT_EQ(*files_->list(directory_), (std::vector<std::string>{"f", "h"}));
  EXPECT_EQ(text_of(*files_, directory_ + "/f"), "two");
  ASSERT_TRUE(files_->remove(directory_ + "/h"));
  EXPECT_EQ(files_->remove(directory_ + "/h").error().kind, error_kind::not_found);
  EXPECT_EQ(files_->list(directory_ + "/none").error().kind, error_kind::not_found);
  EXPECT_TRUE(files_->sync_directory(directory_));
  EXPECT_GT(*files_->free_octets(directory_), 0u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FileSystem, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "Kernel" : "Twin"; });

TEST(SpillFile, KeepsWhatIsAppendedAndHasNoName) {
  const auto directory = std::filesystem::temp_directory_path().string();
  auto spill = spill_file::open(directory);
  ASSERT_TRUE(spill);
  ASSERT_TRUE((*spill)->append("hello "));
  ASSERT_TRUE((*spill)->append("world"));
  char out[20];
  EXPECT_EQ(*(*spill)->read(4, out, sizeof out), 7u);
  EXPECT_EQ(std::string_view(out, 7), "o world");
  EXPECT_EQ(*read_descriptor((*spill)->descriptor(), 0, out, 5), 5u);
  EXPECT_EQ((*spill)->size(), 11u);
}

// The twin's own faults.

TEST(FaultyFiles, ACrashKeepsWhatWasSyncedAndAnyPartOfTheRest) {
  std::set<std::string> left;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    faulty_file_system files(seed);
    ASSERT_TRUE(files.make_directory("d"));
    auto f = files.open("d/f", open_mode::create);
    ASSERT_TRUE((*f)->write(0, std::string(8192, 'a')));
    ASSERT_TRUE((*f)->sync());
    ASSERT_TRUE(files.sync_directory("d"));
    ASSERT_TRUE((*f)->write(4096, std::string(4096, 'b')));
    files.crash();
    EXPECT_FALSE((*f)->size());
    const auto now = files.contents("d/f");
    ASSERT_EQ(now.size(), 8192u);
    EXPECT_EQ(now.substr(0, 4096), std::string(4096, 'a'));
    left.insert(std::string{now[4096], now[8191]});
  }
  EXPECT_EQ(left, (std::set<std::string>{"aa", "ab", "ba", "bb"}));
}

TEST(FaultyFiles, AnUnsyncedNameMayBeLostAndARenameIsWholeOrNot) {
  std::set<std::vector<std::string>> left;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    faulty_file_system files(seed);
    ASSERT_TRUE(files.make_directory("d"));
    ASSERT_TRUE(files.replace("d/a", "1"));
    ASSERT_TRUE(files.rename("d/a", "d/b"));
    files.crash();
    left.insert(*files.list("d"));
  }
  EXPECT_EQ(left, (std::set<std::vector<std::string>>{{"a"}, {"b"}}));
}

TEST(FaultyFiles, StopsAtTheNthChangeAndStaysDownUntilTheCrash) {
  faulty_file_system files;
  ASSERT_TRUE(files.make_directory("d"));
  auto f = files.open("d/f", open_mode::create);
  files.stop_at(1);
  ASSERT_TRUE((*f)->write(0, "first"));
  EXPECT_THROW((void)(*f)->write(5, "second"), power_lost);
  EXPECT_THROW((void)(*f)->sync(), power_lost);
  EXPECT_THROW((void)files.list("d"), power_lost);
  files.kill();
  ASSERT_TRUE(files.list("d"));
  EXPECT_EQ(files.contents("d/f").substr(0, 5), "first");
}

TEST(FaultyFiles, AFailedSyncLosesWhatItShouldHaveKept) {
  faulty_file_system files;
  ASSERT_TRUE(files.make_directory("d"));
  auto f = files.open("d/f", open_mode::create);
  ASSERT_TRUE(files.sync_directory("d"));
  ASSERT_TRUE((*f)->write(0, "old"));
  ASSERT_TRUE((*f)->sync());
  ASSERT_TRUE((*f)->write(0, "new"));
  files.fail_sync_at(0);
  EXPECT_FALSE((*f)->sync());
  ASSERT_TRUE((*f)->sync()) << "the kernel says that all is well afterwards";
  files.crash();
  EXPECT_EQ(files.contents("d/f"), "old");
}

TEST(FaultyFiles, AFullVolumeRefusesAndSaysHowMuchIsLeft) {
  faulty_file_system files;
  ASSERT_TRUE(files.make_directory("d"));
  files.set_capacity(10000);
  auto f = files.open("d/f", open_mode::create);
  ASSERT_TRUE((*f)->preallocate(9000));
  EXPECT_EQ(*files.free_octets("d"), 1000u);
  EXPECT_EQ((*f)->write(9000, std::string(1001, 'x')).error().kind, error_kind::no_space);
  EXPECT_TRUE((*f)->write(9000, std::string(1000, 'x')));
}

} // namespace
} // namespace rookery::storage
