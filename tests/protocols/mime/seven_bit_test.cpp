#include "protocols/mime/seven_bit.hpp"

#include "protocols/mime/scanner.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::mime {
namespace {

using v = seven_bit_verdict;

/// Types and decoded octets of the leaves.
std::vector<std::string> leaves(std::string_view message) {
  scanner s;
  s.feed(message);
  s.finish();
  std::vector<std::string> out;
  for (const auto& p : s.parts())
    if (p.kind == part_kind::leaf)
      out.push_back(p.type + ": " + decode_transfer(p.encoding, message.substr(static_cast<std::size_t>(p.body_offset), static_cast<std::size_t>(p.body_octets))));
  return out;
}

v verdict_of(std::string_view message, const limits& l = {}) {
  seven_bit_survey s(l);
  s.feed(message);
  s.finish();
  return s.verdict();
}

std::string converted(std::string_view message, std::size_t cut) {
  seven_bit_survey s;
  for (std::size_t at = 0; at < message.size(); at += cut) s.feed(message.substr(at, cut));
  s.finish();
  seven_bit_converter c(s);
  std::string out, piece;
  const auto sent = [&] {
    out += piece;
    piece.clear();
  };
  for (std::size_t at = 0; at < message.size(); at += cut) {
    c.feed(std::string(message.substr(at, cut)), piece);
    sent();
  }
  c.finish(piece);
  sent();
  return out;
}

std::string fault_of(std::string_view text) {
  std::size_t column = 0;
  char last = 0;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80 || c == 0) return "an 8-bit octet or NUL";
    if ((last == '\r') != (c == '\n')) return "a CR or LF alone";
    column = c == '\n' ? 0 : column + 1;
    if (column > 999) return "a long line"; // with its CR
    last = c;
  }
  return {};
}

struct row {
  const char *what, *message, *expected;
};
// Each expectation was read by Python's email package, which found the same texts as in the message.
const row rows[] = {
  {"a text", "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\nGrüße = \r\n.\r\nend\r\n",
   "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nSubject: x\r\n\r\n"
   "Gr=C3=BC=C3=9Fe =3D=20\r\n=2E\r\nend\r\n"},
  {"a text that names nothing", "Subject: x\r\n\r\nGr\xfc\xdf" "e\r\n",
   "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n"},
  {"a label that is not true", "Content-Transfer-Encoding: 7bit\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<b>\xc3\xa4</b>\r\n",
   "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset=utf-8\r\nMIME-Version: 1.0\r\n\r\n<b>=C3=A4</b>\r\n"},
  {"two labels, folded", "Content-Transfer-Encoding:\r\n 8bit\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\ncontent-transfer-encoding: binary\r\n\r\n\xc3\xa4\r\n",
   "Content-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n=C3=A4\r\n"},
  {"octets", "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\x01\x80\xff\r\n\n\r",
   "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAYD/DQoKDQ==\r\n"},
  {"a label alone", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\npre\xc3\xa4" "amble\r\n--b\r\n"
   "Content-Transfer-Encoding: 8bit\r\n\r\nplain\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa4 \r\n--b--\r\n\xc3\xa4pilogue\r\n",
   "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n\r\npre?\?amble\r\n--b\r\n"
   "Content-Transfer-Encoding: 7bit\r\n\r\nplain\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4=20\r\n--b--\r\n?\?pilogue\r\n"},
  {"nested", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
   "--i\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xb6\r\n--i\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 7bit\r\n\r\n<p>\r\n--i--\r\n"
   "--o\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: y\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\x89PNG\r\n--o--\r\n",
   "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
   "--i\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=B6\r\n--i\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 7bit\r\n\r\n<p>\r\n--i--\r\n"
   "--o\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: y\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--o--\r\n"},
  {"no clean part is touched", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\na = b \r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa4\r\n--b\r\n"
   "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-other\r\n\r\n= \r\n--b--\r\n",
   "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\na = b \r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4\r\n--b\r\n"
   "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-other\r\n\r\n= \r\n--b--\r\n"},
  {"8-bit octets in quoted-printable", "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3D\xc3\xa4=\r\nb\r\n",
   "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3D=C3=A4=\r\nb\r\n"},
  {"a signed part beside", "Content-Type: multipart/mixed; boundary=o\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--o\r\nContent-Type: multipart/signed; boundary=i\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
   "--i\r\nContent-Transfer-Encoding: 8bit\r\n\r\nsigned\r\n--i\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--i--\r\n--o\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa4\r\n--o--\r\n",
   "Content-Type: multipart/mixed; boundary=o\r\nContent-Transfer-Encoding: 7bit\r\nMIME-Version: 1.0\r\n\r\n--o\r\nContent-Type: multipart/signed; boundary=i\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
   "--i\r\nContent-Transfer-Encoding: 8bit\r\n\r\nsigned\r\n--i\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--i--\r\n--o\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4\r\n--o--\r\n"},
};

TEST(SevenBit, ConvertsAsWritten) {
  for (const auto& r : rows) {
    const std::string_view message = r.message;
    EXPECT_EQ(v::convertible, verdict_of(message)) << r.what;
    EXPECT_EQ(r.expected, to_seven_bit(message).value_or("none")) << r.what;
    for (const std::size_t cut : {1, 2, 7}) EXPECT_EQ(r.expected, converted(message, cut)) << r.what;
    EXPECT_EQ("", fault_of(r.expected)) << r.what;
  }
}

