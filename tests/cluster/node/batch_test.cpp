#include "cluster/node/batch.hpp"

#include <gtest/gtest.h>

namespace rookery::cluster {
namespace {

TEST(ClusterBatch, is_read_as_it_was_printed_and_not_when_it_is_cut) {
  const std::vector<proposal> all{{3, 77, "one"}, {4, 1u << 30, std::string(300, 'x')}, {3, 78, ""}};
  const auto octets = print_batch(all);
  const auto read = read_batch(octets);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ((*read)[1].sequence, 1u << 30);
  EXPECT_EQ((*read)[1].command, all[1].command);
  for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read_batch(octets.substr(0, n))) << n;
  EXPECT_FALSE(read_batch(octets + "x"));
}

TEST(ClusterBatch, has_a_bound) {
  EXPECT_TRUE(read_batch(print_batch(std::vector<proposal>(batch_commands_max))));
  EXPECT_FALSE(read_batch(print_batch(std::vector<proposal>(batch_commands_max + 1))));
}

} // namespace
} // namespace rookery::cluster
