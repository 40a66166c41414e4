#include "protocols/imap/url.hpp"
#include "protocols/imap/url_auth.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

const server_limits limits;

/// One line that says all that was read.
std::string shown(std::string_view text) {
  const auto u = parse_message_url(text, limits);
  if (!u) return "no";
  std::string out;
  if (u->absolute) out += u->user + "@" + u->host + ":" + std::to_string(u->port) + " ";
  out += "<" + u->mailbox + "> ";
  if (u->uid_validity != 0) out += std::to_string(u->uid_validity) + "/";
  out += std::to_string(u->uid) + " " + u->section.label;
  if (u->section.partial) out += " " + std::to_string(u->section.offset) + (u->to_end ? "-" : "+" + std::to_string(u->section.octets));
  if (u->expires) out += " until " + std::to_string(base::to_milliseconds(*u->expires) / 1000);
  if (u->access != url_access::none) out += " access " + std::to_string(static_cast<int>(u->access)) + u->access_user;
  if (!u->mechanism.empty()) out += " " + u->mechanism + ":" + u->token;
  if (u->rump_octets != 0) out += " of " + std::string(text.substr(u->rump_octets));
  return out;
}

TEST(ImapUrl, NamesAMessageOrAPart) {
  const struct { std::string_view text, shown; } rows[] = {
      {"/INBOX;UIDVALIDITY=785799047/;UID=113330/;SECTION=1.5.9", "<INBOX> 785799047/113330 BODY[1.5.9]"},
      {"/INBOX/;uid=20", "<INBOX> 20 "},
      {"/inbox/;UID=20/;section=HEADER", "<INBOX> 20 BODY[HEADER]"},
      {"/a/b/;UID=1/;SECTION=TEXT", "<a/b> 1 BODY[TEXT]"},
      {"/%C3%A4%20b/;UID=1", "<\xC3\xA4 b> 1 "},
      {";UID=20/;SECTION=1.MIME", "<> 20 BODY[1.MIME]"},
      {"/Drafts/;UID=7/;PARTIAL=0.1023", "<Drafts> 7  0+1023"},
      {"/Drafts/;UID=7/;SECTION=2/;PARTIAL=10", "<Drafts> 7 BODY[2] 10-"},
      {"/Drafts/;UID=7/;SECTION=HEADER.FIELDS%20(TO%20CC)", "<Drafts> 7 BODY[HEADER.FIELDS (TO CC)]"},
      {"imap://fred@example.com/INBOX/;UID=20", "fred@example.com:143 <INBOX> 20 "},
      {"imap://fred%40example.com;AUTH=*@Mail.Example.com:1143/INBOX/;UID=20", "fred@example.com@mail.example.com:1143 <INBOX> 20 "},
      {"IMAP://example.com/INBOX/;UID=20", "@example.com:143 <INBOX> 20 "},
      {"imap://[::1]:143/INBOX/;UID=20", "@[::1]:143 <INBOX> 20 "},
      {"imap://[::1]/INBOX/;UID=20", "@[::1]:143 <INBOX> 20 "},
  };
  for (const auto& row : rows) EXPECT_EQ(shown(row.text), row.shown) << row.text;
}

TEST(ImapUrl, CarriesAnAuthorization) {
  const struct { std::string_view text, shown; } rows[] = {
      {"imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred:internal:91354a473744909de610943775f92038",
       "joe@example.com:143 <INBOX> 20 BODY[1.2] access 4fred internal:91354a473744909de610943775f92038 of "
       ":internal:91354a473744909de610943775f92038"},
      {"imap://joe@example.com/INBOX/;uid=20;URLAUTH=anonymous", "joe@example.com:143 <INBOX> 20  access 1 of "},
      {"imap://joe@example.com/INBOX/;uid=20;URLAUTH=authuser", "joe@example.com:143 <INBOX> 20  access 2 of "},
      {"imap://joe@example.com/INBOX/;uid=20/;PARTIAL=1.2;EXPIRE=1970-01-02T00:00:10Z;URLAUTH=user+a%40b",
       "joe@example.com:143 <INBOX> 20  1+2 until 86410 access 3a@b of "},
      {"imap://joe@example.com/INBOX/;uid=20/;section=1;expire=1970-01-01T01:00:00.25+01:00;urlauth=authuser",
       "joe@example.com:143 <INBOX> 20 BODY[1] until 0 access 2 of "},
  };
  for (const auto& row : rows) EXPECT_EQ(shown(row.text), row.shown) << row.text;
}

