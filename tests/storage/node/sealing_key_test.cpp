#include "base/text.hpp"
#include "storage/node/node_store.hpp"
#include "storage/node/sealing_key.hpp"
#include "storage/node/sealing_keys_text.hpp"

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

TEST(SealingKey, AFileMayHoldSeveral) {
  const base::sealing_keys keys{{std::string(32, 'b'), true}, {std::string(32, 'a'), false}};
  const auto text = print_sealing_keys(keys);
  EXPECT_EQ(text, "2 " + base::to_hex(std::string(32, 'b')) + "\n" + base::to_hex(std::string(32, 'a')) + "\n");
  EXPECT_EQ(read_sealing_keys(text), keys);
  EXPECT_EQ(print_sealing_keys({{std::string(32, 'a'), false}}), base::to_hex(std::string(32, 'a')) + "\n") << "as programs of before read it";
  const place in;
  std::ofstream(sealing_key_path(in.path)) << text;
  const auto box = open(in);
  ASSERT_TRUE(box);
  EXPECT_EQ(base::keys_of(*box), keys);
  EXPECT_EQ(box->open(base::secret_box(std::string(32, 'a')).seal("secret", "queue"), "queue"), "secret");
  for (const auto& wrong : {text + "\nx", "3 " + text, text.substr(0, text.size() - 2), "2  " + text, std::string("2 "), std::string("\n")})
    EXPECT_FALSE(read_sealing_keys(wrong)) << wrong;
  std::string many;
  for (std::size_t i = 0; i < sealing_keys_max; ++i) many += "2 " + base::to_hex(std::string(32, static_cast<char>(i))) + '\n';
  EXPECT_TRUE(read_sealing_keys(many));
  EXPECT_FALSE(read_sealing_keys(many + text));
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
