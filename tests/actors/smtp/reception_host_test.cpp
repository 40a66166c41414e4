#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"
#include "storage/queue/spool_machine.hpp"
#include "tests/actors/smtp/mail_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

namespace rookery::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

const std::string mail = "From: Ann <ann@outside.test>\r\nSubject: hello\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@outside.test>\r\n\r\nSome words.\r\n";

/// One node for all tests; each test has an account of its own. u1 and u2 are the team.
class ReceptionHost : public ::testing::Test {
protected:
  static void SetUpTestSuite() { node = new mail_node(40); }
  static void TearDownTestSuite() {
    delete node;
    node = nullptr;
  }
  void SetUp() override { number = ++used; user = "u" + std::to_string(number); address = user + "@example.test"; }

  /// The last message of a mailbox, once there are `count`.
  static std::string last(const std::string& who, int count = 1, const std::string& folder = "INBOX") {
    imap_client c(node->imap());
    c.command("LOGIN " + who + "@example.test secret");
    for (int i = 0; i < 500; ++i) {
      if (c.command("SELECT " + folder).find("* " + std::to_string(count) + " EXISTS") != std::string::npos)
        return c.command("FETCH * (RFC822.SIZE BODY.PEEK[])");
      ::usleep(10'000); // durable comes before visible
    }
    return "nothing came";
  }
  std::unique_ptr<smtp_client> logged_in(const std::string& who) {
    auto c = std::make_unique<smtp_client>(node->submission());
    EXPECT_THAT(c->command("AUTH LOGIN"), StartsWith("334"));
    EXPECT_THAT(c->command(encoding::base64_encode(who + "@example.test")), StartsWith("334"));
    EXPECT_THAT(c->command(encoding::base64_encode("secret")), StartsWith("235 2.7.0"));
    return c;
  }
  static std::vector<storage::queue::envelope> queued(const std::string& sender, const std::string& recipient = {}) {
    storage::queue::spool_filter filter;
    filter.sender = sender;
    filter.recipient = recipient;
    for (int i = 0; i < 500; ++i) {
      auto page = node->node().spool->view()->list(filter, base::message_id{0}, 100);
      if (!page.messages.empty()) return page.messages;
      ::usleep(10'000);
    }
    return {};
  }

  static mail_node* node;
  static int used;
  int number = 0;
  std::string user, address;
};
mail_node* ReceptionHost::node = nullptr;
int ReceptionHost::used = 2;

TEST_F(ReceptionHost, SessionsEndWhenTheirAccountIsClosed) {
  auto idle = logged_in(user), writing = logged_in(user);
  writing->command("MAIL FROM:<" + address + ">");
  writing->command("RCPT TO:<u1@example.test>");
  writing->command("DATA");
  writing->send("Subject: half a message\r\n");
  node->close(number);
  const std::string goodbye = "421 4.7.0 The account was closed, or its password changed\r\n";
  EXPECT_EQ(idle->rest(false), goodbye);
  EXPECT_EQ(writing->rest(false), goodbye);
}

TEST_F(ReceptionHost, AMessageFromOutsideIsInTheMailboxOctetForOctet) {
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("ann@outside.test", {address}, mail), StartsWith("250 2.6.0 Ok"));
  const auto got = last(user);
  EXPECT_THAT(got, HasSubstr("Return-Path: <ann@outside.test>\r\nDelivered-To: " + address + "\r\nReceived: from client.test ([127.0.0.1])\r\n\tby mx.example.test"));
  EXPECT_THAT(got, HasSubstr("with ESMTP"));
  EXPECT_THAT(got, HasSubstr("for <" + address + ">;"));
  EXPECT_THAT(got, HasSubstr("+0000\r\n" + mail));
}

TEST_F(ReceptionHost, WhoMayReceiveIsKnownAtRcpt) {
  node->change(number, [](auto& a) { a.state = routing::account_state::disabled; });
  smtp_client c(node->mx());
  c.command("MAIL FROM:<ann@outside.test>");
  EXPECT_THAT(c.command("RCPT TO:<nobody@example.test>"), StartsWith("550 5.1.1"));
  EXPECT_THAT(c.command("RCPT TO:<bob@elsewhere.test>"), StartsWith("550 5.7.1"));
  EXPECT_THAT(c.command("RCPT TO:<" + address + ">"), StartsWith("550 5.2.1"));
  EXPECT_THAT(c.command("RCPT TO:<U1+lists@EXAMPLE.test>"), StartsWith("250 2.1.5"));
  EXPECT_THAT(c.command("RCPT TO:<Postmaster>"), StartsWith("250 2.1.5"));
  EXPECT_THAT(c.command("RCPT TO:<abuse@example.test>"), StartsWith("250 2.1.5"));
}

TEST_F(ReceptionHost, AnAliasDeliversOnceToEach) {
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("ann@outside.test", {"team@example.test", "u1@example.test"}, mail), StartsWith("250"));
  EXPECT_THAT(last("u1"), Not(HasSubstr("for <")));
  EXPECT_THAT(last("u2"), HasSubstr("Delivered-To: u2@example.test\r\n"));
}