TEST(ImapUrl, WhatNamesNoMessageIsRefused) {
  for (const std::string_view text :
       {"", "/", "/INBOX", "INBOX/;UID=1", "/;UID=1", "//INBOX/;UID=1", "/INBOX/;UID=0", "/INBOX/;UID=4294967296", "/INBOX/;UID=", "/INBOX/;UID=x",
        "/INBOX;UID=1", "/INBOX;UIDVALIDITY=0/;UID=1", "/INBOX;UIDVALIDITY=1;UID=1", "/INBOX/;UID=1/", "/INBOX/;UID=1/;SECTION=",
        "/INBOX/;UID=1/;SECTION=FOO", "/INBOX/;UID=1/;SECTION=1]", "/INBOX/;UID=1/;SECTION=1]%20BODY[2", "/INBOX/;UID=1/;SECTION=1]<0.1>",
        "/INBOX/;UID=1/;PARTIAL=", "/INBOX/;UID=1/;PARTIAL=1.0", "/INBOX/;UID=1/;PARTIAL=a", "/INBOX/;UID=1;SECTION=1", "/INBOX/;UID=1x",
        "/IN%0D%0ABOX/;UID=1", "/IN%00BOX/;UID=1", "/IN%4/;UID=1", "/IN%zz/;UID=1", "/IN%ff/;UID=1", "imap:///INBOX/;UID=1", "imap://host",
        "imap://host/", "imap://host/INBOX", "imap://host:0/INBOX/;UID=1", "imap://host:65536/INBOX/;UID=1", "http://host/INBOX/;UID=1",
        // Authorizations.
        "/INBOX/;UID=1;URLAUTH=authuser", "imap://host/INBOX/;UID=1;URLAUTH=authuser", "imap://a@host/INBOX/;UID=1;URLAUTH=",
        "imap://a@host/INBOX/;UID=1;URLAUTH=root", "imap://a@host/INBOX/;UID=1;URLAUTH=user", "imap://a@host/INBOX/;UID=1;URLAUTH=user+",
        "imap://a@host/INBOX/;UID=1;URLAUTH=anonymous+a", "imap://a@host/INBOX/;UID=1;URLAUTH=authuser:internal",
        "imap://a@host/INBOX/;UID=1;URLAUTH=authuser:internal:abc", "imap://a@host/INBOX/;UID=1;URLAUTH=authuser:internal:91354a473744909de610943775f9203g",
        "imap://a@host/INBOX/;UID=1;URLAUTH=authuser::91354a473744909de610943775f92038",
        "imap://a@host/INBOX/;UID=1;EXPIRE=2026-11-21T10:00:00Z", "imap://a@host/INBOX/;UID=1;EXPIRE=2026-13-21T10:00:00Z;URLAUTH=authuser",
        "imap://a@host/INBOX/;UID=1;EXPIRE=2026-11-21T10:00:00;URLAUTH=authuser", "imap://a@host/INBOX/;UID=1;EXPIRE=2026-11-21T24:00:00Z;URLAUTH=authuser",
        "imap://a@host/INBOX/;UID=1;EXPIRE=2026-11-21T10:00:00.Z;URLAUTH=authuser", "imap://a@host/INBOX/;UID=1;EXPIRE=2026-02-30T10:00:00Z;URLAUTH=authuser"})
    EXPECT_EQ(shown(text), "no") << text;
  EXPECT_EQ(shown("/" + std::string(limits.url_octets, 'a') + "/;UID=1"), "no");
}

