#include "server/cli/tar_text.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <stdlib.h>

namespace rookery::cli {
namespace {

TEST(TarText, IsReadByTar) {
  char name[] = "/tmp/tar_text_XXXXXX";
  const std::string folder = ::mkdtemp(name);
  std::string tar;
  const std::string exact(512, 'x'), more(513, 'y');
  ASSERT_TRUE(append_tar_file(tar, "b/one.txt", "one\n", 1'800'000'000));
  ASSERT_TRUE(append_tar_file(tar, "b/none.txt", "", 0));
  ASSERT_TRUE(append_tar_file(tar, "b/exact.txt", exact, 0));
  ASSERT_TRUE(append_tar_file(tar, std::string("b/") + std::string(98, 'n'), more, 0));
  end_tar(tar);
  std::ofstream(folder + "/a.tar", std::ios::binary) << tar;
  ASSERT_EQ(std::system(("tar -xf " + folder + "/a.tar -C " + folder).c_str()), 0);
  const auto read = [&](const std::string& file) {
    std::ifstream in(folder + "/b/" + file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  };
  EXPECT_EQ(read("one.txt"), "one\n");
  EXPECT_EQ(std::filesystem::file_size(folder + "/b/none.txt"), 0u);
  EXPECT_EQ(read("exact.txt"), exact);
  EXPECT_EQ(read(std::string(98, 'n')), more);
  std::filesystem::remove_all(folder);
}

TEST(TarText, RefusesNamesThatDoNotFit) {
  std::string tar;
  EXPECT_FALSE(append_tar_file(tar, "", "x", 0));
  EXPECT_FALSE(append_tar_file(tar, std::string(101, 'n'), "x", 0));
  EXPECT_TRUE(tar.empty());
}

TEST(TarText, PartsOfNamesLeadNowhereElse) {
  EXPECT_EQ(tar_name_part("mail1.example.net"), "mail1.example.net");
  EXPECT_EQ(tar_name_part("../../etc"), ".._.._etc");
  EXPECT_EQ(tar_name_part(".."), "_");
  EXPECT_EQ(tar_name_part("a b\n"), "a_b_");
  EXPECT_EQ(tar_name_part(std::string(100, 'a')).size(), 40u);
}

} // namespace
} // namespace rookery::cli
