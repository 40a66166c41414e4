#include "protocols/smtp/command.hpp"
#include "protocols/smtp/fix_ups.hpp"
#include "protocols/smtp/parameters.hpp"
#include "protocols/smtp/reply_reader.hpp"
#include "protocols/smtp/reply.hpp"
#include "protocols/smtp/smuggling.hpp"
#include "protocols/smtp/trace.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::smtp {
namespace {

TEST(SmtpCommand, VerbsAreFoundWhateverTheirCase) {
  const struct { const char* line; verb what; const char* arguments; } rows[] = {
      {"MAIL FROM:<a@b>", verb::mail, "FROM:<a@b>"}, {"mail  from:<a@b>  ", verb::mail, "from:<a@b>"},
      {"QUIT", verb::quit, ""},                      {"StartTLS ", verb::starttls, ""},
      {"MAILFROM:<a@b>", verb::unknown, ""},         {"", verb::unknown, ""},
      {" NOOP", verb::unknown, "NOOP"},              {"GET / HTTP/1.1", verb::foreign, "/ HTTP/1.1"},
      {"TURN", verb::unimplemented, ""},             {"DATA\t", verb::data, "\t"},
  };
  for (const auto& row : rows) {
    const auto c = read_command(row.line);
    EXPECT_EQ(c.what, row.what) << row.line;
    EXPECT_EQ(c.arguments, row.arguments) << row.line;
  }
}

TEST(SmtpReply, IsWrittenInLines) {
  base::buffer out;
  append_reply(out, 250, "2.1.0", "Ok");
  append_reply(out, 354, "", "go");
  append_reply(out, {550, "5.7.1", "one\ntwo\r\tthree"});
  EXPECT_EQ(out.view(), "250 2.1.0 Ok\r\n354 go\r\n550-5.7.1 one\r\n550 5.7.1 two??three\r\n");
  out.clear();
  append_reply(out, 250, "2.0.0", std::string(2000, 'x'));
  EXPECT_LE(out.view().size(), 512u);
}

TEST(SmtpParameters, XtextGoesBothWays) {
  EXPECT_EQ(decode_xtext("a+3Db+2Bc"), "a=b+c");
  for (const auto* bad : {"a=b", "a+3", "a+3d", "a b", "a+G0", "\xc3\xa4"}) EXPECT_FALSE(decode_xtext(bad)) << bad;
  EXPECT_EQ(decode_xtext(encode_xtext("a b=+\xff\x01")), "a b=+\xff\x01");
}

TEST(SmtpParameters, ValuesAreChecked) {
  extensions all;
  all.binary_mime = all.auth = all.require_tls = all.deliver_by = all.future_release = true;
  for (const auto* good : {"", "  ", " SIZE=0", " size=18446744073709551615", " BODY=binarymime", " RET=FULL", " BY=+10;rt", " BY=-999999999;N",
                           " HOLDUNTIL=2024-02-29T23:59:60.5-12:30", " AUTH=<>", " ENVID=x", " SMTPUTF8 REQUIRETLS"})
    EXPECT_TRUE(read_mail_parameters(good, all).ok()) << good;
  for (const auto* bad : {" SIZE", " SIZE=", " SIZE=-1", " SIZE=18446744073709551616", " SIZE=1 SIZE=1", " BODY=9BIT", " RET=ALL", " BY=10", " BY=1;X",
                          " BY=1;RX", " BY=1;RTT", " BY=1234567890;R", " HOLDFOR=x", " HOLDFOR=1 HOLDUNTIL=2024-01-01T00:00:00Z",
                          " HOLDUNTIL=2023-02-29T00:00:00Z", " HOLDUNTIL=2024-01-01", " AUTH=a=b", " ENVID=a b=c", " SMTPUTF8=yes", " =x", " -A=x"}) {
    const auto got = read_mail_parameters(bad, all);
    ASSERT_FALSE(got.ok()) << bad;
  }
  EXPECT_EQ(read_mail_parameters(" BODY=BINARYMIME", {}).error(), parameter_error::malformed);
  EXPECT_EQ(read_mail_parameters(" REQUIRETLS", {}).error(), parameter_error::unknown);
  for (const auto* good : {"", " NOTIFY=NEVER", " notify=delay,SUCCESS", " ORCPT=rfc822;a+40b", " ORCPT=utf-8;\xc3\xa4@b"})
    EXPECT_TRUE(read_rcpt_parameters(good, all).ok()) << good;
  for (const auto* bad : {" NOTIFY=", " NOTIFY=NEVER,DELAY", " NOTIFY=DELAY,", " NOTIFY=X", " ORCPT=rfc822", " ORCPT=;a", " ORCPT=rfc822;a=b", " ORCPT=rfc822;a ORCPT=rfc822;a"})
    EXPECT_FALSE(read_rcpt_parameters(bad, all).ok()) << bad;
}

/// The rules once more, an octet at a time.
struct plain_scanner {
  line_fault fault = line_fault::none;
  std::size_t passed = 0;
  std::size_t dots = 0;
  explicit plain_scanner(std::string_view text, bool with_dots) {
    for (; passed < text.size(); ++passed) {
      const char before = passed == 0 ? '\n' : text[passed - 1];
      const char c = text[passed];
      if (passed > 0 && before == '\r' && c != '\n') fault = line_fault::bare_cr;
      else if (c == '\n' && (passed == 0 || before != '\r')) fault = line_fault::bare_lf;
      if (fault != line_fault::none) return;
      if (with_dots && c == '.' && before == '\n') ++dots;
    }
  }
};

TEST(SmtpSmuggling, TheScannerAgreesWithAPlainOneHoweverItIsCut) {
  std::mt19937 dice(7);
  const std::string_view alphabet = "\r\n.abcdefghijk\r\n";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const int pieces = static_cast<int>(dice() % 12);
    for (int i = 0; i < pieces; ++i) {
      if (dice() % 3 == 0) text += "\r\n";
      else text.append(dice() % 40, alphabet[dice() % alphabet.size()] == '.' ? '.' : 'x');
      if (dice() % 9 == 0) text += alphabet[dice() % alphabet.size()];
    }
    const plain_scanner wanted(text, true);
    line_scanner scanner;
    scanner.restart(1u << 20);
    std::size_t at = 0, dots = 0;
    bool fault = false;
    while (at < text.size() && !fault) {
      const auto n = 1 + dice() % 50;
      const auto piece = std::string_view(text).substr(at, n);
      const auto found = scanner.scan(piece, true);
      at += found.at;
      if (found.why == line_scanner::stop::dot) {
        scanner.skip_dot();
        ++at;
        ++dots;
      }
      fault = found.why == line_scanner::stop::fault;
    }
    ASSERT_EQ(scanner.fault(), wanted.fault) << testing::PrintToString(text);
    ASSERT_EQ(at, wanted.passed) << testing::PrintToString(text);
    ASSERT_EQ(dots, wanted.dots) << testing::PrintToString(text);
  }
}

