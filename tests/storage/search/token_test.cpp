#include "storage/search/token.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::storage::search {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  tokenizer t([&](std::string_view w) { words.emplace_back(w); });
  t.feed(text);
  t.finish();
  return words;
}

std::string shown(const needle& n) {
  std::string out;
  for (const auto& p : n.pieces) {
    if (!out.empty()) out += ' ';
    out += p.begins ? "[" : "*";
    out += p.text;
    out += p.ends ? "]" : "*";
  }
  return out + (n.decided_by_words ? " decided" : "");
}

TEST(SearchToken, WordsAreRunsOfLettersAndDigits) {
  EXPECT_EQ(words_of("HELLO, WORLD 42! A@B.C"), (std::vector<std::string>{"HELLO", "WORLD", "42", "A", "B", "C"}));
  EXPECT_EQ(words_of(""), std::vector<std::string>{});
  EXPECT_EQ(words_of(" -- "), std::vector<std::string>{});
  EXPECT_EQ(words_of("A\xcc\x88PFEL\xe2\x80\x94X"), (std::vector<std::string>{"A\xcc\x88PFEL", "X"}));
}

TEST(SearchToken, CharactersOfScriptsWithoutSpacesAreWordsAndSoArePairs) {
  EXPECT_EQ(words_of("会議室"), (std::vector<std::string>{"会", "議", "会議", "室", "議室"}));
  EXPECT_EQ(words_of("会A議"), (std::vector<std::string>{"会", "A", "議"}));
  EXPECT_EQ(words_of("会、議"), (std::vector<std::string>{"会", "議"}));
}

TEST(SearchToken, AWordMayComeInPieces) {
  std::vector<std::string> words;
  tokenizer t([&](std::string_view w) { words.emplace_back(w); });
  t.feed("HEL");
  t.feed("LO W");
  t.feed("ORLD");
  t.finish();
  t.feed("NEXT");
  t.finish();
  EXPECT_EQ(words, (std::vector<std::string>{"HELLO", "WORLD", "NEXT"}));
}

std::vector<std::string> joined_of(std::initializer_list<std::string_view> pieces) {
  std::vector<std::string> words;
  joined_words j([&](std::string_view w) { words.emplace_back(w); });
  for (const auto p : pieces) j.feed(p);
  j.finish();
  return words;
}

TEST(SearchToken, AddressesAndNamesAreJoinedWords) {
  using strings = std::vector<std::string>;
  EXPECT_EQ(joined_of({"TO <A.B@HOST.TEST>, E-MAIL; 3.14 FOO_BAR A+B"}), (strings{"A.B@HOST.TEST", "E-MAIL", "3.14", "FOO_BAR", "A+B"}));
  EXPECT_EQ(joined_of({"THE END. ", "-- \n", "-A- ", "... ", "WORD"}), strings{});
  EXPECT_EQ(joined_of({"@HOST A@ ", "SEE HOST.TEST."}), (strings{"@HOST", "A@", "HOST.TEST."}));
  EXPECT_EQ(joined_of({"HO", "ST.", "TE", "ST"}), (strings{"HOST.TEST"}));
  EXPECT_EQ(joined_of({"Z\xc3\x9cRICH.CH \xe4\xbc\x9a.A"}), (strings{"Z\xc3\x9cRICH.CH"}));
}

TEST(SearchToken, NeedlesOfOneJoinedWordAreKnown) {
  for (const char* yes : {"A.B", "@HOST", "@HOST.TEST", "HOST.TEST.", "-A-B-", "USER@"}) EXPECT_TRUE(cut_needle(yes).joined) << yes;
  for (const char* no : {"", "A", ".A", "A.", "A B.C", "A.B ", "<A.B>", "A/B.C"}) EXPECT_FALSE(cut_needle(no).joined) << no;
  EXPECT_TRUE(cut_needle(std::string(joined_piece_octets_max - 2, 'A') + ".B").joined);
  EXPECT_FALSE(cut_needle(std::string(joined_piece_octets_max - 1, 'A') + ".B").joined);
}

