#include "search_support.hpp"

#include "storage/search/neighbours.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::storage::search {
namespace {

/// Whether the signature of `text`, given in pieces of `piece` octets, lets the needle through.
bool may_have(std::string_view text, std::string_view wanted, std::size_t piece = 1u << 20) {
  signature_builder b;
  for (std::size_t at = 0; at < text.size(); at += piece) b.feed(text.substr(at, piece));
  b.end_text();
  signature_list::writer w;
  w.add(b.signature());
  const auto list = signature_list::read(w.finish());
  return list && list->may_have(0, borders_of_needle(wanted));
}

TEST(SearchNeighbours, WordsSideBySideLetTheNeedleThrough) {
  constexpr std::string_view text = "THE BUDGET MEETING, AS OF 42, IS LONG\r\nGONE";
  for (const char* needle : {"BUDGET MEETING", "GET MEET", "MEETING, AS", "MEETING, AS OF 42, IS LON", "NG, AS OF", "LONG\r\nGONE", "THE BUD"})
    EXPECT_TRUE(may_have(text, needle)) << needle;
  for (const char* needle : {"MEETING BUDGET", "BUDGET  MEETING", "MEETING AS OF", "LONG GONE", "THE MEETING", ", OF IS,"})
    EXPECT_FALSE(may_have(text, needle)) << needle;
}

TEST(SearchNeighbours, NeedlesThatAskNothingOfBorders) {
  // One word; short words of which the needle does not have the other side; too much between them; scripts without spaces.
  for (const char* needle : {"", "BUDGET", " BUDGET ", "OF IT", "S OF", "OF A", "LONG          AGO", "会議 室", "会議 ROOM", "ROOM 会議"})
    EXPECT_TRUE(borders_of_needle(needle).empty()) << needle;
  EXPECT_EQ(borders_of_needle("S OF A").size(), 0u);
  EXPECT_EQ(borders_of_needle(" S OF A ").size(), 2u);
  EXPECT_EQ(borders_of_needle("BUDGET OF MEETING").size(), 2u);
}

// A word at the end of one text and one at the beginning of the next are no neighbours.
TEST(SearchNeighbours, TextsEnd) {
  signature_builder b;
  b.feed("FIRST TEXT ");
  b.end_text();
  b.feed("ANOTHER ONE");
  b.end_text();
  signature_list::writer w;
  w.add(b.signature());
  const auto list = *signature_list::read(w.finish());
  EXPECT_TRUE(list.may_have(0, borders_of_needle("FIRST TEXT")));
  EXPECT_FALSE(list.may_have(0, borders_of_needle("TEXT ANOTHER")));
}

TEST(SearchNeighbours, EachPieceOfATextIsLetThrough) {
  constexpr std::string_view parts[] = {"A", "OF", "WORD", "STRASSE", "ΣΊΣΥΦΟΣ", "É", "会", "室", " ", " ", " ", ", ", "\r\n", "-", "@", ".", "........."};
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    std::string text;
    std::vector<std::size_t> begins;
    for (int i = 0; i < 60; ++i) {
      begins.push_back(text.size());
      text += parts[random() % std::size(parts)];
    }
    // The text in pieces of whole characters, needles from within words as well.
    signature_builder b;
    for (std::size_t i = 0; i < begins.size(); ++i) b.feed(std::string_view(text).substr(begins[i], (i + 1 < begins.size() ? begins[i + 1] : text.size()) - begins[i]));
    b.end_text();
    signature_list::writer w;
    w.add(b.signature());
    const auto list = *signature_list::read(w.finish());
    const auto starts_character = [&](std::size_t at) { return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80; };
    for (int i = 0; i < 200; ++i) {
      const auto from = random() % text.size(), to = from + 1 + random() % (text.size() - from);
      if (!starts_character(from) || !starts_character(to)) continue;
      const auto needle = text.substr(from, to - from);
      EXPECT_TRUE(list.may_have(0, borders_of_needle(needle))) << "\"" << needle << "\" in \"" << text << "\"";
    }
  }
}

