#include "storage/tree/tree_copy.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

namespace rookery::storage {
namespace {

TEST(TreeCopy, HoldsEveryRowInANewDirectory) {
  std::string folder = ::testing::TempDir() + "tree_copy_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::map<std::string, std::string> rows{{std::string("\0", 1), "zero"}, {"\xff\xff", "high"}, {"empty", ""}};
  for (int i = 0; i < 3000; ++i) rows["key" + std::to_string(i)] = std::string(1000, static_cast<char>('a' + i % 26));
  const auto from = tree::in_memory();
  tree::batch all;
  for (const auto& [key, value] : rows) all.put(key, value);
  ASSERT_TRUE(from->write(all, true));
  const auto octets = copy_tree(*from, folder + "/copy");
  ASSERT_TRUE(octets);
  EXPECT_GT(*octets, 3000u * 1000u);
  const auto copy = tree::open_leveldb(folder + "/copy", {});
  ASSERT_TRUE(copy);
  std::map<std::string, std::string> seen;
  ASSERT_TRUE((*copy)->scan({}, std::string(64, '\xff'), [&](std::string_view key, std::string_view value) {
    seen.emplace(key, value);
    return true;
  }));
  EXPECT_EQ(seen, rows);
  std::filesystem::remove_all(folder);
}

} // namespace
} // namespace rookery::storage
