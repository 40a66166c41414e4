// Questions for files of other volumes.
#include "actors/xmpp/web/foreign_files.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

TEST(ForeignFiles, QuestionsAreReadAsTheyWereAsked) {
  const auto q = read_file_question(encode(file_question{"abc", 7, 2}));
  ASSERT_TRUE(q);
  EXPECT_EQ(q->id, "abc");
  EXPECT_EQ(q->first, 7u);
  EXPECT_EQ(q->count, 2u);
}

TEST(ForeignFiles, WhatIsNoQuestionIsRefused) {
  const auto good = encode(file_question{"abc", 7, 2});
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(read_file_question(good.substr(0, n))) << n;
  EXPECT_FALSE(read_file_question(good + "x"));
  EXPECT_FALSE(read_file_question("\x02" + good.substr(1))) << "another version";
  EXPECT_FALSE(read_file_question(encode(file_question{"", 0, 0})));
  EXPECT_FALSE(read_file_question(encode(file_question{std::string(201, 'a'), 0, 0})));
  EXPECT_FALSE(read_file_question(encode(file_question{"abc", 0, foreign_pieces_max + 1})));
}

} // namespace
} // namespace rookery::actors
