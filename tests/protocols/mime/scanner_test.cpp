#include "protocols/mime/scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace rookery::mime {
namespace {

using namespace std::string_view_literals;

part_tree scan(std::string_view message, std::size_t step = SIZE_MAX, const limits& l = {}) {
  scanner s(l);
  for (auto rest = message; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) s.feed(rest.substr(0, step));
  s.finish();
  EXPECT_EQ(s.octets(), message.size());
  return s.parts();
}

/// "type[header|body]{children}" of the tree.
std::string shown(const part_tree& t, std::string_view message, std::size_t at = 0) {
  const auto& p = t[at];
  std::string out = p.type + "[" + std::string(message.substr(p.header_offset, p.header_octets)) + "|" + (p.kind == part_kind::leaf ? std::string(message.substr(p.body_offset, p.body_octets)) : std::string()) + "]";
  if (p.children > 0) {
    out += "{";
    auto child = at + 1;
    for (std::uint32_t i = 0; i < p.children; ++i, child += t[child].descendants + 1) out += shown(t, message, child);
    out += "}";
  }
  return out;
}

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

struct row {
  std::string_view message, expected;
};

constexpr row rows[] = {
    {"", "text/plain[|]"},
    {"\n", "text/plain[\n|]"},
    {"\nbody\n", "text/plain[\n|body\n]"},
    {"A: b\n\nbody", "text/plain[A: b\n\n|body]"},
    {"A: b\n", "text/plain[A: b\n|]"},
    {"A: b", "text/plain[A: b|]"},
    {"Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n\n--b--\nepilogue\n",
     "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]{text/plain[\n|one]text/html[Content-Type: text/html\n\n|two\n]}"},
    // No close delimiter.
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n", "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]{text/plain[\n|one\n]}"},
    // No delimiter at all.
    {"Content-Type: multipart/mixed; boundary=b\n\nnone\n", "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]"},
    // No boundary parameter: text.
    {"Content-Type: multipart/mixed\n\nnone\n", "text/plain[Content-Type: multipart/mixed\n\n|none\n]"},
    // A delimiter right behind a header, and a part without an empty line.
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\nA: b\n--b--\n", "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]{text/plain[\n|]text/plain[A: b\n|]}"},
    // White space behind the delimiter, and text that looks like one.
    {"Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\n--c\n-b\n --b\n--b--  \n--b\n", "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]{text/plain[\n|--c\n-b\n --b]}"},
    // One boundary begins with the other.
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--bb--\n--b\n\ntwo\n--b--\n",
     "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]{multipart/alternative[Content-Type: multipart/alternative; boundary=bb\n\n|]{text/plain[\n|one]}text/plain[\n|two]}"},
    // The outer delimiter ends an inner multipart that was not closed.
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--b\n\ntwo\n--b--\n",
     "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]{multipart/alternative[Content-Type: multipart/alternative; boundary=c\n\n|]{text/plain[\n|one]}text/plain[\n|two]}"},
    // The same boundary twice: the inner one counts until it is closed.
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n",
     "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]{multipart/alternative[Content-Type: multipart/alternative; boundary=b\n\n|]{text/plain[\n|one]}text/plain[\n|two]}"},
    {"Content-Type: message/rfc822\n\nSubject: in\n\ninner\n", "message/rfc822[Content-Type: message/rfc822\n\n|]{text/plain[Subject: in\n\n|inner\n]}"},
    {"Content-Type: message/rfc822\n", "message/rfc822[Content-Type: message/rfc822\n|]{text/plain[|]}"},
    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\ninner\n--b\nContent-Type: text/plain\n\nplain\n--b--\n",
     "multipart/digest[Content-Type: multipart/digest; boundary=b\n\n|]{message/rfc822[\n|]{text/plain[Subject: in\n\n|inner]}text/plain[Content-Type: text/plain\n\n|plain]}"},
    {"Content-Type: multipart/mixed;\n boundary=\"foo\n bar\"\n\n--foo bar\n\nx\n--foo bar--\n", "multipart/mixed[Content-Type: multipart/mixed;\n boundary=\"foo\n bar\"\n\n|]{text/plain[\n|x]}"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b", "multipart/mixed[Content-Type: multipart/mixed; boundary=b\n\n|]"},
    {"A: \xE9\0\n\nb\0dy"sv, "text/plain[A: \xE9\0\n\n|b\0dy]"sv},
};

