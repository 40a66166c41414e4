#include "storage/tree/memory_tree.hpp"
#include "storage/tree/tree.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>

namespace rookery::storage {
namespace {

struct directory {
  std::string path;
  directory() {
    std::string name = (std::filesystem::temp_directory_path() / "rookery-tree-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~directory() { std::filesystem::remove_all(path); }
};

struct kind {
  const char* name;
  std::function<std::unique_ptr<tree>(const directory&)> open;
};

class Tree : public testing::TestWithParam<kind> {
protected:
  directory where_;
  std::unique_ptr<tree> tree_ = GetParam().open(where_);

  std::string dump(std::string_view from, std::string_view to) const {
    std::string out;
    EXPECT_TRUE(tree_->scan(from, to, [&](std::string_view k, std::string_view v) {
      out.append(k).append("=").append(v).append(" ");
      return true;
    }).ok());
    return out;
  }
};

TEST_P(Tree, ABatchIsSeenWholeAndInOrder) {
  tree::batch batch;
  batch.put("b", "2");
  batch.put("a", "1");
  batch.put(std::string("c\0d", 3), "3");
  batch.put("a", "4");
  batch.remove("b");
  EXPECT_EQ(batch.octets, 2u + 2u + 4u + 2u + 1u);
  ASSERT_TRUE(tree_->write(batch, false).ok());
  EXPECT_EQ(dump("", "\xff"), std::string("a=4 c\0d=3 ", 10));
  EXPECT_EQ(tree_->get("a").value(), std::optional<std::string>("4"));
  EXPECT_EQ(tree_->get("b").value(), std::nullopt);
}

TEST_P(Tree, AScanBackGivesTheSameRowsFromTheLast) {
  tree::batch batch;
  for (const char* key : {"a", "b", "c", "d"}) batch.put(key, key);
  ASSERT_TRUE(tree_->write(batch, true).ok());
  const auto back = [&](std::string_view from, std::string_view to, std::size_t max) {
    std::string out;
    EXPECT_TRUE(tree_->scan_back(from, to, [&](std::string_view k, std::string_view v) {
      out.append(k).append("=").append(v).append(" ");
      return --max > 0;
    }).ok());
    return out;
  };
  EXPECT_EQ(back("", "\xff", 9), "d=d c=c b=b a=a ");
  EXPECT_EQ(back("b", "d", 9), "c=c b=b ");
  EXPECT_EQ(back("b", "cc", 1), "c=c ");
  EXPECT_EQ(back("e", "z", 9), "");
  EXPECT_EQ(back("", "a", 9), "");
}

TEST_P(Tree, AScanEndsBeforeItsEndAndWhenItIsTold) {
  tree::batch batch;
  for (const char* key : {"a", "b", "c", "d"}) batch.put(key, key);
  ASSERT_TRUE(tree_->write(batch, true).ok());
  EXPECT_EQ(dump("b", "d"), "b=b c=c ");
  int seen = 0;
  ASSERT_TRUE(tree_->scan("a", "z", [&](std::string_view, std::string_view) { return ++seen < 2; }).ok());
  EXPECT_EQ(seen, 2);
}

TEST_P(Tree, RowsMayBeReadWhileScanning) {
  tree::batch batch;
  batch.put("a", "1");
  ASSERT_TRUE(tree_->write(batch, false).ok());
  ASSERT_TRUE(tree_->scan("", "z", [&](std::string_view key, std::string_view) {
    EXPECT_TRUE(tree_->get(key).value().has_value());
    return true;
  }).ok());
}

INSTANTIATE_TEST_SUITE_P(Kinds, Tree,
                         testing::Values(kind{"memory", [](const directory&) { return tree::in_memory(); }},
                                         kind{"leveldb",
                                              [](const directory& d) {
                                                return std::move(tree::open_leveldb(d.path + "/t", {})).value();
                                              }}),
                         [](const auto& tested) { return tested.param.name; });

TEST(MemoryDisk, ACrashLosesOnlyASuffixOfWhatWasNotSynced) {
  const auto disk = std::make_shared<memory_disk>();
  const auto put = [&](const char* key, bool durable) {
    tree::batch batch;
    batch.put(key, "x");
    ASSERT_TRUE(open_memory_tree(disk)->write(batch, durable).ok());
  };
  put("a", false);
  put("b", true);
  put("c", false);
  put("d", false);
  put("e", false);
  EXPECT_EQ(disk->unsynced(), 3u);
  disk->crash(2);
  std::string left;
  for (const auto& [key, value] : disk->content()) left += key;
  EXPECT_EQ(left, "abcd");
}

TEST(MemoryDisk, ARefusedWriteChangesNothing) {
  const auto disk = std::make_shared<memory_disk>();
  const auto open = open_memory_tree(disk);
  tree::batch batch;
  batch.put("a", "x");
  disk->refuse_after(1);
  EXPECT_TRUE(open->write(batch, false).ok());
  batch.put("b", "x");
  EXPECT_FALSE(open->write(batch, true).ok());
  EXPECT_EQ(disk->content().size(), 1u);
  disk->accept_again();
  EXPECT_TRUE(open->write(batch, true).ok());
}

TEST(LeveldbTree, RowsAreThereAfterClosing) {
  const directory where;
  {
    const auto open = std::move(tree::open_leveldb(where.path, {})).value();
    tree::batch batch;
    batch.put("a", "1");
    ASSERT_TRUE(open->write(batch, false).ok());
  }
  const auto open = std::move(tree::open_leveldb(where.path, {})).value();
  EXPECT_EQ(open->get("a").value(), std::optional<std::string>("1"));
  EXPECT_FALSE(tree::open_leveldb(where.path, {}).ok()) << "a second owner is refused";
}

} // namespace
} // namespace rookery::storage