TEST_F(ReceptionHost, DetailsNameAFolderIfTheAccountSaysSo) {
  node->change(number, [](auto& a) { a.details = routing::detail_folders::created; });
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("", {user + "+Lists@example.test"}, mail), StartsWith("250"));
  EXPECT_THAT(last(user, 1, "Lists"), HasSubstr("Return-Path: <>"));
}

TEST_F(ReceptionHost, AFullMailboxIsRefusedForNow) {
  node->change(number, [](auto& a) { a.quota_messages = 1; });
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("", {address}, mail), StartsWith("250"));
  last(user);
  EXPECT_THAT(c.deliver("", {address}, mail), StartsWith("452 4.2.2"));
}

TEST_F(ReceptionHost, ALoopIsCut) {
  std::string loop;
  for (int i = 0; i < 100; ++i) loop += "Received: from a by b; date\r\n";
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("", {address}, loop + mail), StartsWith("554 5.4.6"));
}

TEST_F(ReceptionHost, WhatWasDeliveredHereBeforeLoops) {
  const auto loop = "Delivered-To: " + address + "\r\n" + mail;
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("", {address}, loop), StartsWith("554 5.4.6"));
  EXPECT_THAT(c.deliver("", {address, "u1@example.test"}, loop), StartsWith("554 5.4.6"));
  EXPECT_THAT(c.deliver("", {address}, "Delivered-To: other@example.test\r\n" + mail), StartsWith("250"));
  EXPECT_THAT(c.deliver("", {address}, "Resent-From: ann@outside.test\r\n" + loop), StartsWith("250"));
  EXPECT_THAT(logged_in(user)->deliver(address, {address}, "From: " + address + "\r\nDelivered-To: " + address + "\r\n\r\n"),
              StartsWith("250"));
  EXPECT_THAT(last(user, 3), HasSubstr("Delivered-To"));
}

TEST_F(ReceptionHost, TheRealSizeIsHeldAgainstTheQuota) {
  node->change(number, [](auto& a) { a.quota_octets = 2000; });
  const auto large = mail + std::string(3000, 'x') + "\r\n";
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("", {address}, large), StartsWith("552 5.2."));
  // One answer for two: who has room gets it, the queue sees to the other, which never will have room:
  // its sender hears of that.
  EXPECT_THAT(c.deliver(user + "@outside.test", {address, "u40@example.test"}, large), StartsWith("250"));
  EXPECT_THAT(last("u40"), HasSubstr("Delivered-To: u40@example.test"));
  const auto reports = queued("<>", user + "@outside.test");
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].origin, storage::queue::message_origin::report);
}