TEST(SevenBit, SaysWhatItCannotDo) {
  struct verdict_row {
    std::string message;
    v verdict;
  };
  const std::string text = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
  const verdict_row table[] = {
    {"Subject: x\r\n\r\nplain\r\n", v::clean},
    {"", v::clean},
    {"Subject: x\r\nContent-Transfer-Encoding: 8bit\r\n\r\nplain\r\n", v::clean},
    {"Subject: x\r\n\r\n" + std::string(998, 'x') + "\r\n", v::clean},
    {"Subject: x\r\n\r\n" + std::string(999, 'x') + "\r\n", v::convertible},
    {"Subject: x\r\n\r\na\nb\r\n", v::convertible},
    {"Subject: x\r\n\r\na\rb\r\n", v::convertible},
    {"Subject: x\r\n\r\na\r", v::convertible},
    {std::string("Subject: x\r\n\r\na\0b\r\n", 18), v::convertible},
    {"Subject: \xc3\xa4\r\n\r\nplain\r\n", v::eight_bit_header},
    {"Subject: x\r\nX: " + std::string(1000, 'x') + "\r\n\r\nplain\r\n", v::eight_bit_header},
    {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; filename=\xc3\xa4\r\n\r\nx\r\n--b--\r\n", v::eight_bit_header},
    {"Content-Type: message/rfc822\r\n\r\nSubject: \xc3\xa4\r\n\r\nx\r\n", v::eight_bit_header},
    {"Content-Type: message/global\r\n\r\nSubject: \xc3\xa4\r\n\r\nx\r\n", v::convertible},
    {"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n" + text + "\xc3\xa4\r\n--b\r\n\r\nsig\r\n--b--\r\n", v::signed_content},
    {"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nSubject: \xc3\xa4\r\n\r\nx\r\n--b\r\n\r\nsig\r\n--b--\r\n", v::signed_content},
    {"Content-Type: multipart/signed; boundary=b\r\n\r\npre\xc3\xa4\r\n--b\r\n\r\nx\r\n--b\r\n\r\nsig\r\n--b--\r\n", v::convertible},
    {"Content-Transfer-Encoding: x-mine\r\n\r\n\xc3\xa4\r\n", v::unknown_encoding},
    {"Content-Transfer-Encoding: x-uuencode\r\n\r\n\xc3\xa4\r\n", v::unknown_encoding},
    {"Content-Transfer-Encoding: base64\r\n\r\nAAAA\xc3\xa4\r\n", v::convertible},
    {"Content-Type: message/partial; id=x; number=1\r\n\r\n\xc3\xa4\r\n", v::too_complex},
  };
  for (const auto& r : table) {
    EXPECT_EQ(r.verdict, verdict_of(r.message)) << r.message.substr(0, 120);
    EXPECT_EQ(r.verdict == v::clean || r.verdict == v::convertible, to_seven_bit(r.message).has_value());
  }
}

TEST(SevenBit, KeepsItsLimits) {
  const std::string deep = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\n\xc3\xa4\r\n--bb--\r\n--a--\r\n";
  EXPECT_EQ(v::convertible, verdict_of(deep));
  limits l;
  l.depth = 2;
  EXPECT_EQ(v::too_complex, verdict_of(deep, l));
  l = {};
  l.header_octets = 20;
  EXPECT_EQ(v::too_complex, verdict_of("Subject: 0123456789\r\n\r\n\xc3\xa4\r\n", l));
  // More places than are remembered: neighbours are taken together, and the clean part between stays clean.
  std::string many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  const auto fill = [&many] {
    for (std::size_t i = 0; i < trouble_runs_max; ++i) many += "\xc3\xa4\r\nx\r\n";
  };
  fill();
  many += "\r\n--b\r\nContent-Type: text/plain\r\n\r\nclean =\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  fill();
  many += "\r\n--b--\r\n";
  EXPECT_EQ(v::convertible, verdict_of(many));
  const auto out = to_seven_bit(many).value_or("");
  EXPECT_EQ("", fault_of(out));
  EXPECT_EQ(leaves(many), leaves(out));
  EXPECT_NE(out.find("\r\nclean =\r\n"), std::string::npos);
  // Each of them may stand at a delimiter: nothing can be taken together.
  std::string hostile = "Subject: x\r\n\r\n";
  for (std::size_t i = 0; i <= trouble_runs_max; ++i) hostile += "\xc3\xa4\r\n--\r\n";
  EXPECT_EQ(v::too_complex, verdict_of(hostile));
}

TEST(SevenBit, GivesTheSameContentForRandomMessages) {
  std::mt19937 dice(7);
  const auto below = [&dice](unsigned n) { return static_cast<unsigned>(dice() % n); };
  const auto random_body = [&](bool text) {
    std::string body;
    for (unsigned i = 0, n = below(300); i < n; ++i) {
      const auto kind = below(12);
      if (kind == 0) body += "\r\n";
      else if (kind == 1) body += " ";
      else if (kind == 2) body += "\xc3\xa4";
      else if (kind == 3) body += ".";
      else if (kind == 4 && !text) body += static_cast<char>(dice());
      else if (kind == 5) body += "=";
      else body += static_cast<char>('a' + below(26));
    }
    return body;
  };
  for (int round = 0; round < 300; ++round) {
    std::string message = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"bound\"\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    for (unsigned i = 0, n = 1 + below(5); i < n; ++i) {
      const bool text = below(2) == 0;
      message += "--bound\r\nContent-Type: " + std::string(text ? "text/plain; charset=utf-8" : "application/x-y") +
                 "\r\nContent-Transfer-Encoding: " + (text ? "8bit" : "binary") + "\r\n\r\n" + random_body(text) + "\r\n";
    }
    message += "--bound--\r\n";
    const auto out = converted(message, 1 + below(100));
    ASSERT_EQ("", fault_of(out)) << message;
    ASSERT_EQ(leaves(message), leaves(out)) << message;
    ASSERT_EQ(v::clean, verdict_of(out));
  }
}

} // namespace
} // namespace rookery::mime
