#include "protocols/mime/address.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/content.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/surrogate.hpp"
#include "protocols/mime/summary.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace rookery::mime {
namespace {

using namespace std::string_view_literals;

TEST(Header, FieldsAreReadInTheirOrderWithTheirFolds) {
  constexpr auto header = "From: a@b\r\nSubject : one\r\n two\r\n\tthree\r\nno field here\r\nX-Empty:\r\nTo: c@d\n\r\nBody: no\r\n"sv;
  std::string got;
  header_reader r(header);
  std::size_t octets = 0;
  while (const auto f = r.next()) {
    got += std::string(f->name) + "=" + unfold(f->value) + "|";
    octets += f->raw.size();
  }
  EXPECT_EQ(got, "From=a@b|Subject=one two\tthree|=no field here|X-Empty=|To=c@d|");
  EXPECT_EQ(octets + 2, header_length(header));
  EXPECT_EQ(find_field(header, "SUBJECT")->value, " one\r\n two\r\n\tthree");
  EXPECT_FALSE(find_field(header, "Body"));
}

TEST(Header, AMessageWithoutAnEmptyLineIsAllHeader) {
  EXPECT_EQ(header_length("A: b\r\nC: d"), 10u);
  EXPECT_EQ(header_length("\r\nbody"), 2u);
  EXPECT_EQ(header_length("\nbody"), 1u);
  EXPECT_EQ(header_length(""), 0u);
}

TEST(Header, ChosenFieldsKeepTheirOctetsAndEndWithAnEmptyLine) {
  constexpr auto header = "From: a\r\nSUBJECT: s\r\n t\r\nTo: b\r\nFrom: c\r\n\r\n"sv;
  constexpr std::string_view names[] = {"from", "Subject"};
  EXPECT_EQ(header_fields(header, names), "From: a\r\nSUBJECT: s\r\n t\r\nFrom: c\r\n\r\n");
  EXPECT_EQ(header_fields(header, names, true), "To: b\r\n\r\n");
  constexpr std::string_view other[] = {"xyz"};
  EXPECT_EQ(header_fields(header, other), "\r\n");
  EXPECT_EQ(header_fields("From: cut", names), "From: cut\r\n\r\n");
}

TEST(MessageIds, AreNormalized) {
  const auto ids = [](std::string_view value) {
    std::string out;
    for_each_message_id(value, [&](const std::string& id) { out += id + "|"; });
    return out;
  };
  EXPECT_EQ(ids("<a@b> <c@d>\r\n <\"e\"@f>"), "a@b|c@d|e@f|");
  EXPECT_EQ(ids("text <a@b>, (comment) <nothing> <c @d>"), "a@b|c@d|");
  EXPECT_EQ(ids("<never@closed <a@b>"), "a@b|");
  EXPECT_EQ(ids("<\"a\\\"b\"@c>"), "a\"b@c|");
  EXPECT_EQ(ids("none"), "");
  EXPECT_EQ(ids("<<<<"), "");
}

struct address_row {
  std::string_view value;
  std::string_view expected; ///< name|route|mailbox|domain; [group] ... []
};

constexpr address_row address_rows[] = {
    {"user@domain", "||user|domain;"},
    {"Real Name <user@domain.org>", "Real Name||user|domain.org;"},
    {"\"Quoted, Name\" <user@domain.org>", "Quoted, Name||user|domain.org;"},
    {"\"a \\\"b\\\" c\" <user@domain>", "a \"b\" c||user|domain;"},
    {"user@domain (Real Name)", "Real Name||user|domain;"},
    {"<user@domain> (Real Name)", "Real Name||user|domain;"},
    {"<@route:user@domain>", "|@route|user|domain;"},
    {"<@r1,@r2:user@domain>", "|@r1,@r2|user|domain;"},
    {"a@b, c@d", "||a|b;||c|d;"},
    {"a@b,, ,c@d,", "||a|b;||c|d;"},
    {"a@b; c@d", "||a|b;||c|d;"},
    {"group: g1@d1.org, g2@d2.org;, group2: g3@d3.org;", "[group]||g1|d1.org;||g2|d2.org;[]" "[group2]||g3|d3.org;[]"},
    {"undisclosed-recipients:;", "[undisclosed-recipients][]"},
    {"A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;",
     "[A Group]Ed Jones||joe|where.test;||joe|where.test;John||jdoe|one.test;[]"},
    {"open: a@b", "[open]||a|b;[]"},
    {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete||pete|silly.test;"},
    {"\"John Doe\"@host", "||John Doe|host;"},
    {"\"Joe & J. Harvey\" <ddd @Org>", "Joe & J. Harvey||ddd|Org;"},
    {"John Q. Public <j@x>", "John Q. Public||j|x;"},
    {"J. Doe <j@x>", "J. Doe||j|x;"},
    {"john . doe @ example . org", "||john.doe|example.org;"},
    {"Real Name user@host", "Real Name||user|host;"},
    {"user@[127.0.0.1]", "||user|[127.0.0.1];"},
    {"user", "||user|;"},
    {"<user>", "||user|;"},
    {"<>", "|||;"},
    {"", ""},
    {" (only a comment) ", ""},
    {"a@b <a@b>", "a@b||a|b;"},
    {"=?utf-8?q?Gr=C3=BC=C3=9F?= <g@x>", "=?utf-8?q?Gr=C3=BC=C3=9F?=||g|x;"},
    {"Jörg <jörg@bücher.example>", "Jörg||jörg|bücher.example;"},
    {"\"unclosed <a@b>", "||unclosed <a@b>|;"},
    {"Name <a@b", "Name||a|b;"},
    {"[list] ;-) <a@b>", "||[list]|;-)||a|b;"},
    {"folded\r\n name <a@b>", "folded name||a|b;"},
    {"a@b <c@d> <e@f>", "a@b||c|d;||e|f;"},
    {"a@b@c", "||a|b;"},
    {"@b", "|||b;"},
};

std::string shown(std::string_view value) {
  std::string out;
  for (const auto& a : read_addresses(value)) {
    if (a.kind == address_kind::group_begin) out += "[" + a.name + "]";
    else if (a.kind == address_kind::group_end) out += "[]";
    else out += a.name + "|" + a.route + "|" + a.mailbox + "|" + a.domain + ";";
  }
  return out;
}

TEST(Addresses, AreReadAsTheWildWritesThem) {
  for (const auto& row : address_rows)
    EXPECT_EQ(shown(row.value), row.expected) << row.value;
}

TEST(Addresses, EveryGroupThatBeginsEnds) {
  for (const auto value : {"))>>@@::"sv, "a:b:c;d:;e:"sv, "a: b@c; ;;; d:"sv, "a:"sv, ":a:;"sv}) {
    int depth = 0;
    for (const auto& a : read_addresses(value)) {
      depth += a.kind == address_kind::group_begin ? 1 : a.kind == address_kind::group_end ? -1 : 0;
      EXPECT_TRUE(depth == 0 || depth == 1) << value;
    }
    EXPECT_EQ(depth, 0) << value;
  }
}

TEST(Addresses, PrintWhatTheyMean) {
  EXPECT_EQ(read_addresses("\"John Doe\"@host")[0].text(), "\"John Doe\"@host");
  EXPECT_EQ(read_addresses("<a.b@c>")[0].text(), "a.b@c");
  EXPECT_EQ(read_addresses("=?utf-8?q?Gr=C3=BC=C3=9F?= <g@x>")[0].display_name(), "Grüß");
}

TEST(Date, IsReadAsTheWildWritesIt) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"Tue, 1 Jul 2003 10:52:37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
      {"1 Jul 2003 10:52 +0200", "Tue, 1 Jul 2003 10:52:00 +0200"},
      {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"},
      {"21 Nov 97 09:55:06 GMT", "Fri, 21 Nov 1997 09:55:06 +0000"},
      {"21 Nov 105 09:55:06 GMT", "Mon, 21 Nov 2005 09:55:06 +0000"},
      {"21 Nov 49 09:55:06 EST", "Sun, 21 Nov 2049 09:55:06 -0500"},
      {"Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland Time)", "Thu, 13 Feb 1969 23:32:00 -0330"},
      {"Wed Jun 19 18:12:00 1996", "Wed, 19 Jun 1996 18:12:00 +0000"},
      {"Wed, 19 Jun 96 18:12 MES", "Wed, 19 Jun 1996 18:12:00 +0000"},
      {"2003-07-01T10:52:37Z", "Tue, 1 Jul 2003 10:52:37 +0000"},
      {"2003-07-01 10:52:37 +0530", "Tue, 1 Jul 2003 10:52:37 +0530"},
      {"1-Jul-2003 10:52:37 -0000", "Tue, 1 Jul 2003 10:52:37 +0000"},
      {"01 July 2003", "Tue, 1 Jul 2003 00:00:00 +0000"},
      {"Tue, 01 Jul 2003 10.52.37 +0200", "Tue, 1 Jul 2003 10:52:37 +0200"},
      {"Tue, 01 Jul 2003 10:52:37 +02:00", "Tue, 1 Jul 2003 10:52:37 +0200"},
      {"Tue, 01 Jul 2003 10:52:37 \"GMT\"", "Tue, 1 Jul 2003 10:52:37 +0000"},
      {"Tue, 01 Jul 2003 10:52:60 A", "Tue, 1 Jul 2003 10:52:59 +0000"},
      {"Jul 1, 2003 10:52:37 PM", "Tue, 1 Jul 2003 22:52:37 +0000"},
      {"29 Feb 2000 00:00:00 +0000", "Tue, 29 Feb 2000 00:00:00 +0000"},
  };
  for (const auto& [value, expected] : rows) {
    const auto d = read_date(value);
    ASSERT_TRUE(d) << value;
    EXPECT_EQ(write_date(d->utc(), d->zone_minutes), expected) << value;
  }
}

TEST(Date, NonsenseIsNoDateAndCrashesNothing) {
  for (const auto value : {""sv, "yesterday"sv, "32 Jan 2003 00:00:00 +0000"sv, "29 Feb 2001 00:00:00 +0000"sv, "1 Jul 99999 00:00"sv, "0 Jul 2003"sv,
                           "1 Jul 2003 99:99:99 +0000"sv, "1 Jul"sv, "4294967296 Jul 2003"sv, "((((("sv, "\\"sv, "+-+-+-"sv, "2003-"sv, "2003-13-01"sv})
    EXPECT_FALSE(read_date(value)) << value;
}

TEST(Date, TheDayIsTheWritersDay) {
  const auto d = read_date("Tue, 1 Jul 2003 00:30:00 +0200");
  EXPECT_EQ(d->day_number(), days_from_civil(2003, 7, 1));
  EXPECT_EQ(base::to_seconds(d->utc()), 1057012200);
  EXPECT_FALSE(read_date("1 Jul 2003 00:30:00 -0000")->zone_known);
  for (std::int64_t day : {-719468, -1, 0, 1, 11016, 2932896}) {
    std::int32_t y;
    unsigned m, dd;
    civil_from_days(day, y, m, dd);
    EXPECT_EQ(days_from_civil(y, m, dd), day);
  }
}

TEST(Content, TypesAreReadAsTheWildWritesThem) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"text/plain; charset=utf-8", "text/plain"}, {"TEXT/HTML", "text/html"}, {"text", "text/plain"}, {"", "text/plain"},
      {" multipart / mixed ; boundary=x", "multipart/mixed"}, {"(c) text/(d)html", "text/html"}, {"text/", "text/plain"}, {"/plain", "text/plain"},
      {"image/jpeg; name=\"a.jpg\"", "image/jpeg"}, {"application/x-foo+xml", "application/x-foo+xml"}};
  for (const auto& [value, expected] : rows) {
    const auto t = read_content_type(value);
    EXPECT_EQ(t.type + "/" + t.subtype, expected) << value;
  }
  EXPECT_EQ(read_content_type("multipart/mixed boundary=x").value_of("boundary"), "x");
  EXPECT_EQ(read_content_disposition("ATTACHMENT; filename=x").kind, "attachment");
  EXPECT_EQ(read_content_disposition("filename=x").kind, "attachment");
  EXPECT_EQ(read_content_disposition("").kind, "");
  EXPECT_EQ(read_transfer_encoding(" Quoted-Printable (c)"), transfer_encoding::quoted_printable);
  EXPECT_EQ(read_transfer_encoding("klingon"), transfer_encoding::unknown);
  EXPECT_EQ(decode_transfer(transfer_encoding::uuencode, "begin 644 x\r\n#0V%T\r\n`\r\nend\r\n"), "Cat");
}