TEST_F(ReceptionHost, LmtpJudgesEachRecipientAtTheEnd) {
  node->change(number, [](auto& a) { a.quota_octets = 2000; });
  smtp_client c(node->lmtp(), "LHLO local");
  const auto large = "Delivered-To: u38@example.test\r\n" + mail + std::string(3000, 'x') + "\r\n";
  EXPECT_THAT(c.deliver("", {address, "u39@example.test", "u38@example.test"}, large), StartsWith("552 5.2."));
  EXPECT_THAT(c.reply(), StartsWith("250"));
  EXPECT_THAT(c.reply(), StartsWith("554 5.4.6"));
  EXPECT_THAT(last("u39"), HasSubstr("u39@example.test"));
  EXPECT_THAT(c.deliver("", {"u38@example.test"}, large), StartsWith("554 5.4.6"));
  EXPECT_THAT(c.command("NOOP"), StartsWith("250"));
}

TEST_F(ReceptionHost, ATextWithoutHeaderStaysText) {
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("", {address}, "just words\r\n..\r\n"), StartsWith("250"));
  EXPECT_THAT(last(user), HasSubstr("+0000\r\n\r\njust words\r\n.\r\n"));
  EXPECT_THAT(c.deliver("", {address}, ""), StartsWith("250"));
  EXPECT_THAT(last(user, 2), HasSubstr("+0000\r\n)"));
}

TEST_F(ReceptionHost, ALargeMessageGoesOverTheDisk) {
  std::string text = mail;
  while (text.size() < 3'000'000) text += "line " + std::to_string(text.size()) + "\r\n";
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("ann@outside.test", {address}, text), StartsWith("250"));
  EXPECT_NE(last(user).find(text), std::string::npos);
  EXPECT_THAT(c.command("MAIL FROM:<ann@outside.test> SIZE=5000000"), StartsWith("552 5.3.4"));
}

TEST_F(ReceptionHost, ChunksAreDeliveredAsTheyAre) {
  smtp_client c(node->mx());
  c.command("MAIL FROM:<ann@outside.test> BODY=BINARYMIME");
  c.command("RCPT TO:<" + address + ">");
  const std::string begin = "Subject: x\r\n\r\n", rest("\0\n\r.\r\n.\xff", 8);
  EXPECT_THAT(c.command("BDAT " + std::to_string(begin.size()) + "\r\n" + begin.substr(0, begin.size() - 2)), StartsWith("250 2.0.0"));
  c.send("BDAT " + std::to_string(rest.size()) + " LAST\r\n" + rest);
  EXPECT_THAT(c.reply(), StartsWith("250 2.6.0"));
  // A literal of IMAP carries no NUL (RFC 9051 §4.3); BINARY does.
  auto shown = rest;
  shown.front() = '\x80';
  EXPECT_THAT(last(user), HasSubstr(begin + shown));
}

TEST_F(ReceptionHost, SubmissionNeedsALoginAndTheRightSender) {
  smtp_client nobody(node->submission());
  EXPECT_THAT(nobody.command("MAIL FROM:<" + address + ">"), StartsWith("530 5.7.0"));
  auto c = logged_in(user);
  EXPECT_THAT(c->deliver("u1@example.test", {"u2@example.test"}, mail), StartsWith("553 5.7.1"));
  EXPECT_THAT(c->deliver(address, {"bob@elsewhere.test"}, mail), StartsWith("550 5.7.1"));
  node->change(number, [](auto& a) { a.state = routing::account_state::frozen; });
  EXPECT_THAT(c->deliver(address, {"bob@elsewhere.test"}, mail), StartsWith("550 5.7.1"));
}

TEST_F(ReceptionHost, AWrongPasswordIsRefused) {
  smtp_client c(node->submission());
  EXPECT_THAT(c.command("AUTH PLAIN " + encoding::base64_encode(std::string("\0", 1) + address + std::string("\0wrong", 6))), StartsWith("535 5.7.8"));
}

