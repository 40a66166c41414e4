#include "policy/transfer/copied.hpp"

#include <gtest/gtest.h>

namespace rookery::transfer {
namespace {

TEST(CopiedBatch, IsReadAsItWasWritten) {
  for (const copied_batch& b : {copied_batch{{1, 2, 3, 7, 9, 10}, 5, 4, {}}, copied_batch{{0, 0, UINT64_MAX - 1, 3}, 0, 17, {1, 2, 3, 4}}, copied_batch{}})
    EXPECT_EQ(read_batch(encode(b)), b);
  copied_batch whole;
  for (std::size_t i = 0; i < batch_messages_max; ++i) whole.keys.push_back(i + 100);
  EXPECT_LT(encode(whole).size(), 12u);
  EXPECT_EQ(read_batch(encode(whole)), whole);
  whole.keys.push_back(7);
  EXPECT_FALSE(read_batch(encode(whole))) << "more than a batch may have";
}

TEST(CopiedBatch, IsNothingWhenItIsDamaged) {
  const auto good = encode(copied_batch{{1, 2, 9}, 0, 17, {1, 2, 3}});
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(read_batch(std::string_view(good).substr(0, n))) << n;
  EXPECT_FALSE(read_batch(good + "x"));
  EXPECT_FALSE(read_batch("\x02" + good.substr(1)));
}

TEST(CopiedHead, IsReadAsItWasWritten) {
  const copied_head h{7, 3, 9, 1234567890123, "imap.example.test INBOX to ann@example.test"};
  EXPECT_EQ(read_head(encode(h)), h);
  EXPECT_FALSE(read_head(encode(h) + "x"));
  EXPECT_FALSE(read_head(""));
}

TEST(CopiedNotes, HaveKeysOfTheirFolders) {
  const auto a = folder_prefix(7, "imap:x", "INBOX", "INBOX"), b = folder_prefix(7, "imap:x", "INBOX", "Old/INBOX");
  EXPECT_NE(a, b);
  EXPECT_TRUE(a.starts_with(note_prefix(7, "imap:x")));
  EXPECT_FALSE(a.starts_with(note_prefix(70, "imap:x")));
  EXPECT_LT(batch_key(a, 9), batch_key(a, 16)); // in the order of their numbers
}

TEST(CopiedMessages, KnowWhereEachIs) {
  copied_messages all;
  EXPECT_TRUE(all.add({{10, 11, 14}, 5, 4, {}}));
  EXPECT_TRUE(all.add({{3, 12}, 0, 8, {1, 2}}));
  all.close();
  EXPECT_EQ(all.uid_of(10), 5u);
  EXPECT_EQ(all.uid_of(14), 7u);
  EXPECT_EQ(all.uid_of(12), 0u);
  EXPECT_TRUE(all.contains(12));
  EXPECT_FALSE(all.contains(13));
  EXPECT_EQ(all.size(), 5u);
}

TEST(CopiedMessages, AreTakenOnceEach) {
  copied_messages all;
  EXPECT_TRUE(all.add({{9, 4, 9}, 1, 1, {}}));
  EXPECT_TRUE(all.add({{9}, 8, 8, {}}));
  all.close();
  EXPECT_TRUE(all.take(9));
  EXPECT_TRUE(all.take(9));
  EXPECT_TRUE(all.take(9));
  EXPECT_FALSE(all.take(9));
  EXPECT_TRUE(all.take(4));
  EXPECT_FALSE(all.take(5));
}

TEST(CopiedBatch, IsFoundInTheMailboxByWhatItHolds) {
  const copied_batch b{{1, 2, 3}, 0, 20, {100, 200, 300}};
  struct row {
    const char* what;
    std::vector<stored_message> stored;
    std::uint32_t place; ///< 0: it is not there
  };
  for (const auto& [what, stored, place] : {
           row{"at once", {{20, 100}, {21, 200}, {22, 300}}, 20},
           row{"behind other mail", {{20, 7}, {21, 100}, {22, 200}, {23, 300}, {24, 8}}, 21},
           row{"its first is gone", {{21, 200}, {22, 300}}, 20},
           row{"its last alone is there", {{19, 1}, {22, 300}}, 20},
           row{"nothing of it", {{20, 7}}, 0},
           row{"nothing at all", {}, 0},
           row{"the same message from before", {{19, 100}}, 0},
           row{"the same message by another way, then the batch", {{20, 300}, {21, 100}, {22, 200}, {23, 300}}, 21},
           row{"the same message by another way alone", {{20, 100}, {21, 7}}, 0},
       })
    EXPECT_EQ(place_of(b, stored).value_or(0), place) << what;
  const copied_batch twins{{1, 2, 3}, 0, 20, {100, 100, 300}};
  EXPECT_EQ(place_of(twins, {{20, 100}, {21, 100}, {22, 300}}), 20u);
  EXPECT_EQ(place_of(twins, {{21, 100}, {22, 300}}), 20u);
}

} // namespace
} // namespace rookery::transfer