TEST(ImapUrl, StructuresOfPartsAreFoundInTheWhole) {
  const std::string leaf = R"(("text" "plain" ("charset" "a(b\")c") NIL NIL "7bit" 3 1))";
  const std::string other = "(\"image\" \"png\" NIL NIL {4}\r\n)(\"a \"base64\" 8)";
  const std::string inner = "(" + leaf + leaf + " \"mixed\")";
  const std::string envelope = R"((NIL "s" ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL NIL NIL))";
  const auto message = [&](const std::string& body) { return R"(("message" "rfc822" NIL NIL NIL "7bit" 9 )" + envelope + " " + body + " 4)"; };
  const auto whole = "(" + leaf + other + message(inner) + message(leaf) + " \"mixed\" (\"boundary\" \"x\"))";
  const struct { const std::string& in; std::vector<std::uint32_t> part; std::string found; } rows[] = {
      {whole, {}, whole},       {whole, {1}, leaf},        {whole, {2}, other},  {whole, {3}, message(inner)}, {whole, {3, 1}, leaf},
      {whole, {3, 3}, ""},      {whole, {4, 1}, leaf},     {whole, {4, 2}, ""},  {whole, {5}, ""},             {whole, {1, 1}, ""},
      {leaf, {1}, leaf},        {leaf, {2}, ""},           {inner, {2}, leaf},   {leaf, {1, 1}, ""},           {whole, {3, 1, 1}, ""},
  };
  for (const auto& row : rows) EXPECT_EQ(part_structure(row.in, row.part), row.found) << testing::PrintToString(row.part);
  // Whatever is cut off: nothing, or something within.
  const std::uint32_t deep[] = {3, 2};
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_LE(part_structure(std::string_view(whole).substr(0, n), deep).size(), leaf.size());
}

TEST(ImapUrl, ADecodedPartHasTheStructureOfWhatIsShown) {
  struct row {
    std::string_view part, octets, shown;
  };
  const row rows[] = {
      {"(\"text\" \"x-own\" (\"charset\" \"us-ascii\") NIL NIL \"base64\" 22 3 NIL NIL NIL NIL)", "hello\r\nworld",
       "(\"text\" \"x-own\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 12 1 NIL NIL NIL NIL)"},
      {"(\"TEXT\" \"plain\" (\"name\" \"a) \\\"b\") \"<i@x>\" {3}\r\nd\"( \"Quoted-Printable\" 9 1 NIL)", "\xc3\xa4",
       "(\"TEXT\" \"plain\" (\"name\" \"a) \\\"b\") \"<i@x>\" {3}\r\nd\"( \"8bit\" 2 0 NIL)"},
      {"(\"image\" \"png\" NIL NIL NIL \"BASE64\" 8 NIL (\"attachment\" NIL) NIL NIL)", std::string_view("a\0b", 3),
       "(\"image\" \"png\" NIL NIL NIL \"binary\" 3 NIL (\"attachment\" NIL) NIL NIL)"},
      // Nothing was decoded.
      {"(\"text\" \"plain\" NIL NIL NIL \"8bit\" 8 2 NIL)", "abc", "(\"text\" \"plain\" NIL NIL NIL \"8bit\" 8 2 NIL)"},
      {"((\"text\" \"plain\" NIL NIL NIL \"base64\" 8 2) \"mixed\")", "abc", "((\"text\" \"plain\" NIL NIL NIL \"base64\" 8 2) \"mixed\")"},
      {"", "abc", ""},
  };
  for (const auto& r : rows) EXPECT_EQ(decoded_structure(r.part, r.octets), r.shown);
}

TEST(ImapUrl, ABadUrlIsNamedWithinAResponseCode) {
  EXPECT_EQ(bad_url_code("/INBOX/;UID=1"), "BADURL \"/INBOX/;UID=1\"");
  EXPECT_EQ(bad_url_code("a]b\"c\\d"), "BADURL \"a%5Db%22c%5Cd\"");
  const auto rough = bad_url_code("a\r\nb\x80\xff");
  EXPECT_EQ(rough.find_first_of("\r\n]"), std::string::npos);
}

} // namespace
} // namespace rookery::imap