TEST_F(ReceptionHost, SubmittedMailIsCompletedAndWaitsInTheQueue) {
  auto c = logged_in(user);
  EXPECT_THAT(c->command("MAIL FROM:<" + address + "> RET=HDRS ENVID=abc HOLDFOR=60"), StartsWith("250"));
  c->command("RSET");
  EXPECT_THAT(c->command("MAIL FROM:<" + address + "> RET=HDRS ENVID=abc"), StartsWith("250"));
  c->command("RCPT TO:<bob@elsewhere.test> NOTIFY=FAILURE ORCPT=rfc822;bob@elsewhere.test");
  c->command("RCPT TO:<" + address + ">");
  c->command("DATA");
  c->send("Subject: no more\r\n\r\nwords\r\n.\r\n");
  EXPECT_THAT(c->reply(), StartsWith("250 2.6.0"));
  const auto got = last(user);
  EXPECT_THAT(got, HasSubstr("Message-ID: <"));
  EXPECT_THAT(got, HasSubstr("\r\nDate: "));
  EXPECT_THAT(got, HasSubstr("\r\nFrom: <" + address + ">\r\n"));
  EXPECT_THAT(got, HasSubstr("with ESMTPA"));
  const auto waiting = queued(address);
  ASSERT_EQ(waiting.size(), 1u);
  ASSERT_EQ(waiting[0].recipients.size(), 1u);
  EXPECT_EQ(waiting[0].recipients[0].address, "bob@elsewhere.test");
  EXPECT_EQ(waiting[0].recipients[0].notify, storage::queue::notify::failure);
  EXPECT_EQ(waiting[0].envid, "abc");
  EXPECT_EQ(waiting[0].ret, storage::queue::dsn_return::headers);
  EXPECT_EQ(waiting[0].account.value, static_cast<std::uint64_t>(number));
}

TEST_F(ReceptionHost, AnAliasMayLeadElsewhere) {
  smtp_client c(node->mx());
  EXPECT_THAT(c.deliver("elsewhere-sender@outside.test", {"away@example.test"}, mail), StartsWith("250"));
  const auto waiting = queued("elsewhere-sender@outside.test");
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].recipients[0].address, "somebody@elsewhere.test");
}

TEST_F(ReceptionHost, LmtpAnswersForEachRecipientAndKnowsBareNames) {
  smtp_client c(node->lmtp(), "LHLO local");
  c.command("MAIL FROM:<ann@outside.test>");
  EXPECT_THAT(c.command("RCPT TO:<" + user + ">"), StartsWith("250"));
  EXPECT_THAT(c.command("RCPT TO:<bob@elsewhere.test>"), StartsWith("550 5.7.1"));
  EXPECT_THAT(c.command("RCPT TO:<nobody>"), StartsWith("550 5.1.1"));
  EXPECT_THAT(c.command("RCPT TO:<" + user + "+x@example.test>"), StartsWith("250"));
  c.command("DATA");
  c.send(mail + ".\r\n");
  EXPECT_THAT(c.reply(), StartsWith("250"));
  EXPECT_THAT(c.reply(), StartsWith("250"));
  EXPECT_THAT(last(user), HasSubstr("with LMTP"));
}

TEST_F(ReceptionHost, ScramLogsIn) {
  smtp_client c(node->submission());
  const auto first_bare = "n=" + address + ",r=clientnonce";
  auto r = c.command("AUTH SCRAM-SHA-256 " + encoding::base64_encode("n,," + first_bare));
  ASSERT_THAT(r, StartsWith("334 "));
  const auto server_first = encoding::base64_decode(r.substr(4)).value();
  const auto nonce = server_first.substr(2, server_first.find(',') - 2);
  const auto bare = "c=biws,r=" + nonce;
  const auto salted = base::pbkdf2_sha256("secret", "0123456789abcdef", 4096);
  const auto key = base::hmac_sha256(base::view(salted), "Client Key");
  const auto signature = base::hmac_sha256(base::view(base::sha256(base::view(key))), first_bare + "," + server_first + "," + bare);
  std::string proof(32, '\0');
  for (std::size_t i = 0; i < 32; ++i) proof[i] = static_cast<char>(key[i] ^ signature[i]);
  EXPECT_THAT(c.command(encoding::base64_encode(bare + ",p=" + encoding::base64_encode(proof))), StartsWith("334 "));
  EXPECT_THAT(c.command(""), StartsWith("235 2.7.0"));
  EXPECT_THAT(c.command("MAIL FROM:<" + address + ">"), StartsWith("250"));
}

} // namespace
} // namespace rookery::tests
