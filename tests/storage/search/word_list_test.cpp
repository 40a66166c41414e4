#include "base/codec.hpp"
#include "base/crc32c.hpp"
#include "storage/search/word_list.hpp"

#include <gtest/gtest.h>

#include <array>

namespace rookery::storage::search {
namespace {

word_list list_of(const std::vector<std::string>& terms) {
  word_list::writer w;
  for (const auto& t : terms) w.add(t, {});
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

// Beside what was written: words of many documents, of one, of none; numbers of one octet and of several.
TEST(SearchWordList, WordsOfFieldsHaveTheirDocuments) {
  const std::vector<std::pair<std::string, std::vector<std::uint32_t>>> terms = {
      {"BWORD", {1, 2}}, {"FA", {7}}, {"SA", {1, 2, 3, 200, 70'000}}, {"SAB", {}}, {"SB", {70'001}}, {"TA", {5}}};
  word_list::writer w;
  for (const auto& [term, documents] : terms) w.add(term, documents);
  auto read = word_list::read(w.finish());
  ASSERT_TRUE(read);
  for (const auto& [term, documents] : terms) {
    const auto c = static_cast<word_class>(term.front());
    int words = 0;
    read->matching(c, {term.substr(1), true, true}, [&](std::string_view word) {
      ++words;
      number_set found(1, 80'000);
      EXPECT_EQ(read->add_documents(c, word, found), lists_documents(c)) << term;
      EXPECT_EQ(found.count(), lists_documents(c) ? documents.size() : 0) << term;
      for (const auto d : documents) EXPECT_EQ(found.contains(d), lists_documents(c)) << term << ' ' << d;
      return true;
    });
    EXPECT_EQ(words, 1) << term;
  }
}

TEST(SearchWordList, OlderListsHaveWordsAlone) {
  std::string content;
  base::encoder e(content);
  for (const auto c : std::span(word_classes).first(10)) e.u64(c == word_class::subject ? 3 : 0);
  content += "\nA\n";
  std::string stored = "RKWORDS1";
  base::encoder(stored).u32(base::crc32c(content));
  auto read = word_list::read(stored + content);
  ASSERT_TRUE(read);
  number_set found(1, 10);
  EXPECT_FALSE(read->matching(word_class::subject, {"A", false, false}, [&](std::string_view word) {
    EXPECT_FALSE(read->add_documents(word_class::subject, word, found));
    return false;
  }));
}

// Words of many documents, which come first, and of few; more than the steps that look for places are long.
TEST(SearchWordList, FindsTheDocumentsOfAllWordsWithAPiece) {
  constexpr std::uint32_t documents = 1000;
  word_list::writer w;
  number_set expected(1, documents), none(1, documents);
  for (std::uint32_t i = 0; i < 700; ++i) {
    const bool broad = i % 100 == 0, hit = i % 3 == 0;
    std::vector<std::uint32_t> in;
    for (std::uint32_t d = 1 + i; d <= documents && in.size() < (broad ? 100u : 1u + i % 2); d += 1 + i % 7) in.push_back(d);
    char word[40];
    std::snprintf(word, sizeof word, "b%04u.%s", i, hit ? "NET.HOST" : "OTHER");
    w.add(word, in);
    if (hit)
      for (const auto d : in) expected.add(d);
  }
  auto l = word_list::read(w.finish());
  ASSERT_TRUE(l);
  EXPECT_TRUE(l->with_joined());
  number_set found(1, documents);
  l->add_documents_with(word_class::joined_body, "NET.H", found);
  for (std::uint32_t d = 1; d <= documents; ++d) EXPECT_EQ(found.contains(d), expected.contains(d)) << d;
  l->add_documents_with(word_class::joined_body, "NET.HOSTS", none);
  l->add_documents_with(word_class::joined_from, "NET.HOST", none);
  EXPECT_TRUE(none.empty());
}

TEST(SearchWordList, SaysWhetherItHasJoinedWords) {
  word_list::writer w;
  w.add("SA", std::array<std::uint32_t, 1>{1});
  w.add("sA.B", std::array<std::uint32_t, 1>{1});
  auto l = word_list::read(w.finish(false));
  ASSERT_TRUE(l);
  EXPECT_FALSE(l->with_joined());
  EXPECT_EQ(matching(*l, word_class::subject, {"A", false, false}), (strings{"A"}));
  EXPECT_EQ(matching(*l, word_class::joined_subject, {"A", false, false}), strings{});
}

TEST(SearchWordList, StopsWhenToldTo) {
  const auto l = list_of({"BA", "BAA"});
  int n = 0;
  EXPECT_FALSE(l.matching(word_class::body, {"A", false, false}, [&](std::string_view) { return ++n < 1; }));
  EXPECT_EQ(n, 1);
}

TEST(SearchWordList, DamageIsFound) {
  word_list::writer w;
  w.add("BWORD", {});
  w.add("SWORD", std::array<std::uint32_t, 2>{3, 300});
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
