#include "protocols/encoding/base64.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/encoding/parameters.hpp"
#include "protocols/encoding/quoted_printable.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace rookery::encoding {
namespace {

using namespace std::string_view_literals;

TEST(Base64, StrictReadsWhatItWrites) {
  const std::pair<std::string_view, std::string_view> rows[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xFF\x00\xFE"sv, "/wD+"}};
  for (const auto& [octets, text] : rows) {
    EXPECT_EQ(base64_encode(octets), text);
    EXPECT_EQ(base64_decode(text), octets);
  }
}

TEST(Base64, StrictRefusesEverythingElse) {
  for (const auto bad : {"Zg="sv, "Zg"sv, "Z==="sv, "Zh=="sv, "Zm9="sv, "Zg==Zg=="sv, "Zm 9"sv, "Zm9v\r\n"sv, "===="sv, "Zm9-"sv, "Zg=a"sv, "=Zg="sv})
    EXPECT_FALSE(base64_decode(bad)) << bad;
}

std::string tolerant(std::string_view text, std::size_t step) {
  base64_decoder d;
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) d.decode(text.substr(0, step), out);
  d.finish(out);
  return out;
}

TEST(Base64, TolerantReadsBodiesOfTheWildHoweverTheyAreCut) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"Zm9v\r\nYmFy\r\n", "foobar"}, {"Zg==", "f"}, {"Zg", "f"}, {"Zm8", "fo"}, {"Z", ""}, {"Zg==Zm9v", "ffoo"},
      {"Z m\t9!v", "foo"}, {"Zm8=\r\nZm8=", "fofo"}, {"====", ""}, {"Zm9vZ===Zm9v", "foofoo"}};
  for (const auto& [text, octets] : rows)
    for (const std::size_t step : {1u, 2u, 3u, 5u, 100u}) EXPECT_EQ(tolerant(text, step), octets) << text << " by " << step;
}

TEST(Base64, LinesAreSeventySixLong) {
  std::string out;
  append_base64_lines(out, std::string(60, 'a'));
  EXPECT_EQ(out.find("\r\n"), 76u);
  EXPECT_EQ(tolerant(out, 7), std::string(60, 'a'));
}

std::string qp(std::string_view text, std::size_t step) {
  quoted_printable_decoder d;
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) d.decode(text.substr(0, step), out);
  d.finish(out);
  return out;
}

TEST(QuotedPrintable, ReadsBodiesOfTheWildHoweverTheyAreCut) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"a=3Db", "a=b"},
      {"gr=FC=df", "gr\xFC\xDF"},
      {"soft =\r\nline", "soft line"},
      {"soft=\nline", "softline"},
      {"soft= \t\r\nline", "softline"},
      {"trailing  \r\nnext", "trailing\r\nnext"},
      {"trailing\t\nnext", "trailing\nnext"},
      {"a = b", "a = b"},
      {"=XY=4", "=XY=4"},
      {"100=%", "100=%"},
      {"end=", "end"},
      {"cr\rinside", "cr\rinside"},
      {"cr\r\rtwice\r\n", "cr\r\rtwice\r\n"},
      {"8bit \xE9", "8bit \xE9"},
      {"end  ", "end"},
      {"==3D", "=="},
      {"", ""}};
  for (const auto& [text, octets] : rows)
    for (const std::size_t step : {1u, 2u, 3u, 5u, 100u}) EXPECT_EQ(qp(text, step), octets) << text << " by " << step;
}

TEST(QuotedPrintable, ReadsWhatItWritesAndKeepsLinesShort) {
  for (const auto text : {"plain\r\n"sv, "From me\r\n.\r\n"sv, "gr\xC3\xBC\xC3\x9F \r\n"sv, "tab\t\r\n"sv, "a=b"sv}) EXPECT_EQ(quoted_printable_decode(quoted_printable_encode(text)), text);
  const auto long_text = std::string(200, 'x') + " \xC3\xA9" + std::string(100, 'y') + "\r\n";
  const auto coded = quoted_printable_encode(long_text);
  EXPECT_EQ(quoted_printable_decode(coded), long_text);
  std::size_t begin = 0;
  for (auto end = coded.find("\r\n"); end != std::string::npos; begin = end + 2, end = coded.find("\r\n", begin)) EXPECT_LE(end - begin, 76u);
  EXPECT_EQ(quoted_printable_encode("a\nb"), "a\r\nb");
}

