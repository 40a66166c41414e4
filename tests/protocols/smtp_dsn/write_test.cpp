#include "base/check.hpp"
#include "protocols/encoding/quoted_printable.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/smtp/dsn/received_report.hpp"
#include "protocols/smtp/dsn/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace rookery::smtp::dsn {
namespace {

using testing::HasSubstr;
using testing::Not;

report example() {
  report r;
  r.reporting_mta = "mx.example.net";
  r.envelope_id = "QQ314159+2B7";
  r.arrival = base::wall_time(std::chrono::seconds(1'700'000'000));
  r.queue_id = "q17";
  r.from = {"mailer-daemon", "example.net"};
  r.to = {"ann", "example.net"};
  r.date = base::wall_time(std::chrono::seconds(1'700'000'100));
  r.message_id = "1.x@mx.example.net";
  r.boundary = "ABCDEFGHIJKLMNOPQRSTUVWX";
  r.original_body = body_type::seven_bit;
  r.original_message_id = "<m1@example.net>";
  r.original_subject = "Grüße";
  recipient bob;
  bob.address = {"bob", "example.org"};
  bob.original_recipient = "rfc822;bob+2Bx@example.org";
  bob.status = "5.1.1";
  bob.diagnostic = "550 5.1.1 No such user\nGo away";
  bob.remote_mta = "mx.example.org";
  bob.last_attempt = base::wall_time(std::chrono::seconds(1'700'000'090));
  r.recipients.push_back(bob);
  return r;
}

std::string whole(const report& r, std::string_view original = "Subject: x\r\n\r\n", std::vector<std::string_view> languages = {"en"}) {
  std::vector<mime::text_template> texts;
  for (const auto l : languages) texts.push_back(built_in_text(gravest(r), l));
  const auto w = write(r, texts, languages);
  return w.before + std::string(r.what == returned::nothing ? "" : original) + w.after;
}

TEST(DsnWrite, LooksLikeThis) {
  EXPECT_EQ(whole(example(), "Subject: x\r\n\r\n"),
            "From: Mail Delivery System <mailer-daemon@example.net>\r\n"
            "To: ann@example.net\r\n"
            "Subject: =?utf-8?q?Not_delivered=3A_Gr=C3=BC=C3=9Fe?=\r\n"
            "Date: Tue, 14 Nov 2023 22:15:00 +0000\r\n"
            "Message-ID: <1.x@mx.example.net>\r\n"
            "In-Reply-To: <m1@example.net>\r\n"
            "References: <m1@example.net>\r\n"
            "Auto-Submitted: auto-replied\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status;\r\n"
            " boundary=\"ABCDEFGHIJKLMNOPQRSTUVWX\"\r\n"
            "\r\n"
            "--ABCDEFGHIJKLMNOPQRSTUVWX\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "This is the mail system at mx.example.net.\r\n"
            "\r\n"
            "Your message could not be delivered to the recipients below. It will not\r\n"
            "be tried again. Please check the addresses; if you need help, write to\r\n"
            "postmaster@example.net and send this report along.\r\n"
            "\r\n"
            "   Subject: Gr=C3=BC=C3=9Fe\r\n"
            "   Sent: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "\r\n"
            "<bob@example.org>\r\n"
            "   The recipient does not exist.\r\n"
            "   First addressed to: bob+x@example.org\r\n"
            "   The server mx.example.org was asked.\r\n"
            "   It said: 550 5.1.1 No such user\r\n"
            "   Go away\r\n"
            "   Last attempt: Tue, 14 Nov 2023 22:14:50 +0000\r\n"
            "\r\n"
            "--ABCDEFGHIJKLMNOPQRSTUVWX\r\n"
            "Content-Type: message/delivery-status\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Original-Envelope-Id: QQ314159+7\r\n"
            "Reporting-MTA: dns;mx.example.net\r\n"
            "Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "\r\n"
            "Original-Recipient: rfc822;bob+x@example.org\r\n"
            "Final-Recipient: rfc822;bob@example.org\r\n"
            "Action: failed\r\n"
            "Status: 5.1.1\r\n"
            "Remote-MTA: dns;mx.example.org\r\n"
            "Diagnostic-Code: smtp;550 5.1.1 No such user Go away\r\n"
            "Last-Attempt-Date: Tue, 14 Nov 2023 22:14:50 +0000\r\n"
            "Final-Log-ID: q17\r\n"
            "\r\n"
            "--ABCDEFGHIJKLMNOPQRSTUVWX\r\n"
            "Content-Type: text/rfc822-headers\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Subject: x\r\n"
            "\r\n"
            "\r\n"
            "--ABCDEFGHIJKLMNOPQRSTUVWX--\r\n");
}

TEST(DsnWrite, GivesEachActionItsText) {
  auto r = example();
  r.original_subject = "x";
  struct row {
    action what;
    const char *english, *german, *status;
  };
  const row rows[] = {
    {action::failed, "Subject: Not delivered: ", "Subject: Nicht zugestellt: ", "Status: 5.1.1\r\n"},
    {action::delayed, "Subject: Delayed: ", "Subject: =?utf-8?q?Verz=C3=B6gert=3A_x?=", "Status: 4.1.1\r\n"},
    {action::relayed, "Subject: On its way: ", "Subject: Unterwegs: ", "Status: 2.0.0\r\n"},
    {action::expanded, "Subject: Passed on: ", "Subject: Weitergegeben: ", "Status: 2.0.0\r\n"},
    {action::delivered, "Subject: Delivered: ", "Subject: Zugestellt: ", "Status: 2.0.0\r\n"},
  };
  for (const auto& row : rows) {
    r.recipients[0].what = row.what;
    r.recipients[0].retry_until = base::wall_time(std::chrono::seconds(1'700'100'000));
    const auto english = whole(r), german = whole(r, "", {"de"});
    EXPECT_THAT(english, HasSubstr(row.english));
    EXPECT_THAT(german, HasSubstr(row.german));
    EXPECT_THAT(german, HasSubstr("Dies ist das Mailsystem auf mx.example.net.\r\n"));
    EXPECT_THAT(english, HasSubstr(row.status));
    EXPECT_THAT(english, HasSubstr("Action: " + std::string(name(row.what)) + "\r\n"));
    EXPECT_EQ(row.what == action::delayed, english.find("Will-Retry-Until: Thu, 16 Nov 2023 02:00:00 +0000\r\n") != std::string::npos);
    EXPECT_EQ(english.find("$("), std::string::npos);
    EXPECT_EQ(german.find("$("), std::string::npos);
  }
  // The gravest outcome gives the text.
  auto second = r.recipients[0];
  second.what = action::failed;
  r.recipients.push_back(second);
  EXPECT_EQ(action::failed, gravest(r));
}

TEST(DsnWrite, SpeaksTwoLanguagesBelowEachOther) {
  const auto text = whole(example(), "", {"de", "en"});
  EXPECT_THAT(text, HasSubstr("Nicht_zugestellt"));
  EXPECT_LT(text.find("Dies ist das Mailsystem"), text.find("This is the mail system"));
}

TEST(DsnWrite, ReturnsWhatIsAskedFor) {
  struct row {
    returned what;
    body_type original;
    bool utf8;
    const char* type; ///< nullptr: no third part
    const char* encoding;
    body_type all;
  };
  const row rows[] = {
    {returned::nothing, body_type::binary_mime, true, nullptr, nullptr, body_type::seven_bit},
    {returned::headers, body_type::seven_bit, false, "text/rfc822-headers", "7bit", body_type::seven_bit},
    {returned::headers, body_type::binary_mime, false, "text/rfc822-headers", "8bit", body_type::eight_bit_mime},
    {returned::headers, body_type::seven_bit, true, "message/global-headers", "8bit", body_type::eight_bit_mime},
    {returned::full, body_type::seven_bit, false, "message/rfc822", "7bit", body_type::seven_bit},
    {returned::full, body_type::eight_bit_mime, false, "message/rfc822", "8bit", body_type::eight_bit_mime},
    {returned::full, body_type::binary_mime, false, "message/rfc822", "binary", body_type::binary_mime},
    {returned::full, body_type::eight_bit_mime, true, "message/global", "8bit", body_type::eight_bit_mime},
  };
  for (const auto& row : rows) {
    auto r = example();
    r.what = row.what;
    r.original_body = row.original;
    r.original_utf8 = row.utf8;
    const auto text = built_in_text(action::failed, "en");
    const std::string_view language = "en";
    const auto w = write(r, {&text, 1}, {&language, 1});
    EXPECT_EQ(row.all, w.body);
    EXPECT_FALSE(w.smtputf8);
    mime::scanner scanner;
    scanner.feed(w.before + "Subject: x\r\n\r\nbody\r\n" + w.after);
    scanner.finish();
    const auto& parts = scanner.parts();
    EXPECT_EQ("multipart/report", parts[0].type);
    EXPECT_EQ(row.type == nullptr ? 2u : 3u, parts[0].children);
    if (row.type == nullptr) continue;
    EXPECT_EQ(row.type, parts[3].type);
    EXPECT_EQ(row.encoding, mime::name_of(parts[3].encoding));
  }
}

TEST(DsnWrite, IsInternationalWhenAnAddressIs) {
  auto r = example();
  r.to = {"jürgen", "bücher.example"};
  r.recipients[0].address = {"mañana", "example.org"};
  r.recipients[0].original_recipient = "utf-8;ma\\x{F1}ana@example.org";
  r.recipients[0].diagnostic = "550 nö";
  const auto text = whole(r);
  EXPECT_THAT(text, HasSubstr("To: jürgen@bücher.example\r\n"));
  EXPECT_THAT(text, HasSubstr("Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n"));
  EXPECT_THAT(text, HasSubstr("Original-Recipient: utf-8;mañana@example.org\r\nFinal-Recipient: utf-8;mañana@example.org\r\n"));
  EXPECT_THAT(text, HasSubstr("Diagnostic-Code: smtp;550 nö\r\n"));
  const auto texts = built_in_text(action::failed, "en");
  const std::string_view language = "en";
  const auto w = write(r, {&texts, 1}, {&language, 1});
  EXPECT_TRUE(w.smtputf8);
  EXPECT_EQ(body_type::eight_bit_mime, w.body);
  // The sender's address alone is not reason enough.
  r = example();
  r.recipients[0].diagnostic = "550 n\xf6";
  EXPECT_THAT(whole(r), HasSubstr("Diagnostic-Code: smtp;550 n?\r\n"));
}

TEST(DsnWrite, LetsNoStrangerAddAField) {
  auto r = example();
  r.envelope_id = "x+0D+0ABcc:+20all";
  r.original_subject = "a\r\nBcc: all";
  r.original_message_id = "<x>\r\nBcc: all";
  r.recipients[0].diagnostic = "550 no\r\nStatus: 2.0.0\r\n\r\n--" + r.boundary;
  r.recipients[0].remote_mta = "h\r\nAction: delivered";
  r.recipients[0].address = {"a\r\nb", "example.org"};
  r.recipients[0].status = "5.1.1\r\nx: y";
  const auto text = whole(r);
  EXPECT_EQ(text.find("\nBcc"), std::string::npos);
  EXPECT_EQ(text.find("\nAction: delivered"), std::string::npos);
  EXPECT_EQ(text.find("\nStatus: 2.0.0"), std::string::npos);
  EXPECT_EQ(text.find("\nx: y"), std::string::npos);
  mime::scanner scanner;
  scanner.feed(text);
  scanner.finish();
  EXPECT_EQ(3u, scanner.parts()[0].children);
}

TEST(DsnWrite, KeepsItsLinesShort) {
  auto r = example();
  r.recipients[0].diagnostic = "550 " + std::string(5'000, 'x');
  r.original_subject = std::string(3'000, 'y');
  const auto text = whole(r);
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    longest = std::max(longest, end - at);
    at = end + 2;
  }
  EXPECT_LE(longest, 998u);
  const auto read = read_report(text);
  ASSERT_TRUE(read);
  EXPECT_EQ("5.1.1", read->recipients.at(0).status);
}

TEST(DsnWrite, GivesTheClassThatSuitsTheAction) {
  auto r = example();
  r.recipients[0].status = "4.4.1"; // tried for too long
  EXPECT_THAT(whole(r), HasSubstr("Status: 5.4.1\r\n"));
  r.recipients[0].status = "";
  EXPECT_THAT(whole(r), HasSubstr("Status: 5.0.0\r\n"));
  r.recipients[0].what = action::delivered;
  r.recipients[0].status = "2.1.5";
  EXPECT_THAT(whole(r), HasSubstr("Status: 2.1.5\r\n"));
}

TEST(DsnWrite, WantsABoundaryThatCannotOccur) {
  auto r = example();
  const auto text = built_in_text(action::failed, "en");
  const std::string_view language = "en";
  for (const auto* b : {"short", "with space in the middle of it", ""}) {
    r.boundary = b;
    EXPECT_THROW(write(r, {&text, 1}, {&language, 1}), base::broken);
  }
}

TEST(DsnReason, KnowsWhatAStatusMeans) {
  EXPECT_EQ("The recipient does not exist", reason("5.1.1", "en"));
  EXPECT_EQ("Den Empfänger gibt es nicht", reason("5.1.1", "de-AT"));
  EXPECT_EQ("The mailbox is full", reason("4.2.2", "fr"));
  EXPECT_EQ("The message could not be delivered", reason("5.99.99", "en"));
  EXPECT_EQ("The message could not be delivered yet", reason("4.0.0", "en"));
  EXPECT_EQ("The message was delivered", reason("2.1.5", "en"));
  EXPECT_EQ("The message could not be delivered", reason("", "en"));
}

} // namespace
} // namespace rookery::smtp::dsn