TEST(SearchNeighbours, FewDocumentsAreLetThroughByChance) {
  std::mt19937 random(6);
  const auto word = [&] {
    std::string w;
    for (int i = 0; i < 6; ++i) w += static_cast<char>('A' + random() % 26);
    return w;
  };
  signature_list::writer w;
  std::size_t octets = 0;
  for (int d = 0; d < 200; ++d) {
    signature_builder b;
    for (int i = 0; i < 600; ++i) b.feed(word() + " ");
    b.end_text();
    octets += b.signature().size();
    w.add(b.signature());
  }
  EXPECT_LT(octets, 200u * 770);
  const auto list = *signature_list::read(w.finish());
  std::size_t through = 0;
  for (int i = 0; i < 50; ++i) {
    const auto borders = borders_of_needle(word() + " " + word());
    for (std::size_t d = 0; d < list.documents(); ++d) through += list.may_have(d, borders);
  }
  EXPECT_GT(through, 0u);
  EXPECT_LT(through, 10'000u / 60) << "of 10,000";
}

std::string three_letters(std::size_t n) {
  return {static_cast<char>('A' + n / 676 % 26), static_cast<char>('A' + n / 26 % 26), static_cast<char>('A' + n % 26)};
}

TEST(SearchNeighbours, TooManyBordersSayNothing) {
  // Word i and the next have a border that no others have.
  constexpr std::size_t triples = 26 * 26 * 26;
  const auto signature = [](std::size_t borders, int times) {
    std::string text;
    for (std::size_t i = 0; i <= borders; ++i) text += three_letters((i + triples - 1) / triples) + three_letters(i % triples) + " ";
    signature_builder b;
    for (int i = 0; i < times; ++i) {
      b.feed(text);
      b.end_text();
    }
    return b.signature().size();
  };
  EXPECT_EQ(signature(999, 1), 1256u); // ten bits each, in full words of eight octets
  EXPECT_EQ(signature(999, 400), 1256u); // repeated ones do not count
  EXPECT_EQ(signature(borders_max, 2), borders_max / 8 * 10);
  EXPECT_EQ(signature(borders_max + 1, 1), 0u);
  EXPECT_EQ(signature(6 * borders_max, 1), 0u);
}

TEST(SearchNeighbours, ListsAreJoinedAndDamageIsFound) {
  signature_builder b;
  b.feed("ONE TWO THREE");
  b.end_text();
  signature_list::writer first;
  first.add(b.signature());
  const auto one = *signature_list::read(first.finish());
  signature_list::writer both;
  both.add_unknown(1);
  both.add(one);
  const auto stored = both.finish();
  const auto list = *signature_list::read(stored);
  ASSERT_EQ(list.documents(), 2u);
  EXPECT_TRUE(list.may_have(0, borders_of_needle("NEVER SAID")));
  EXPECT_TRUE(list.may_have(1, borders_of_needle("TWO THREE")));
  EXPECT_FALSE(list.may_have(1, borders_of_needle("NEVER SAID")));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    auto bad = stored;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(signature_list::read(bad)) << i;
    EXPECT_FALSE(signature_list::read(stored.substr(0, i))) << i;
  }
}

TEST(SearchNeighbours, OlderSignaturesSayNothing) {
  signature_builder b;
  b.feed("ONE TWO THREE");
  b.end_text();
  signature_list::writer written;
  written.add(b.signature());
  auto stored = written.finish();
  stored.replace(0, 8, "RKNEIGH1");
  const auto older = signature_list::read(stored);
  ASSERT_TRUE(older);
  ASSERT_EQ(older->documents(), 1u);
  EXPECT_TRUE(older->may_have(0, borders_of_needle("NEVER SAID")));
  signature_list::writer merged;
  merged.add(*older);
  merged.add(b.signature());
  const auto list = *signature_list::read(merged.finish());
  ASSERT_EQ(list.documents(), 2u);
  EXPECT_TRUE(list.may_have(0, borders_of_needle("NEVER SAID")));
  EXPECT_TRUE(list.may_have(1, borders_of_needle("TWO THREE")));
  EXPECT_FALSE(list.may_have(1, borders_of_needle("NEVER SAID")));
  stored.back() ^= 1;
  EXPECT_FALSE(signature_list::read(stored));
}

} // namespace
} // namespace rookery::storage::search