TEST(EncodedWords, AreDecodedAsTheWildWritesThem) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"plain text", "plain text"},
      {"=?ISO-8859-1?Q?a?=", "a"},
      {"=?ISO-8859-1?Q?a?= b", "a b"},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a_b?=", "a b"},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"},
      {"=?utf-8?B?Z3LDvMOf?= aus", "grüß aus"},
      {"=?utf-8?q?gr=C3?= =?utf-8?q?=BC=C3=9F?=", "grüß"},
      {"=?utf-8*en?q?caf=C3=A9?=", "café"},
      {"=?utf-8?q?with spaces inside?=", "with spaces inside"},
      {"=?x-none?q?gr=FC=DF?=", "grüß"},
      {"=?ISO-2022-JP?B?GyRCJDMkcxsoQg==?=", "こん"},
      {"text=?utf-8?q?glued?=here", "textgluedhere"},
      {"=?utf-8?q?" "?=", ""},
      {"=?utf-8?q?=3D=3f?=", "=?"},
      {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
      {"=?utf-8?q?never ends", "=?utf-8?q?never ends"},
      {"=?=?utf-8?q?a?=", "=?a"},
      {"=?", "=?"},
      {"folded\r\n value", "folded value"},
      {"folded\n\tvalue", "folded\tvalue"},
      {"8bit gr\xFC\xDF", "8bit grüß"},
      {"8bit grüß", "8bit grüß"},
      {"=?utf-8?q?a=0D=0Ab?=", "a  b"},
      {"a \x01 b", "a   b"},
  };
  for (const auto& [value, utf8] : rows) EXPECT_EQ(decode_words(value), utf8) << value;
}

TEST(EncodedWords, WhatIsWrittenIsReadAgainInShortWords) {
  const std::string long_text = "Überraschung: " + std::string(200, 'x') + " für alle, größer als je zuvor";
  for (const auto& text : {std::string("Grüße"), std::string("日本語の件名がとても長いのでいくつかの語に分かれます。日本語の件名"), long_text, std::string("=?utf-8?q?looks?= like one"), std::string("a\nb")}) {
    const auto coded = encode_words(text);
    std::string expected = text;
    for (auto& c : expected)
      if (c == '\n') c = ' ';
    EXPECT_EQ(decode_words(coded), expected);
    std::size_t begin = 0;
    while (begin < coded.size()) {
      const auto end = std::min(coded.find(' ', begin), coded.size());
      EXPECT_LE(end - begin, 75u) << coded;
      begin = end + 1;
    }
  }
  EXPECT_EQ(encode_words("plain (text)"), "plain (text)");
}

struct parameter_row {
  std::string_view text;
  std::string_view expected; ///< name=decoded|name=decoded
};

