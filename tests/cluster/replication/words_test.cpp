#include "cluster/replication/words.hpp"

#include <gtest/gtest.h>

namespace rookery::replication {
namespace {

const word all_words[] = {follow{7},
                          stands{7, true, {3, 4096}},
                          stands{7, false, {}},
                          beat_word{7, 900, {3, 5000}, {3, 4096}},
                          beat_answer{7, 900, false},
                          has_stored{7, {3, 4096}},
                          begin_anew{7},
                          goodbye{1ull << 40}};

TEST(Words, AreReadAsTheyWereWritten) {
  for (const auto& w : all_words) EXPECT_EQ(read_word(print(w)), w) << w.index();
}

TEST(Words, CutLongerOrOfAnotherVersionAreRefused) {
  for (const auto& w : all_words) {
    const auto octets = print(w);
    for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read_word(octets.substr(0, n))) << w.index() << " cut to " << n;
    EXPECT_FALSE(read_word(octets + '\0')) << w.index();
    auto newer = octets;
    newer[0] = 2;
    EXPECT_FALSE(read_word(newer));
  }
  EXPECT_FALSE(read_word(std::string("\x01\x08\x01", 3))) << "no such word";
  EXPECT_FALSE(read_word(std::string("\x01\x04\x01\x01\x02", 5))) << "a flag that is none";
}

} // namespace
} // namespace rookery::replication
