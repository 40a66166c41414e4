#include "storage/mail/command.hpp"
#include "storage/node/node_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace rookery::storage {
namespace {

/// A volume of its own in memory; none without the right to mount.
class FullDisk : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/rookery-full-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    if (::mount("rookery-test", name, "tmpfs", 0, "size=300m") != 0) {
      std::filesystem::remove(folder_);
      GTEST_SKIP() << "needs the right to mount";
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    std::error_code fault;
    std::filesystem::remove(folder_, fault);
  }
  base::result<std::unique_ptr<node_store>> open(bool create = false) const {
    node_store_settings settings;
    settings.log.segment_octets = 1 << 20;
    return node_store::open(folder_ + "/store", create, settings);
  }
  /// Takes all space that is left.
  void fill() const {
    const int fd = ::open((folder_ + "/ballast").c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_GE(fd, 0);
    const std::string page(4096, 'x');
    ASSERT_GE(::lseek(fd, 0, SEEK_END), 0);
    while (::write(fd, page.data(), page.size()) == static_cast<ssize_t>(page.size())) {}
    ::close(fd);
    ASSERT_LT(posix_file_system().free_octets(folder_).value(), 4096u);
  }
  std::string folder_;
  bool mounted_ = false;
};

commit_group command(std::uint32_t number) {
  commit_group g;
  g.commands.push_back({base::shard_id{2}, 1,
                        mail::encode({base::account_id{2}, base::from_milliseconds(1000), mail::create_mailbox{"m" + std::to_string(number), ""}}), {}});
  return g;
}

TEST_F(FullDisk, AStoreOpensOnAFullDiskAndGoesOnWhenThereIsSpace) {
  {
    auto store = open(true);
    ASSERT_TRUE(store) << store.error().log.value;
    for (std::uint32_t i = 0; i < 5; ++i) ASSERT_TRUE((*store)->commit(command(i)));
    EXPECT_TRUE(std::filesystem::exists(folder_ + "/store/room"));
  }
  fill();
  {
    auto store = open();
    ASSERT_TRUE(store) << store.error().log.value;
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/store/room"));
    const auto list = (*store)->mail[0]->open_account(base::account_id{2})->view();
    EXPECT_EQ(list->mailboxes.size(), 6u);
    EXPECT_TRUE((*store)->commit(command(5))) << "what needs no space for a message is taken";
    EXPECT_FALSE((*store)->log->has_space());
  }
  fill();
  {
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, base::error_kind::no_space);
    EXPECT_NE(store.error().log.value.find("make room"), std::string::npos) << store.error().log.value;
  }
  std::filesystem::remove(folder_ + "/ballast");
  auto store = open();
  ASSERT_TRUE(store) << store.error().log.value;
  EXPECT_EQ((*store)->mail[0]->open_account(base::account_id{2})->view()->mailboxes.size(), 7u);
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/store/room")) << "kept again";
}

} // namespace
} // namespace rookery::storage