TEST(SmtpSmuggling, TheEndIsFoundHoweverItIsCut) {
  std::mt19937 dice(8);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto n = dice() % 30; n > 0; --n) text += "\r\n.x"[dice() % 4];
    const auto wanted = text.find("\r\n.\r\n");
    line_scanner middle;
    middle.skip_dot();
    end_finder finder;
    finder.restart(middle);
    std::size_t at = 0, got = end_finder::npos;
    while (at < text.size() && got == end_finder::npos) {
      const auto piece = std::string_view(text).substr(at, 1 + dice() % 4);
      const auto found = finder.find(piece);
      if (found != end_finder::npos) got = at + found;
      at += piece.size();
    }
    ASSERT_EQ(got, wanted == std::string::npos ? end_finder::npos : wanted + 5) << testing::PrintToString(text);
  }
}

TEST(SmtpTrace, ReceivedSaysHowTheMessageCame) {
  connection_facts c;
  c.peer_address = "2001:db8::7";
  c.tls = true;
  c.tls_version = "TLSv1.3";
  c.tls_cipher = "TLS_AES_256_GCM_SHA384";
  received_facts f;
  f.helo = "evil (x); y\r\nX-Injected: 1";
  f.connection = &c;
  f.by = "mx.example.org";
  f.software = "Rookery";
  f.id = "0123456789abcdef";
  f.for_recipient = "bob@example.org";
  f.authenticated = true;
  f.time = base::wall_time(std::chrono::seconds(1700000000));
  EXPECT_EQ(received_field(f),
            "Received: from evil ?x?? y??X-Injected: 1 ([IPv6:2001:db8::7])\r\n\tby mx.example.org (Rookery) with ESMTPSA\r\n"
            "\t(TLSv1.3 TLS_AES_256_GCM_SHA384) id 0123456789abcdef\r\n\tfor <bob@example.org>;\r\n\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
  const struct { greeting_verb g; bool tls, authenticated, utf8; const char* with; } rows[] = {
      {greeting_verb::helo, false, false, false, "SMTP"},  {greeting_verb::ehlo, false, false, false, "ESMTP"},
      {greeting_verb::ehlo, true, false, false, "ESMTPS"}, {greeting_verb::ehlo, false, true, false, "ESMTPA"},
      {greeting_verb::lhlo, false, false, false, "LMTP"},  {greeting_verb::lhlo, true, true, false, "LMTPSA"},
      {greeting_verb::ehlo, true, true, true, "UTF8SMTPSA"}, {greeting_verb::lhlo, false, false, true, "UTF8LMTP"},
  };
  for (const auto& row : rows) EXPECT_EQ(with_protocol(row.g, row.tls, row.authenticated, row.utf8), row.with);
  EXPECT_EQ(return_path_field(""), "Return-Path: <>\r\n");
}

TEST(SmtpFixUps, AddWhatASubmittedMessageLacks) {
  fix_up_facts with;
  with.sender = "ann@example.org";
  with.message_id = "1@mx.example.org";
  with.time = base::wall_time(std::chrono::seconds(1700000000));
  const struct { const char* message; const char* added; } rows[] = {
      {"Date: x\r\nMessage-ID: <a@b>\r\nFrom: ann@example.org\r\n\r\nDate: y\r\n", ""},
      {"date: x\r\nFROM: ann@example.org\r\n\r\nMessage-ID: <a@b>\r\n", "Message-ID: <1@mx.example.org>\r\n"},
      {"Subject: x\r\n\r\n", "Message-ID: <1@mx.example.org>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: <ann@example.org>\r\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(fix_ups(read_header_facts(row.message), with), row.added) << row.message;
  const auto facts = read_header_facts("Received: a\r\nReceived: b\r\n c\r\nFrom: Ann <ann@example.org>,\r\n \"B\" <bob@example.org>\r\nDelivered-To: X@example.org\r\n\r\nReceived: d\r\n");
  EXPECT_EQ(facts.received, 2u);
  EXPECT_EQ(facts.delivered_to_addresses, std::vector<std::string>{"x@example.org"});
  const auto again = read_header_facts("Delivered-To: b@x\r\nResent-From: c@x\r\nDelivered-To: a@x\r\n\r\n");
  EXPECT_EQ(again.delivered_to_addresses, std::vector<std::string>{"b@x"}); // sent again on purpose
  EXPECT_EQ(facts.from_addresses, (std::vector<std::string>{"ann@example.org", "bob@example.org"}));
}

TEST(SmtpFixUps, ATextWithoutHeaderIsKnown) {
  const struct { const char* begin; bool header; } rows[] = {
      {"Subject: x\r\n", true}, {"X-A:b\r\n", true}, {"\r\nhello", true}, {"From ann Sat Jan 1\r\n", true}, {"hello\r\n", false},
      {"hello world: x\r\n", false}, {": x\r\n", false}, {"h\xc3\xa4: x\r\n", false},
  };
  for (const auto& row : rows) EXPECT_EQ(begins_with_header(row.begin), row.header) << row.begin;
  EXPECT_FALSE(begins_with_header("Subje"));
}

TEST(SmtpParameters, WriteUtf8AddressesInAscii) {
  struct row {
    std::string_view utf8, ascii;
  };
  for (const auto& r : {row{"bob@example.org", "bob@example.org"}, row{"j\xc3\xbcrgen", "j\\x{FC}rgen"}, row{"a+b=c\\d e", "a\\x{2B}b\\x{3D}c\\x{5C}d\\x{20}e"},
                        row{"\xe2\x82\xac\xf0\x9f\x98\x80", "\\x{20AC}\\x{1F600}"}, row{"", ""}}) {
    EXPECT_EQ(r.ascii, encode_utf8_address(r.utf8));
    EXPECT_EQ(r.utf8, decode_utf8_address(r.ascii));
  }
  for (const std::string_view wrong : {"\\x{}", "\\x{F}", "\\x{fc}", "\\x{FC", "\\y", "\\x{1234567}", "\xff"})
    EXPECT_EQ(std::nullopt, decode_utf8_address(wrong)) << wrong;
  EXPECT_EQ("a+b@x", decode_typed_address("rfc822;a+2Bb@x"));
  EXPECT_EQ("a+b@x", decode_typed_address(" RFC822 ; a+b@x "));
  EXPECT_EQ("m\xc3\xb1@x", decode_typed_address("utf-8;m\\x{F1}@x"));
  EXPECT_EQ("/C=de", decode_typed_address("x400;/C=de"));
  EXPECT_EQ("a@x", decode_typed_address("a@x"));
}

TEST(SmtpReplyReader, JoinsTheLines) {
  struct row {
    std::string octets, text; ///< "" = nothing yet
    reply_fault fault = reply_fault::none;
  };
  const row rows[] = {
    {"250 2.1.0 Ok\r\n", "250 [2.1.0] Ok"},
    {"250-2.1.0 a\r\n250 2.1.0 b\r\n", "250 [2.1.0] a/b"},
    {"250-a\n250 b\n", "250 [] a/b"},
    {"250\r\n", "250 [] "},
    {"250 4.1.0 of another class\r\n", "250 [] 4.1.0 of another class"},
    {"550 5.1.1\r\n", "550 [5.1.1] "},
    {"550 5.1.1234 x\r\n", "550 [] 5.1.1234 x"},
    {"450 4.7.1 a\x07" "b\r\n", "450 [4.7.1] a?b"},
    {"250-a\r\n", ""},
    {"250 a", ""},
    {"25\r\n", "", reply_fault::malformed},
    {"999 x\r\n", "", reply_fault::malformed},
    {"100 x\r\n", "", reply_fault::malformed},
    {"250=x\r\n", "", reply_fault::malformed},
    {"\r\n", "", reply_fault::malformed},
    {std::string(101, 'x'), "", reply_fault::too_long},
    {"250-1\r\n250-2\r\n250-3\r\n250 4\r\n", "", reply_fault::too_long},
  };
  for (const auto& r : rows)
    for (const std::size_t cut : {1, 3, 1000}) {
      reply_reader reader({100, 3, 200});
      base::buffer input;
      std::string got;
      for (std::size_t at = 0; at < r.octets.size(); at += cut) {
        input.append(std::string_view(r.octets).substr(at, cut));
        if (const auto one = reader.next(input)) {
          got += std::to_string(one->code) + " [" + one->enhanced + "] " + one->text;
          std::replace(got.begin(), got.end(), '\n', '/');
        }
      }
      EXPECT_EQ(r.text, got) << r.octets;
      EXPECT_EQ(r.fault, reader.fault()) << r.octets;
    }
}

} // namespace
} // namespace rookery::smtp
