#include "protocols/charset/decoder.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/charset/normal_form.hpp"
#include "protocols/charset/utf7.hpp"
#include "protocols/charset/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace rookery::charset {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(Utf8, OnlyWellFormedTextIsValid) {
  for (const auto good : {""sv, "abc"sv, "12345678abcdefgh"sv, "\xC3\xA9"sv, "\xE2\x82\xAC"sv, "\xF0\x9F\x98\x80"sv, "\xF4\x8F\xBF\xBF"sv, "a\0b"sv})
    EXPECT_TRUE(valid_utf8(good)) << good;
  for (const auto bad : {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC3"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv, "\xF0\x80\x80\x80"sv,
                         "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "12345678\xE9 abc"sv, "\xE2\x82"sv})
    EXPECT_FALSE(valid_utf8(bad)) << bad;
}

TEST(Utf8, APrefixCutsNoCharacter) {
  EXPECT_EQ(utf8_prefix("a\xC3\xA9", 2), 1u);
  EXPECT_EQ(utf8_prefix("a\xC3\xA9", 3), 3u);
  EXPECT_EQ(utf8_prefix("\xF0\x9F\x98\x80", 3), 0u);
  EXPECT_EQ(utf8_prefix("abc", 2), 2u);
  EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80", 4), 4u);
}

TEST(Utf8, WhatIsMalformedBecomesTheReplacementCharacter) {
  EXPECT_EQ(repaired_utf8("a\xFF" "b"), "a\xEF\xBF\xBD" "b");
  EXPECT_EQ(repaired_utf8("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  std::string out;
  append_code_point(out, 0xD800);
  append_code_point(out, 0x110000);
  EXPECT_EQ(out, "\xEF\xBF\xBD\xEF\xBF\xBD");
}

struct charset_row {
  std::string_view name, octets, utf8;
};

constexpr charset_row charset_rows[] = {
    {"us-ascii", "abc", "abc"},
    {"us-ascii", "gr\xFC\xDF", "grüß"},       // mislabelled
    {"us-ascii", "gr\xC3\xBC\xC3\x9F", "grüß"}, // mislabelled the other way
    {"UTF-8", "gr\xC3\xBC\xC3\x9F", "grüß"},
    {"utf-8", "a\xE9z", "a\xEF\xBF\xBDz"},
    {"ISO-8859-1", "caf\xE9", "café"},
    {"iso-8859-1", "\x93quoted\x94", "“quoted”"},
    {"windows-1252", "\x80 5", "€ 5"},
    {"iso-8859-15", "\xA4", "€"},
    {"iso-8859-2", "\xB9", "š"},
    {"koi8-r", "\xF0\xD2\xC9", "При"},
    {"ISO-2022-JP", "\x1B$B$3$s\x1B(B", "こん"},
    {"Shift_JIS", "\x82\xB1", "こ"},
    {"gb2312", "\xC4\xE3", "你"},
    {"big5", "\xA7\x41", "你"},
    {"euc-kr", "\xB0\xA1", "가"},
    {"utf-7", "Hi Mom -+Jjo--!", "Hi Mom -☺-!"},
    {"no-such-charset", "gr\xFC\xDF", "grüß"},
    {"", "plain", "plain"},
    {"utf-8*en", "caf\xC3\xA9", "café"},
};

TEST(ToUtf8, ReadsTheCharsetsOfTheWildAndTheirWrongLabels) {
  for (const auto& row : charset_rows) EXPECT_EQ(to_utf8(row.name, row.octets), row.utf8) << row.name;
}

TEST(ToUtf8, AStreamCutAnywhereGivesTheSame) {
  for (const auto& row : charset_rows) {
    decoder d(row.name);
    std::string out;
    for (const char c : row.octets) d.decode({&c, 1}, out);
    d.finish(out);
    // Guessing between UTF-8 and windows-1252 is done piece by piece.
    EXPECT_EQ(out, row.utf8) << row.name;
  }
}

TEST(ToUtf8, ManyCharsetsInTurnDoNotDisturbEachOther) {
  for (int round = 0; round < 3; ++round)
    for (const auto* name : {"iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-9",
                             "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "koi8-r", "koi8-u", "windows-1250", "windows-1251",
                             "windows-1253", "windows-1254", "windows-1255", "big5"})
      EXPECT_EQ(to_utf8(name, "plain"), "plain") << name;
}

TEST(ToUtf8, TheStrictFormRefuses) {
  EXPECT_EQ(to_utf8_strict("utf-8", "\xC3\xA9"), "é");
  EXPECT_FALSE(to_utf8_strict("utf-8", "\xE9"));
  EXPECT_FALSE(to_utf8_strict("us-ascii", "\xE9"));
  EXPECT_FALSE(to_utf8_strict("no-such-charset", "a"));
  EXPECT_FALSE(to_utf8_strict("gb18030", "\xFF\xFF"));
  EXPECT_EQ(to_utf8_strict("koi8-r", "\xF0"), "П");
  EXPECT_EQ(to_utf8("gb18030", "\xFF\xC4\xE3"), "\xEF\xBF\xBD你") << "the converter is tolerant again";
  EXPECT_TRUE(known("ISO-8859-5"));
  EXPECT_FALSE(known("klingon"));
  EXPECT_FALSE(known(""));
}

TEST(ModifiedUtf7, GoesBothWays) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"INBOX", "INBOX"},
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},
      {"Entw&APw-rfe", "Entwürfe"},
      {"R&-D", "R&D"},
      {"&-", "&"},
      {"&2D3eAA-", "😀"},
      {"", ""},
  };
  for (const auto& [wire, utf8] : rows) {
    EXPECT_EQ(from_modified_utf7(wire), utf8) << wire;
    EXPECT_EQ(to_modified_utf7(utf8), wire) << utf8;
  }
}

