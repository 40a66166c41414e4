#include "protocols/charset/fold.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/mime/search.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace rookery::mime {
namespace {

using namespace std::string_view_literals;

bool in_header(std::string_view header, std::string_view name, std::string_view text) {
  return search_header(header, name, charset::fold_for_search(text));
}

bool in_text(std::string_view message, std::string_view text, bool headers_too) {
  scanner s;
  s.feed(message);
  s.finish();
  return search_text(message, s.parts(), charset::fold_for_search(text), headers_too);
}

TEST(Search, HeadersAreDecoded) {
  constexpr auto h = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= an\r\n alle\r\nX-Empty:\r\nFrom: <user-from (comment)@ (comment) domain.org>\r\nTo: =?utf-8?q?J=C3=B6rg?= <j@x>\r\n\r\n"sv;
  EXPECT_TRUE(in_header(h, "subject", "GRÜßE AN ALLE"));
  EXPECT_TRUE(in_header(h, "Subject", ""));
  EXPECT_TRUE(in_header(h, "X-Empty", ""));
  EXPECT_FALSE(in_header(h, "X-Empty", "a"));
  EXPECT_FALSE(in_header(h, "X-Absent", ""));
  EXPECT_TRUE(in_header(h, "from", "user-from@domain.org"));
  EXPECT_TRUE(in_header(h, "from", "comment"));
  EXPECT_TRUE(in_header(h, "to", "jörg"));
  EXPECT_FALSE(in_header(h, "to", "joerg"));
}

TEST(Search, AFoldWithATabIsASpaceToo) {
  constexpr auto h = "Subject: one\r\n\ttwo =?utf-8?q?dr=C3=A9i?=\r\nX-Plain: a\tb\r\nFrom: Ann\r\n\tSender <ann@x>\r\n\r\n"sv;
  EXPECT_TRUE(in_header(h, "subject", "one two dréi"));
  EXPECT_TRUE(in_header(h, "x-plain", "a b"));
  EXPECT_TRUE(in_header(h, "from", "ann sender"));
  EXPECT_FALSE(in_header(h, "subject", "onetwo"));
  const auto message = std::string(h) + "text\twith a tab\r\n";
  EXPECT_TRUE(in_text(message, "one two", true));
  EXPECT_TRUE(in_text(message, "text\twith", false));
  EXPECT_FALSE(in_text(message, "text with", false));
}

TEST(Search, TextIsDecodedAndTextOnly) {
  constexpr auto m = "Subject: outside\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                     "gr=FC=DF=\r\ne\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nw4RwZmVs\r\n--b\r\nContent-Type: image/png; name=picture.png\r\n\r\nbinaryword\r\n"
                     "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inn=C3=A9r?=\r\n\r\ndeep\r\n--b--\r\n"sv;
  EXPECT_TRUE(in_text(m, "GRÜßE", false));
  EXPECT_TRUE(in_text(m, "äpfel", false));
  EXPECT_TRUE(in_text(m, "innér", false));
  EXPECT_TRUE(in_text(m, "deep", false));
  EXPECT_TRUE(in_text(m, "picture.png", false));
  EXPECT_FALSE(in_text(m, "binaryword", true));
  EXPECT_FALSE(in_text(m, "outside", false));
  EXPECT_TRUE(in_text(m, "outside", true));
  EXPECT_TRUE(in_text(m, "", false));
}

TEST(Search, AFindMayLieAcrossTheWindows) {
  for (std::size_t fill = 16 * 1024 - 12; fill < 16 * 1024 + 3; ++fill) {
    const auto m = "\r\n" + std::string(fill, 'x') + "n\xC3\xA9" "edle" + std::string(100, 'y');
    EXPECT_TRUE(in_text(m, "NÉEDLE", false)) << fill;
    EXPECT_FALSE(in_text(m, "needle", false)) << fill;
  }
}

TEST(Search, TextOfOnePartIsBounded) {
  const auto m = "\r\n" + std::string(100'000, 'x');
  scanner s;
  s.feed(m);
  s.finish();
  EXPECT_EQ(decoded_text(m, s.parts()[0]).size(), 100'000u);
  EXPECT_LE(decoded_text(m, s.parts()[0], 1000).size(), 1000u);
}

} // namespace
} // namespace rookery::mime