TEST(BaseSubject, IsWhatRfc5256Extracts) {
  struct row {
    std::string_view subject, base;
    bool reply;
  };
  for (const auto& r : {row{"hello", "hello", false}, row{"Re: hello", "hello", true}, row{"RE[2]: hello", "hello", true}, row{"fwd: fw: re : hello", "hello", true},
                        row{"[list] hello", "hello", false}, row{"[list] Re: [x] hello", "hello", true}, row{"[xyz]", "[xyz]", false},
                        row{"hello (fwd) (FWD) ", "hello", true}, row{"[fwd: hello]", "hello", true}, row{"[foo] Fwd: [bar] Re: fw: b (fWd)  (fwd)", "b", true},
                        row{"b (a)", "b (a)", false}, row{"Re: [FWD: c]", "c", true}, row{"Re:", "", true}, row{"", "", false}, row{"a \t  b", "a b", false},
                        row{"Really", "Really", false}, row{"[a [b] c", "[a [b] c", false}}) {
    const auto got = base_subject(r.subject);
    EXPECT_EQ(got.text, r.base) << r.subject;
    EXPECT_EQ(got.reply_or_forward, r.reply) << r.subject;
  }
}

TEST(Builder, AMessageOfOursIsRead) {
  const auto text = message_builder()
                        .date(base::from_milliseconds(1057049557000), 120)
                        .address_field("From", "Größe, Inc.", "mailer@example.org")
                        .address_field("To", "", "you@example.org")
                        .text_field("Subject", "Ungültig\r\nX-Injected: yes")
                        .message_id(new_message_id(base::from_milliseconds(1057049557000), "abc", "example.org"))
                        .with_text("Grüße\n.\n");
  EXPECT_EQ(text.find("\nX-Injected"), std::string::npos);
  EXPECT_NE(text.find("Date: Tue, 1 Jul 2003 10:52:37 +0200\r\n"), std::string::npos);
  EXPECT_NE(text.find("Message-ID: <20030701085237.abc@example.org>\r\n"), std::string::npos);
  const auto s = summarize(text);
  EXPECT_EQ(s.preview, "Grüße .");
  EXPECT_FALSE(s.has_8bit);
  const auto keys = read_sort_keys(s.sort_keys);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->sent_milliseconds, 1057049557000);
}