TEST(ModifiedUtf7, EachNameHasOneFormOnly) {
  for (const auto bad : {"&AGE-"sv, "&"sv, "&APw"sv, "&APw-&APw-"sv, "&AP-"sv, "&APx-"sv, "&2D0-"sv, "&3gA-"sv, "caf\xC3\xA9"sv, "a\tb"sv, "&A!w-"sv, "&AAA-"sv, "&/A-"sv})
    EXPECT_FALSE(from_modified_utf7(bad)) << bad;
  EXPECT_FALSE(to_modified_utf7("\xFF"));
}

TEST(Folding, EqualToAnEyeThatIgnoresCaseIsEqual) {
  EXPECT_EQ(fold_for_search("Hello, World 1"), "HELLO, WORLD 1");
  EXPECT_EQ(fold_for_search("ÄPFEL"), fold_for_search("äpfel"));
  EXPECT_EQ(fold_for_search("A\xCC\x88pfel"), fold_for_search("äPFEL"));
  EXPECT_EQ(fold_for_search("２"), "2") << "compatibility forms are decomposed too";
  EXPECT_EQ(fold_for_search("ПРИВЕТ"), fold_for_search("привет"));
  EXPECT_EQ(fold_for_search("가"), fold_for_search("\xE1\x84\x80\xE1\x85\xA1"));
}

TEST(Folding, SearchFindsWhateverTheCase) {
  const auto has = [](std::string_view text, std::string_view needle) { return contains_folded(text, fold_for_search(needle)); };
  EXPECT_TRUE(has("Hello World", "o wo"));
  EXPECT_TRUE(has("Grüße aus Köln", "KÖLN"));
  EXPECT_TRUE(has("anything", ""));
  EXPECT_TRUE(has("", ""));
  EXPECT_FALSE(has("", "a"));
  EXPECT_FALSE(has("plain", "ä"));
  EXPECT_FALSE(has("abc", "abcd"));
  // Across the blocks the search works in.
  for (std::size_t at = 4080; at < 4110; ++at) EXPECT_TRUE(has(std::string(at, 'x') + "needle" + std::string(50, 'y'), "NEEDLE")) << at;
  EXPECT_TRUE(has(std::string(5000, 'a') + "b", std::string(4000, 'A') + "B"));
}

TEST(NormalForm, ComposesWhatCanBeComposed) {
  const struct { std::string_view given, made; } rows[] = {
      {"", ""}, {"plain", "plain"}, {"\xc3\xbc", "\xc3\xbc"}, {"u\xcc\x88", "\xc3\xbc"}, {"\xe2\x84\xab", "\xc3\x85"},
      {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"}, {"\xf0\x9f\x92\xa9", "\xf0\x9f\x92\xa9"},
      {"\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae"}}; // grows
  for (const auto& r : rows) {
    EXPECT_EQ(to_nfc(r.given), r.made);
    EXPECT_EQ(to_nfc(r.made), r.made);
  }
}

TEST(Idna, ConvertsBothWays) {
  EXPECT_EQ(domain_to_ascii("Bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(domain_to_ascii("EXAMPLE.org"), "example.org");
  EXPECT_EQ(domain_to_unicode("xn--bcher-kva.example"), "bücher.example");
  EXPECT_EQ(domain_to_unicode("Example.ORG"), "example.org");
  EXPECT_EQ(domain_to_unicode("xn--\xFF"), "xn--\xFF");
  EXPECT_FALSE(domain_to_ascii(""));
  EXPECT_FALSE(domain_to_ascii("a..b"));
  EXPECT_FALSE(domain_to_ascii(std::string(64, 'a') + ".org"));
  EXPECT_FALSE(domain_to_ascii("\xFF.org"));
}

} // namespace
} // namespace rookery::charset
