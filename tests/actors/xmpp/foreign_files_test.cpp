// Questions for files of other volumes.
#include "actors/xmpp/web/foreign_files.hpp"

#include "actors/xmpp/web/upload_service.hpp"

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

TEST(ForeignFiles, StepsAreReadAsTheyWereSent) {
  const auto s = read_file_step(encode(file_step{file_step::kind::piece, "abc", "", 7, true, "octets"}));
  ASSERT_TRUE(s);
  EXPECT_EQ(s->what, file_step::kind::piece);
  EXPECT_EQ(s->id, "abc");
  EXPECT_EQ(s->number, 7u);
  EXPECT_TRUE(s->last);
  EXPECT_EQ(s->octets, "octets");
  const auto begun = read_file_step(encode(file_step{file_step::kind::begin, "abc", "a b.txt", 0, false, ""}));
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->name, "a b.txt");
}

TEST(ForeignFiles, WhatIsNoStepIsRefused) {
  const auto good = encode(file_step{file_step::kind::piece, "abc", "", 7, true, "octets"});
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(read_file_step(good.substr(0, n))) << n;
  EXPECT_FALSE(read_file_step(good + "x"));
  EXPECT_FALSE(read_file_step("\x02" + good.substr(1))) << "another version";
  EXPECT_FALSE(read_file_step(good.substr(0, 1) + std::string(1, '\0') + good.substr(2)));
  EXPECT_FALSE(read_file_step(good.substr(0, 1) + "\x04" + good.substr(2)));
  EXPECT_FALSE(read_file_step(encode(file_step{file_step::kind::begin, "", "n", 0, false, ""})));
  EXPECT_FALSE(read_file_step(encode(file_step{file_step::kind::begin, "abc", std::string(xmpp::upload_name_octets_max + 1, 'n'), 0, false, ""})));
  EXPECT_FALSE(read_file_step(encode(file_step{file_step::kind::piece, "abc", "", 0, false, std::string(upload_piece_octets + 1, 'o')})));
}

} // namespace
} // namespace rookery::actors
