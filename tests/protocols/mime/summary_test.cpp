#include "protocols/mime/summary.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace rookery::mime {
namespace {

using namespace std::string_view_literals;

TEST(Envelope, IsAsRfc9051Says) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"Message-ID: <msg@id>\r\nIn-Reply-To: <reply@to.id>\r\nDate: Sat, 01 Feb 2007 01:02:03 +0200\r\nSubject: subject header\r\n"
       "From: From Real <fromuser@fromdomain.org>\r\nTo: To Real <touser@todomain.org>\r\nCc: Cc Real <ccuser@ccdomain.org>\r\n"
       "Bcc: Bcc Real <bccuser@bccdomain.org>\r\nSender: Sender Real <senderuser@senderdomain.org>\r\nReply-To: ReplyTo Real <replytouser@replytodomain.org>\r\n\r\n",
       R"(("Sat, 01 Feb 2007 01:02:03 +0200" "subject header" (("From Real" NIL "fromuser" "fromdomain.org")) (("Sender Real" NIL "senderuser" "senderdomain.org")) (("ReplyTo Real" NIL "replytouser" "replytodomain.org")) (("To Real" NIL "touser" "todomain.org")) (("Cc Real" NIL "ccuser" "ccdomain.org")) (("Bcc Real" NIL "bccuser" "bccdomain.org")) "<reply@to.id>" "<msg@id>"))"},
      {"From: user@domain\r\n\r\n", R"((NIL NIL ((NIL NIL "user" "domain")) ((NIL NIL "user" "domain")) ((NIL NIL "user" "domain")) NIL NIL NIL NIL NIL))"},
      {"From: user@domain (Real Name)\r\nSender: \r\nReply-To: \r\nTo: group: g1@d1.org, g2@d2.org;, group2: g3@d3.org;\r\n\r\n",
       R"((NIL NIL (("Real Name" NIL "user" "domain")) (("Real Name" NIL "user" "domain")) (("Real Name" NIL "user" "domain")) ((NIL NIL "group" NIL)(NIL NIL "g1" "d1.org")(NIL NIL "g2" "d2.org")(NIL NIL NIL NIL)(NIL NIL "group2" NIL)(NIL NIL "g3" "d3.org")(NIL NIL NIL NIL)) NIL NIL NIL NIL))"},
      {"From: <@route:user@domain>\r\n\r\n", R"((NIL NIL ((NIL "@route" "user" "domain")) ((NIL "@route" "user" "domain")) ((NIL "@route" "user" "domain")) NIL NIL NIL NIL NIL))"},
      {"Subject:\r\nDate: \r\n\r\n", R"(("" "" NIL NIL NIL NIL NIL NIL NIL NIL))"},
      {"Subject: a \"quoted\" \\ folded\r\n line\r\n\r\n", R"((NIL "a \"quoted\" \\ folded line" NIL NIL NIL NIL NIL NIL NIL NIL))"},
      {"Subject: gr\xFC\xDF\r\n\r\n", "(NIL {4}\r\ngr\xFC\xDF NIL NIL NIL NIL NIL NIL NIL NIL)"},
      {"Subject: n\0l\r\n\r\n"sv, "(NIL {2}\r\nnl NIL NIL NIL NIL NIL NIL NIL NIL)"},
      {"To: a@b\r\nTo: c@d\r\nFrom: local\r\n\r\n", R"((NIL NIL ((NIL NIL "local" "")) ((NIL NIL "local" "")) ((NIL NIL "local" "")) ((NIL NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL NIL))"},
      {"", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"},
  };
  for (const auto& [message, expected] : rows) EXPECT_EQ(summarize(message).envelope, expected) << message;
}

TEST(BodyStructure, IsAsRfc9051Says) {
  const auto plain = summarize("Content-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8BIT\r\nContent-ID: <i@d>\r\n"
                               "Content-Description: what\r\nContent-MD5: abc\r\nContent-Disposition: inline; filename=x\r\nContent-Language: en, de\r\n"
                               "Content-Location: http://x/\r\n\r\none\r\ntwo\r\n");
  EXPECT_EQ(plain.body, R"(("text" "plain" ("charset" "UTF-8" "format" "flowed") "<i@d>" "what" "8bit" 10 2))");
  EXPECT_EQ(plain.bodystructure, R"(("text" "plain" ("charset" "UTF-8" "format" "flowed") "<i@d>" "what" "8bit" 10 2 "abc" ("inline" ("filename" "x")) ("en" "de") "http://x/"))");
  const auto none = summarize("Subject: x\r\n\r\nbody");
  EXPECT_EQ(none.bodystructure, R"(("text" "plain" NIL NIL NIL "7bit" 4 0 NIL NIL NIL NIL))");
  const auto mixed = summarize("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
                               "Subject: in\r\nFrom: a@b\r\n\r\ninner\r\n\r\n--b\r\nContent-Type: image/png; name*=utf-8''gr%C3%BC.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n");
  EXPECT_EQ(mixed.body, R"((("text" "plain" NIL NIL NIL "7bit" 7 1)("message" "rfc822" NIL NIL NIL "7bit" 33 (NIL "in" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL) ("text" "plain" NIL NIL NIL "7bit" 7 1) 4)("image" "png" ("name*" "utf-8''gr%C3%BC.png") NIL NIL "base64" 4) "mixed"))");
  EXPECT_NE(mixed.bodystructure.find(R"("mixed" ("boundary" "b") NIL NIL NIL))"), std::string::npos);
  EXPECT_TRUE(mixed.has_attachment);
  EXPECT_FALSE(plain.has_attachment);
  // The grammar wants a part where the message has none.
  EXPECT_EQ(summarize("Content-Type: multipart/mixed; boundary=b\r\n\r\n").body, R"((("text" "plain" NIL NIL NIL "7bit" 0 0) "mixed"))");
  EXPECT_EQ(summarize("Content-Type: message/rfc822\r\n\r\n").body, R"(("message" "rfc822" NIL NIL NIL "7bit" 0 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" NIL NIL NIL "7bit" 0 0) 0))");
}

