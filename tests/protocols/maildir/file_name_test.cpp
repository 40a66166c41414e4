#include "protocols/maildir/file_name.hpp"

#include <gtest/gtest.h>

namespace rookery::maildir {
namespace {

TEST(MaildirFileName, IsRead) {
  using namespace mbox;
  struct row {
    const char* name;
    const char* base;
    std::uint64_t system;
    bool passed = false;
    std::uint32_t letters = 0;
  };
  for (const auto& [name, base, system, passed, letters] : {
           row{"1637524800.M1P2.host", "1637524800.M1P2.host", 0},
           row{"1637524800.M1P2.host:2,", "1637524800.M1P2.host", 0},
           row{"1637524800.M1P2.host,S=12,W=13:2,DFPRST", "1637524800.M1P2.host",
               flag::draft | flag::flagged | flag::answered | flag::seen | flag::deleted, true},
           row{"1.a:2,Sacz", "1.a", flag::seen, false, 1u | 4u | 1u << 25},
           row{"1.a:2,S,S=9", "1.a", flag::seen},
           row{"1.a:1,S", "1.a", 0},
           row{"strange", "strange", 0},
       }) {
    const auto read = read_file_name(name);
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->base, base);
    EXPECT_EQ(read->system, system) << name;
    EXPECT_EQ(read->passed, passed);
    EXPECT_EQ(read->letters, letters);
  }
  for (const auto* name : {"", ".hidden", ":2,S"}) EXPECT_FALSE(read_file_name(name)) << name;
  EXPECT_EQ(read_file_name("1637524800.M1P2.host:2,S")->delivered, 1637524800u);
  EXPECT_FALSE(read_file_name("x.M1P2.host:2,S")->delivered);
}

TEST(MaildirFileName, HasItsLettersInOrder) {
  EXPECT_EQ(info_of(31, true, 1u | 1u << 25), ":2,DFPRSTaz");
  EXPECT_EQ(info_of(0, false, 0), ":2,");
}

TEST(MaildirKeywords, AreThoseOfTheFolder) {
  auto letters = read_keywords("0 $Junk\nnonsense\n2 work\r\n26 late\n1 (no)\n");
  EXPECT_EQ(letters, (keyword_letters{"$Junk", "", "work"}));
  EXPECT_EQ(write_keywords(letters), "0 $Junk\n2 work\n");
  EXPECT_EQ(state_of(*read_file_name("1.a:2,PSac"), letters), (mbox::message_state{mbox::flag::seen, {"$Forwarded", "$Junk", "work"}}));
  // Dovecot does not take P for $Forwarded: it has a letter too, and counts once.
  EXPECT_EQ(letters_for({"WORK", "$Forwarded", "new"}, letters), 4u | 8u | 16u);
  EXPECT_EQ(letters.back(), "new");
  EXPECT_EQ(state_of(*read_file_name("1.a:2,Pd"), letters).keywords, (std::vector<std::string>{"$Forwarded"}));
}

TEST(MaildirKeywords, AreSoManyAsThereAreLetters) {
  keyword_letters letters;
  std::vector<std::string> words;
  for (int i = 0; i < 30; ++i) words.push_back("k" + std::to_string(i));
  EXPECT_EQ(letters_for(words, letters), (1u << 26) - 1);
  EXPECT_EQ(letters.size(), keyword_letters_max);
}

} // namespace
} // namespace rookery::maildir
