#include "storage/search/word_list.hpp"

#include <gtest/gtest.h>

namespace rookery::storage::search {
namespace {

word_list list_of(const std::vector<std::string>& terms) {
  word_list::writer w;
  for (const auto& t : terms) w.add(t);
  auto read = word_list::read(w.finish());
  EXPECT_TRUE(read);
  return std::move(*read);
}

std::vector<std::string> matching(const word_list& l, word_class c, const needle_piece& p) {
  std::vector<std::string> out;
  l.matching(c, p, [&](std::string_view w) { return out.emplace_back(w), true; });
  return out;
}
std::vector<std::string> beginning(const word_list& l, std::string_view prefix) {
  std::vector<std::string> out;
  l.beginning_with(word_class::body, prefix, [&](std::string_view w) { return out.emplace_back(w), true; });
  return out;
}

using strings = std::vector<std::string>;

TEST(SearchWordList, FindsWordsByAPiece) {
  const auto l = list_of({"BAB", "BABC", "BABCAB", "BBC", "SAB"});
  EXPECT_EQ(matching(l, word_class::body, {"AB", false, false}), (strings{"AB", "ABC", "ABCAB"}));
  EXPECT_EQ(matching(l, word_class::body, {"B", false, false}), (strings{"AB", "ABC", "ABCAB", "BC"}));
  EXPECT_EQ(matching(l, word_class::body, {"AB", true, false}), (strings{"AB", "ABC", "ABCAB"}));
  EXPECT_EQ(matching(l, word_class::body, {"AB", false, true}), (strings{"AB", "ABCAB"}));
  EXPECT_EQ(matching(l, word_class::body, {"AB", true, true}), (strings{"AB"}));
  EXPECT_EQ(matching(l, word_class::subject, {"AB", false, false}), (strings{"AB"}));
  EXPECT_EQ(matching(l, word_class::header, {"AB", false, false}), strings{});
}

TEST(SearchWordList, FindsWordsByTheirBeginning) {
  strings terms, words;
  for (int i = 0; i < 300; ++i) words.push_back(std::to_string(i * 7));
  std::sort(words.begin(), words.end());
  for (const auto& w : words) terms.push_back("B" + w);
  const auto l = list_of(terms);
  for (const std::string prefix : {"", "0", "1", "14", "99", "2093", "3", "x"}) {
    strings expected;
    for (const auto& w : words)
      if (w.starts_with(prefix)) expected.push_back(w);
    EXPECT_EQ(beginning(l, prefix), expected) << prefix;
  }
}

TEST(SearchWordList, StopsWhenToldTo) {
  const auto l = list_of({"BA", "BAA"});
  int n = 0;
  EXPECT_FALSE(l.matching(word_class::body, {"A", false, false}, [&](std::string_view) { return ++n < 1; }));
  EXPECT_EQ(n, 1);
}

TEST(SearchWordList, DamageIsFound) {
  word_list::writer w;
  w.add("BWORD");
  const auto good = w.finish();
  ASSERT_TRUE(word_list::read(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(word_list::read(bad)) << i;
    EXPECT_FALSE(word_list::read(good.substr(0, i))) << i;
  }
}

} // namespace
} // namespace rookery::storage::search