TEST(SortKeys, AreFoldedAndReadAgain) {
  const auto s = summarize("Message-ID: <id@x>\r\nSubject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: =?utf-8?q?J=C3=B6rg?= <joerg@x>, b@c\r\nTo: group: first@x;\r\n"
                           "Cc: cc@x\r\nDate: Tue, 1 Jul 2003 00:30:00 +0200\r\nReferences: <a@b>\r\n <c@d>\r\nIn-Reply-To: <z@z>\r\n\r\n");
  const auto k = read_sort_keys(s.sort_keys);
  ASSERT_TRUE(k);
  EXPECT_EQ(k->base_subject, "GRU\xCC\x88\xC3\x9F" "E");
  EXPECT_TRUE(k->reply_or_forward);
  EXPECT_EQ(k->from, "JOERG");
  EXPECT_EQ(k->display_from, "JO\xCC\x88RG");
  EXPECT_EQ(k->to, "FIRST");
  EXPECT_EQ(k->display_to, "FIRST@X");
  EXPECT_EQ(k->cc, "CC");
  EXPECT_EQ(k->sent_milliseconds, 1057012200000);
  EXPECT_EQ(k->sent_day, 12234);
  EXPECT_TRUE(k->has_date);
  EXPECT_EQ(k->message_id, "id@x");
  EXPECT_EQ(k->references, (std::vector<std::string_view>{"a@b", "c@d"}));
  EXPECT_EQ(s.message_id, "<id@x>");
  const std::pair<sort_text, std::string_view> texts[] = {{sort_text::base_subject, k->base_subject}, {sort_text::from, k->from},
                                                          {sort_text::display_from, k->display_from}, {sort_text::to, k->to},
                                                          {sort_text::display_to, k->display_to}, {sort_text::cc, k->cc}};
  for (const auto& [which, text] : texts) EXPECT_EQ(read_sort_text(s.sort_keys, which), text);
  EXPECT_EQ(read_sort_date(s.sort_keys), k->sent_milliseconds);
  EXPECT_FALSE(read_sort_date(summarize("Subject: none\r\n\r\n").sort_keys));
  for (std::size_t n = 0; n < s.sort_keys.size(); ++n) EXPECT_FALSE(read_sort_keys(std::string_view(s.sort_keys).substr(0, n)));
  const auto other = summarize("In-Reply-To: your message <p@q> of <r@s>\r\n\r\n");
  EXPECT_EQ(read_sort_keys(other.sort_keys)->references, (std::vector<std::string_view>{"p@q"}));
}

TEST(SortKeys, OfManyReferencesTheRootAndTheLatestStay) {
  std::string message = "References:";
  for (int i = 0; i < 1000; ++i) message += " <" + std::to_string(i) + "@x>\r\n";
  const auto s = summarize(message + "\r\n");
  const auto k = read_sort_keys(s.sort_keys);
  ASSERT_TRUE(k);
  ASSERT_EQ(k->references.size(), limits().references);
  EXPECT_EQ(k->references.front(), "0@x");
  EXPECT_EQ(k->references.back(), "999@x");
}

TEST(Preview, IsTheTextAPersonWouldSee) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"\r\n  Hello \r\n\r\n world\t! \r\n", "Hello world !"},
      {"Content-Type: text/html\r\n\r\n<html><head><title>no</title><style>p{}</style></head><body><p>One &amp; <b>two</b></p><p>thr&eacute;e&#33;</p><!-- no --><script>no</script></body>", "One & two thrée!"},
      {"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ngr=FC=DF=\r\ne\r\n", "grüße"},
      {"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n", "plain"},
      {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>only &lt;html&gt;</p>\r\n--b--\r\n", "only <html>"},
      {"Content-Type: image/png\r\n\r\nno text", ""},
      {"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nattached", ""},
      {"", ""},
  };
  for (const auto& [message, expected] : rows) EXPECT_EQ(summarize(message).preview, expected) << message;
  std::string long_text = "\r\n";
  for (int i = 0; i < 300; ++i) long_text += "ä";
  EXPECT_EQ(summarize(long_text).preview.size(), 400u);
}

TEST(Summary, CountsWhatIsThere) {
  const auto s = summarize("A: b\r\n\r\none\r\ntwo\xE9\r\n");
  EXPECT_EQ(s.header_octets, 8u);
  EXPECT_EQ(s.lines, 4u);
  EXPECT_TRUE(s.has_8bit);
  EXPECT_FALSE(s.has_nul);
  EXPECT_TRUE(summarize("\r\na\0"sv).has_nul);
}

} // namespace
} // namespace rookery::mime