TEST(Parameters, AreReadAsTheWildWritesThem) {
  const parameter_row rows[] = {
      {"; charset=utf-8", "charset=utf-8"},
      {"; charset=\"utf-8\"; format=flowed", "charset=utf-8|format=flowed"},
      {";CHARSET = us-ascii (a comment)", "charset=us-ascii"},
      {"; boundary=\"a\\\"b\"", "boundary=a\"b"},
      {"; boundary=\"foo\r\n bar\"", "boundary=foo bar"},
      {"; charset=utf-8 format=flowed", "charset=utf-8|format=flowed"},
      {"; name=a file.txt; x=y", "name=a file.txt|x=y"},
      {"; filename=foo(1).pdf", "filename=foo(1).pdf"},
      {"; name=\"never closed", "name=never closed"},
      {"; a=1; a=2", "a=1"},
      {"; filename*=utf-8'en'gr%C3%BC%C3%9F.txt", "filename=grüß.txt"},
      {"; filename*=iso-8859-1''caf%E9", "filename=café"},
      {"; filename=plain; filename*=utf-8''better", "filename=better"},
      {"; name*0=first; name*1=\" second\"; name*2=third", "name=first secondthird"},
      {"; name*1=b; name*0=a", "name=ab"},
      {"; name*0*=utf-8''%C3; name*1*=%A4; name*2=\"%\"", "name=ä%"},
      {"; name*0=a; name*2=c", "name=a"},
      {"; name=\"=?utf-8?q?gr=C3=BC=C3=9F?=\"", "name=grüß"},
      {"; filename*=broken%C3%A9", "filename=brokené"},
      {"; filename=", "filename="},
      {"; =x; ;; y=z", "y=z"},
      {"", ""},
      {"; just words", ""},
      {"; (unclosed comment", ""},
      {"; a=b \"", "a=b \""},
  };
  for (const auto& row : rows) {
    std::string got;
    for (const auto& p : read_parameters(row.text)) {
      if (!got.empty()) got += '|';
      got += p.name + "=" + p.decoded();
    }
    EXPECT_EQ(got, row.expected) << row.text;
  }
}

TEST(Parameters, AStrangerCannotMakeThemGrow) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "; p" + std::to_string(i) + "=x";
  EXPECT_EQ(read_parameters(many).size(), parameters_max);
  EXPECT_LE(read_parameters("; a=" + std::string(1'000'000, 'x'))[0].value.size(), parameter_octets_max);
  EXPECT_EQ(read_parameters("; a=" + std::string(1'000'000, ' ') + "b")[0].value, "b");
}

TEST(Parameters, AreWrittenSoThatTheyAreReadAgain) {
  for (const std::string_view value : {"plain", "with space", "with \"quote\"", "größe.txt", ""}) {
    std::string out;
    append_parameter(out, "name", value);
    const auto back = read_parameters(out);
    ASSERT_EQ(back.size(), 1u) << out;
    EXPECT_EQ(back[0].decoded(), value);
  }
}

TEST(QuotedPrintableEncoder, BringsTheVeryOctetsBackHoweverTheyAreCut) {
  struct row {
    std::string_view octets, text;
  };
  const row rows[] = {
    {"", ""},
    {"abc\r\n", "abc\r\n"},
    {"a \r\nb\t\r\n c", "a=20\r\nb=09\r\n c"},
    {"end ", "end=20"},
    {"a\nb\rc\r", "a=0Ab=0Dc=0D"},
    {" \r\r\n", " =0D\r\n"},
    {"a \rb", "a =0Db"},
    {".\r\n.x..\r\n", "=2E\r\n=2Ex..\r\n"},
    {"=\x7f\x01\xff", "=3D=7F=01=FF"},
    {std::string_view("\0", 1), "=00"},
    {"0123456789012345678901234567890123456789012345678901234567890123456789abcdef.h\r\n",
     "0123456789012345678901234567890123456789012345678901234567890123456789abcde=\r\nf.h\r\n"},
    {"0123456789012345678901234567890123456789012345678901234567890123456789abcde.h\r\n",
     "0123456789012345678901234567890123456789012345678901234567890123456789abcde=\r\n=2Eh\r\n"},
  };
  for (const auto& r : rows)
    for (const std::size_t cut : {1, 2, 1000}) {
      quoted_printable_encoder e;
      std::string out;
      for (std::size_t at = 0; at < r.octets.size(); at += cut) e.encode(r.octets.substr(at, cut), out);
      e.finish(out);
      EXPECT_EQ(r.text, out);
      EXPECT_EQ(r.octets, quoted_printable_decode(out));
    }
}

} // namespace
} // namespace rookery::encoding