TEST(Scanner, FindsThePartsWhereTheyStand) {
  for (const auto& r : rows) {
    EXPECT_EQ(shown(scan(r.message), r.message), r.expected);
    const auto long_lines = crlf(r.message);
    EXPECT_EQ(shown(scan(long_lines), long_lines), crlf(r.expected)) << "with CRLF";
  }
}

TEST(Scanner, TheCutsDoNotMatter) {
  for (const auto& r : rows)
    for (const auto& message : {std::string(r.message), crlf(r.message)}) {
      scanner whole;
      whole.feed(message);
      whole.finish();
      const auto expected = whole.summarize();
      for (const std::size_t step : {1u, 2u, 3u, 7u}) {
        scanner s;
        for (std::string_view rest = message; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) s.feed(rest.substr(0, step));
        s.finish();
        const auto got = s.summarize();
        EXPECT_EQ(got.parts, expected.parts) << message << " by " << step;
        EXPECT_EQ(got.bodystructure, expected.bodystructure);
        EXPECT_EQ(got.envelope, expected.envelope);
        EXPECT_EQ(got.preview, expected.preview);
        EXPECT_EQ(got.lines, expected.lines);
        EXPECT_EQ(got.header_octets, expected.header_octets);
      }
    }
}

TEST(Scanner, LinesAndOctetsLeaveOutTheDelimitersLineEnd) {
  const auto message = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n\n--b\n\nno end\n--b--\n");
  const auto t = scan(message);
  EXPECT_EQ(t[1].body_octets, 7u);
  EXPECT_EQ(t[1].body_lines, 1u);
  EXPECT_EQ(t[2].body_octets, 6u);
  EXPECT_EQ(t[2].body_lines, 0u);
  EXPECT_EQ(t[0].body_lines, 8u);
}

TEST(Scanner, NestingAndPartsAreBounded) {
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "x\n\n--b" + std::to_string(i) + "x\n";
  const auto t = scan(deep);
  EXPECT_EQ(t.size(), limits().depth);
  EXPECT_EQ(t.back().type, "application/octet-stream");
  std::string messages;
  for (int i = 0; i < 500; ++i) messages += "Content-Type: message/rfc822\n\n";
  EXPECT_EQ(scan(messages).size(), limits().depth);
  std::string wide = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 5000; ++i) wide += "--b\n\nx\n";
  const auto w = scan(wide + "--b--\nepilogue\n");
  EXPECT_EQ(w.size(), limits().parts);
  EXPECT_EQ(w[0].body_octets, wide.size() + 15 - w[0].body_offset);
}

TEST(Scanner, AHeaderWithoutEndIsKeptInPartOnly) {
  std::string header = "Subject: first\n";
  while (header.size() < 2'000'000) header += "X-Filler: " + std::string(900, 'x') + "\n";
  scanner s;
  s.feed(header);
  s.finish();
  EXPECT_EQ(s.parts()[0].header_octets, header.size());
  EXPECT_EQ(s.summarize().envelope.substr(0, 13), "(NIL \"first\" ");
}

TEST(PartTree, StoredPartsAreReadAgainAndDamageIsSeen) {
  for (const auto& r : rows) {
    const auto t = scan(r.message);
    const auto stored = write_parts(t);
    const auto back = read_parts(stored);
    ASSERT_TRUE(back) << r.message;
    EXPECT_EQ(write_parts(*back), stored);
    EXPECT_EQ(shown(*back, r.message), r.expected);
    for (std::size_t n = 0; n < stored.size(); ++n) EXPECT_FALSE(read_parts(stored.substr(0, n)));
    EXPECT_FALSE(read_parts(stored + "x"));
    for (std::size_t i = 0; i < stored.size(); ++i) {
      auto damaged = stored;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
      (void)read_parts(damaged);
    }
  }
}

} // namespace
} // namespace rookery::mime