TEST(SearchToken, JoinedWordsNeverMissASubstring) {
  std::mt19937 random(5);
  constexpr std::string_view alphabet = "AB.@- \xc3\x9c";
  std::size_t asked = 0, met = 0;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const std::size_t letters = round % 3 == 0 ? 3 : 6; // without spaces: long runs
    for (auto n = random() % 500; n > 0; --n) text += random() % 9 == 0 && letters > 3 ? " " : std::string(1, alphabet[random() % letters]);
    const auto words = joined_of({std::string_view(text).substr(0, text.size() / 2), std::string_view(text).substr(text.size() / 2)});
    for (const auto& w : words) EXPECT_LE(w.size(), joined_octets_max);
    for (int i = 0; i < 50 && !text.empty(); ++i) {
      auto wanted = text.substr(random() % text.size(), 1 + random() % 70);
      if (i % 5 == 0) wanted += alphabet[random() % letters];
      if (!cut_needle(wanted).joined) continue;
      ++asked;
      const bool there = text.find(wanted) != std::string::npos;
      met += there;
      EXPECT_EQ(std::any_of(words.begin(), words.end(), [&](const std::string& w) { return w.find(wanted) != std::string::npos; }), there) << wanted;
    }
  }
  EXPECT_GT(asked, 2000u);
  EXPECT_GT(met, 1500u);
}

TEST(SearchToken, NeedlesAreCutLikeTexts) {
  EXPECT_EQ(shown(cut_needle("ELL")), "*ELL* decided");
  EXPECT_EQ(shown(cut_needle(" ELL")), "[ELL*");
  EXPECT_EQ(shown(cut_needle("LO WOR")), "*LO] [WOR*");
  EXPECT_EQ(shown(cut_needle("A.BC.D")), "*A] [BC] [D*");
  EXPECT_EQ(shown(cut_needle("...")), "");
  EXPECT_EQ(shown(cut_needle("")), "");
  EXPECT_EQ(shown(cut_needle("会")), "[会] decided");
  EXPECT_EQ(shown(cut_needle("会議")), "[会議] decided");
  EXPECT_EQ(shown(cut_needle("会議室")), "[会議] [議室]");
  EXPECT_EQ(shown(cut_needle("A会")), "*A] [会]");
  EXPECT_EQ(shown(cut_needle(std::string(40, 'X'))), "*" + std::string(32, 'X') + "*");
  EXPECT_EQ(shown(cut_needle("." + std::string(40, 'X') + ".")), "[" + std::string(40, 'X') + "]");
  EXPECT_EQ(shown(cut_needle("." + std::string(65, 'X') + ".")), "[" + std::string(32, 'X') + "*");
}

bool met(const needle_piece& p, const std::vector<std::string>& words) {
  for (const auto& w : words) {
    if (p.begins && p.ends ? w == p.text : p.begins ? w.starts_with(p.text) : p.ends ? w.ends_with(p.text) : w.find(p.text) != std::string::npos)
      return true;
  }
  return false;
}

/// Each substring of a text is met by the words of the text; and where words decide, what they meet is there.
TEST(SearchToken, WordsNeverMissASubstring) {
  static constexpr std::string_view characters[] = {"A", "B", "C", "9", " ", "-", "会", "議", "あ", "、", "\xc3\x9f", "\xcc\x88", "\xf0\x9f\x98\x80"};
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    std::vector<std::string_view> text;
    const int style = round % 4; // some with long runs
    const std::size_t length = random() % 300;
    while (text.size() < length) text.push_back(characters[style == 0 ? random() % 4 : style == 1 ? random() % 6 : random() % std::size(characters)]);
    std::string all;
    for (const auto c : text) all += c;
    const auto words = words_of(all);
    for (int i = 0; i < 60 && length > 0; ++i) {
      const auto begin = random() % length;
      const auto n = 1 + random() % std::min<std::size_t>(length - begin, i % 2 == 0 ? 5 : 150);
      std::string substring;
      for (auto c = begin; c < begin + n; ++c) substring += text[c];
      for (const auto& p : cut_needle(substring).pieces)
        ASSERT_TRUE(met(p, words)) << "round " << round << " piece " << p.text << " of " << substring << " in " << all;
      std::string other;
      for (int c = 0; c < 3; ++c) other += characters[random() % std::size(characters)];
      const auto cut = cut_needle(other);
      if (!cut.decided_by_words) continue;
      ASSERT_EQ(met(cut.pieces.front(), words), all.find(other) != std::string::npos) << "round " << round << ": " << other << " in " << all;
    }
  }
}

} // namespace
} // namespace rookery::storage::search
