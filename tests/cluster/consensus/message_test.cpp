#include "cluster/consensus/message.hpp"

#include <gtest/gtest.h>

namespace rookery::consensus {
namespace {

TEST(ConsensusMessage, each_is_read_as_it_was_printed) {
  const message all[] = {
      entries_request{3, 10, 2, 9, {{3, entry_kind::command, "abc"}, {3, entry_kind::barrier, ""}, {3, entry_kind::change, std::string(300, 'x')}}},
      entries_request{1, 0, 0, 0, {}},
      entries_answer{3, 0, 12},
      vote_request{4, 2, 12, 3, true, false},
      vote_answer{4, true, 2},
      snapshot_request{5, {10, 2, {{1, role::voter}, {2, role::standby}}, 7, "state"}},
      timeout_now{6, 12, 5},
  };
  for (const auto& m : all) {
    const auto octets = print(m);
    const auto read = read_message(octets);
    ASSERT_TRUE(read) << m.index();
    EXPECT_EQ(read->index(), m.index());
    EXPECT_EQ(print(*read), octets);
    for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read_message(octets.substr(0, n))) << m.index() << " cut at " << n;
    EXPECT_FALSE(read_message(octets + "x")) << m.index();
    auto newer = octets;
    newer[0] = 2;
    EXPECT_FALSE(read_message(newer));
  }
}

TEST(ConsensusMessage, counts_beyond_what_is_there_are_refused) {
  std::string m{"\x01\x01\x01\x01\x01\x01", 6};
  m += "\xff\xff\xff\xff\x0f"; // entries
  EXPECT_FALSE(read_message(m));
  auto bad_kind = print(entries_request{1, 1, 1, 1, {{1, entry_kind::command, "a"}}});
  bad_kind[bad_kind.size() - 3] = 9;
  EXPECT_FALSE(read_message(bad_kind));
}

} // namespace
} // namespace rookery::consensus
