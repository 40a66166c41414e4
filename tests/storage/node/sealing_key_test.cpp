#include "base/text.hpp"
#include "storage/node/node_store.hpp"
#include "storage/node/sealing_key.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <stdlib.h>

namespace rookery::storage {
namespace {

/// A directory of its own, gone at the end.
struct place {
  std::string path;
  place() {
    char name[] = "/tmp/sealing_XXXXXX";
    path = ::mkdtemp(name);
  }
  ~place() { std::filesystem::remove_all(path); }
};

std::shared_ptr<const base::secret_box> open(const place& in) {
  auto box = open_secret_box(posix_file_system(), in.path);
  return box ? *box : nullptr;
}

TEST(SealingKey, IsMadeOnceAndForItsOwnerAlone) {
  const place in;
  const auto first = open(in);
  ASSERT_TRUE(first);
  const auto sealed = first->seal("secret", "queue");
  EXPECT_EQ(open(in)->open(sealed, "queue"), "secret") << "the same key after a start";
  const place other;
  EXPECT_FALSE(open(other)->open(sealed, "queue")) << "each store has its own";
  const auto mode = std::filesystem::status(sealing_key_path(in.path)).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(SealingKey, AFileThatHoldsNoneIsNotReplaced) {
  for (const std::string& text : {std::string(), std::string("00ff\n"), std::string(64, 'x'), std::string(66, '0')}) {
    const place in;
    std::ofstream(sealing_key_path(in.path)) << text;
    const auto box = open_secret_box(posix_file_system(), in.path);
    ASSERT_FALSE(box) << text;
    EXPECT_EQ(box.error().kind, base::error_kind::damaged);
    std::ifstream file(sealing_key_path(in.path));
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
  }
}

TEST(SealingKey, AnOpenedStoreHasItsBox) {
  const place in;
  std::string sealed;
  {
    const auto made = node_store::open(in.path, true);
    ASSERT_TRUE(made);
    sealed = (*made)->secrets->seal("secret", "queue");
  }
  const auto again = node_store::open(in.path, false);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->secrets->open(sealed, "queue"), "secret");
}

} // namespace
} // namespace rookery::storage