TEST(Builder, FieldsFoldAtSpacesAndNeverWithinAWord) {
  const auto f = folded_field("Received", "from mail.example.org (mail.example.org [192.0.2.1]) by mx.example.com with ESMTPS id 12345678 for <someone@example.com>; Tue, 1 Jul 2003 10:52:37 +0200");
  std::size_t begin = 0;
  for (auto end = f.find("\r\n"); end != std::string::npos; begin = end + 2, end = f.find("\r\n", begin)) EXPECT_LE(end - begin, 78u);
  EXPECT_EQ(folded_field("X", std::string(200, 'a')), "X: " + std::string(200, 'a') + "\r\n");
  EXPECT_EQ(folded_field("X", ""), "X: \r\n");
}

TEST(Builder, PartsAreClosed) {
  const auto text = message_builder().field("From", "a@b").part("Content-Type: text/plain", "one\r\n").part("Content-Type: message/rfc822", "Subject: x\r\n\r\nbody").with_parts("report; report-type=delivery-status", "bnd");
  EXPECT_EQ(summarize(text).body.substr(0, 16), "((\"text\" \"plain\"");
  EXPECT_NE(text.find("--bnd--\r\n"), std::string::npos);
}

TEST(SurrogateHeader, ShowsWhatCanBeShown) {
  const struct { const char* name; const char* header; const char* shown; } rows[] = {
      {"ASCII stays, folds too", "Subject: a\r\n b\r\nX: y\r\n\r\n", "Subject: a\r\n b\r\nX: y\r\n\r\n"},
      {"old 8-bit mail stays", "Subject: gr\xfc\xdf\r\n\r\n", "Subject: gr\xfc\xdf\r\n\r\n"},
      {"a subject", "Subject: grüße\r\n\r\n", "Subject: =?utf-8?b?Z3LDvMOfZQ==?=\r\n\r\n"},
      {"a display name", "From: Jörg <j@x.test>\r\n\r\n", "From: =?utf-8?q?J=C3=B6rg?= <j@x.test>\r\n\r\n"},
      {"a domain", "to: ann@bücher.test\r\n\r\n", "to: <ann@xn--bcher-kva.test>\r\n\r\n"},
      {"a local part", "From: jörg@x.test\r\n\r\n",
       "From: =?utf-8?q?j=C3=B6rg=40x=2Etest?=\r\n <invalid@internationalized-address.invalid>\r\n\r\n"},
      {"a group", "Cc: gäste: a@x.test, b@x.test;, c@x.test\r\n\r\n",
       "Cc: =?utf-8?q?g=C3=A4ste?=: <a@x.test>, <b@x.test>;, <c@x.test>\r\n\r\n"},
      {"parameters", "Content-Type: text/plain; charset=utf-8; name=\"ü.txt\"\r\n\r\n",
       "Content-Type: text/plain; charset=utf-8; name*=utf-8''%C3%BC.txt\r\n\r\n"},
      {"anything else goes", "Delivered-To: jörg@x.test\r\nX: y\r\nX-ü: y\r\n\r\n", "X: y\r\n\r\n"},
      {"no empty line", "Subject: ü\r\nX: y", "Subject: =?utf-8?b?w7w=?=\r\nX: y"},
      {"bare LF", "Subject: ü\nX: y\n\n", "Subject: =?utf-8?b?w7w=?=\r\nX: y\n\n"},
      {"nothing", "", ""},
  };
  for (const auto& r : rows) EXPECT_EQ(surrogate_header(r.header), r.shown) << r.name;
}

} // namespace
} // namespace rookery::mime
