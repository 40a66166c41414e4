#include "tests/actors/support/line_client.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rookery::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string mail(int number, std::string_view text = "Some words.") {
  return "From: Ann <ann@outside.test>\r\nTo: u1@example.test\r\nSubject: Number " + std::to_string(number) +
         "\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <n" + std::to_string(number) +
         "@outside.test>\r\n\r\n" + std::string(text) + "\r\n";
}

/// One node for all tests; each test has an account of its own.
class ImapHost : public ::testing::Test {
protected:
  static void SetUpTestSuite() { node = new test_node(40); }
  static void TearDownTestSuite() {
    delete node;
    node = nullptr;
  }
  void SetUp() override { user = "u" + std::to_string(++used); }
  std::unique_ptr<imap_client> client() {
    auto c = std::make_unique<imap_client>(node->imap());
    EXPECT_THAT(c->command("LOGIN " + user + "@example.test secret"), HasSubstr(" OK "));
    return c;
  }
  static test_node* node;
  static int used;
  std::string user;
};
test_node* ImapHost::node = nullptr;
int ImapHost::used = 0;

TEST_F(ImapHost, AWrongPasswordIsRefused) {
  imap_client c(node->imap());
  EXPECT_THAT(c.command("LOGIN " + user + "@example.test wrong"), HasSubstr(" NO [AUTHENTICATIONFAILED]"));
}

TEST_F(ImapHost, SessionsEndWhenTheirAccountIsClosed) {
  auto idle = client(), other = client();
  idle->command("SELECT INBOX");
  idle->send("a IDLE\r\n");
  idle->until("+ idling");
  node->close(used);
  EXPECT_EQ(idle->rest(false), "* BYE [UNAVAILABLE] The account was closed, or its password changed\r\n");
  EXPECT_THAT(other->rest(false), HasSubstr("* BYE [UNAVAILABLE]"));
  imap_client again(node->imap());
  EXPECT_THAT(again.command("LOGIN " + user + "@example.test secret"), HasSubstr(" NO [AUTHORIZATIONFAILED]"));
}

TEST_F(ImapHost, RecentIsWhatNoSessionHasSeen) {
  auto c = client(), other = client();
  c->command("CREATE A");
  c->command("CREATE B");
  c->append("A", mail(1));
  EXPECT_THAT(c->command("STATUS A (RECENT)"), HasSubstr("* STATUS A (RECENT 1)"));
  const auto list = c->command("LIST \"\" * RETURN (STATUS (RECENT))");
  EXPECT_THAT(list, HasSubstr("* STATUS A (RECENT 1)"));
  EXPECT_THAT(list, HasSubstr("* STATUS B (RECENT 0)"));
  EXPECT_THAT(c->command("EXAMINE A"), HasSubstr("* 1 RECENT")); // seen, not taken
  EXPECT_THAT(c->command("SELECT A"), HasSubstr("* 1 RECENT"));
  EXPECT_THAT(c->command("FETCH 1 FLAGS"), HasSubstr("\\Recent"));
  EXPECT_THAT(other->command("SELECT A"), HasSubstr("* 0 RECENT"));
  EXPECT_THAT(other->command("FETCH 1 FLAGS"), Not(HasSubstr("\\Recent")));
  EXPECT_THAT(other->command("LIST \"\" A RETURN (STATUS (RECENT))"), HasSubstr("* STATUS A (RECENT 0)"));
}

TEST_F(ImapHost, AnAppendedMessageIsFetchedOctetForOctet) {
  auto c = client();
  const auto m = mail(1);
  c->append("INBOX", m, "(\\Flagged $Work)");
  const auto selected = c->command("SELECT INBOX");
  EXPECT_THAT(selected, HasSubstr("* 1 EXISTS"));
  EXPECT_THAT(selected, HasSubstr("[READ-WRITE]"));
  EXPECT_THAT(selected, HasSubstr("[UIDNEXT 2]"));
  const auto got = c->command("FETCH 1 (FLAGS UID RFC822.SIZE BODY.PEEK[])");
  EXPECT_THAT(got, HasSubstr(m));
  EXPECT_THAT(got, HasSubstr("\\Flagged"));
  EXPECT_THAT(got, HasSubstr("$Work"));
  EXPECT_THAT(got, Not(HasSubstr("\\Seen")));
  EXPECT_THAT(c->command("FETCH 1 BODY[HEADER.FIELDS (Subject)]"), HasSubstr("Subject: Number 1\r\n\r\n"));
  EXPECT_THAT(c->command("FETCH 1 FLAGS"), HasSubstr("\\Seen"));
  EXPECT_THAT(c->command("FETCH 1 ENVELOPE"), HasSubstr("\"Number 1\""));
  EXPECT_THAT(c->command("FETCH 1 BODY[1]<5:3>"), HasSubstr("BAD"));
  EXPECT_THAT(c->command("FETCH 1 BODY.PEEK[1]<5.3>"), HasSubstr("{3}\r\nwor"));
}

TEST_F(ImapHost, AMessageLargerThanMemoryComesBackWhole) {
  auto c = client();
  std::string text;
  while (text.size() < 3'000'000) text += "line " + std::to_string(text.size()) + "\r\n";
  const auto m = mail(1, text);
  c->append("INBOX", m);
  c->command("SELECT INBOX");
  const auto got = c->command("FETCH 1 BODY.PEEK[]");
  EXPECT_NE(got.find(m), std::string::npos);
}

TEST_F(ImapHost, ASecondSessionIsToldAtOnceInIdle) {
  auto a = client(), b = client();
  a->append("INBOX", mail(1));
  a->command("SELECT INBOX");
  b->command("SELECT INBOX");
  b->send("i IDLE\r\n");
  b->until("+ ");
  a->append("INBOX", mail(2));
  EXPECT_THAT(b->until("EXISTS"), HasSubstr("* 2 EXISTS"));
  a->command("STORE 1 +FLAGS (\\Deleted)");
  EXPECT_THAT(b->until("FETCH"), HasSubstr("\\Deleted"));
  a->command("EXPUNGE");
  EXPECT_THAT(b->until("EXPUNGE"), HasSubstr("* 1 EXPUNGE"));
  b->send("DONE\r\n");
  b->until("i OK");
}

TEST_F(ImapHost, AnExpungeIsNotToldDuringFetch) {
  auto a = client(), b = client();
  for (int i = 1; i <= 3; ++i) a->append("INBOX", mail(i));
  a->command("SELECT INBOX");
  b->command("SELECT INBOX");
  a->command("STORE 1 +FLAGS (\\Deleted)");
  a->command("EXPUNGE");
  const auto fetched = b->command("FETCH 1:3 (UID)");
  EXPECT_THAT(fetched, Not(HasSubstr("EXPUNGE\r\n")));
  EXPECT_THAT(fetched, HasSubstr("* 2 FETCH (UID 2)"));
  EXPECT_THAT(fetched, HasSubstr("EXPUNGEISSUED"));
  EXPECT_THAT(b->command("NOOP"), HasSubstr("* 1 EXPUNGE"));
  EXPECT_THAT(b->command("FETCH 1 (UID)"), HasSubstr("* 1 FETCH (UID 2)"));
}

TEST_F(ImapHost, StoreTellsFlagsUnlessSilent) {
  auto c = client();
  c->append("INBOX", mail(1));
  c->command("SELECT INBOX");
  EXPECT_THAT(c->command("STORE 1 +FLAGS (\\Answered kw)"), HasSubstr("* 1 FETCH (FLAGS ("));
  EXPECT_THAT(c->command("STORE 1 -FLAGS.SILENT (kw)"), Not(HasSubstr("FETCH (")));
  EXPECT_THAT(c->command("FETCH 1 FLAGS"), HasSubstr("\\Answered"));
}

TEST_F(ImapHost, CopyAndMoveAnswerWithUids) {
  auto c = client();
  for (int i = 1; i <= 3; ++i) c->append("INBOX", mail(i));
  c->command("SELECT INBOX");
  EXPECT_THAT(c->command("COPY 1:2 Other"), HasSubstr("NO [TRYCREATE]"));
  EXPECT_THAT(c->command("CREATE Other"), HasSubstr("MAILBOXID"));
  EXPECT_THAT(c->command("COPY 1:2 Other"), HasSubstr(" 1:2 1:2]"));
  const auto moved = c->command("UID MOVE 3 Other");
  EXPECT_THAT(moved, HasSubstr("* OK [COPYUID "));
  EXPECT_THAT(moved, HasSubstr("* 3 EXPUNGE"));
  EXPECT_THAT(c->command("STATUS Other (MESSAGES UIDNEXT)"), HasSubstr("MESSAGES 3"));
}

TEST_F(ImapHost, SearchFindsInColumnsHeadersAndBodies) {
  auto c = client();
  for (int i = 1; i <= 4; ++i) c->append("INBOX", mail(i, i == 3 ? "needle in here" : "hay"), i == 2 ? "(\\Seen)" : "");
  c->command("SELECT INBOX");
  EXPECT_THAT(c->command("SEARCH UNSEEN"), HasSubstr("* SEARCH 1 3 4\r\n"));
  EXPECT_THAT(c->command("SEARCH SUBJECT \"number 4\""), HasSubstr("* SEARCH 4\r\n"));
  EXPECT_THAT(c->command("SEARCH BODY NEEDLE"), HasSubstr("* SEARCH 3\r\n"));
  EXPECT_THAT(c->command("SEARCH SENTON 21-Nov-2026"), HasSubstr("* SEARCH 1 2 3 4\r\n"));
  EXPECT_THAT(c->command("SORT (REVERSE SUBJECT) UTF-8 ALL"), HasSubstr("* SORT 4 3 2 1\r\n"));
  EXPECT_THAT(c->command("THREAD REFERENCES UTF-8 ALL"), HasSubstr("* THREAD (1)(2)(3)(4)"));
}

TEST_F(ImapHost, QresyncTellsWhatVanished) {
  auto c = client();
  for (int i = 1; i <= 5; ++i) c->append("INBOX", mail(i));
  c->command("ENABLE QRESYNC");
  const auto selected = c->command("SELECT INBOX");
  const auto validity = selected.substr(selected.find("UIDVALIDITY ") + 12, selected.find(']', selected.find("UIDVALIDITY ")) - selected.find("UIDVALIDITY ") - 12);
  const auto modseq = selected.substr(selected.find("HIGHESTMODSEQ ") + 14, selected.find(']', selected.find("HIGHESTMODSEQ ")) - selected.find("HIGHESTMODSEQ ") - 14);
  c->command("STORE 2,4 +FLAGS.SILENT (\\Deleted)");
  EXPECT_THAT(c->command("EXPUNGE"), HasSubstr("* VANISHED 2,4"));
  c->command("STORE 1 +FLAGS (\\Seen)");
  c->command("UNSELECT");
  const auto again = c->command("SELECT INBOX (QRESYNC (" + validity + " " + modseq + "))");
  EXPECT_THAT(again, HasSubstr("* VANISHED (EARLIER) 2,4"));
  EXPECT_THAT(again, HasSubstr("* 1 FETCH (UID 1 FLAGS ("));
  EXPECT_THAT(again, Not(HasSubstr("* 2 FETCH")));
}

TEST_F(ImapHost, AppendAboveTheQuotaIsRefused) {
  auto c = client();
  node->change(used, [](auto& a) { a.quota_messages = 1; });
  c->append("INBOX", mail(1));
  EXPECT_THAT(c->command("APPEND INBOX {5+}\r\nhello"), HasSubstr("NO [OVERQUOTA]"));
  EXPECT_THAT(c->command("GETQUOTAROOT INBOX"), HasSubstr("(MESSAGE 1 1)"));
}

TEST_F(ImapHost, ADeletedMailboxEndsOtherSessions) {
  auto a = client(), b = client();
  a->command("CREATE Gone");
  b->command("SELECT Gone");
  a->command("DELETE Gone");
  b->send("n NOOP\r\n");
  EXPECT_THAT(b->until("BYE"), HasSubstr("* BYE"));
}

TEST_F(ImapHost, ManyMessagesAreFetchedAndStored) {
  auto c = client();
  std::string all = "APPEND INBOX";
  for (int i = 0; i < 700; ++i) {
    const auto m = mail(i);
    all += " {" + std::to_string(m.size()) + "+}\r\n" + m;
  }
  EXPECT_THAT(c->command(all), HasSubstr(" 1:700]"));
  c->command("SELECT INBOX");
  EXPECT_THAT(c->command("STORE 1:* +FLAGS (\\Seen)"), HasSubstr("* 700 FETCH (FLAGS (\\Seen"));
  EXPECT_THAT(c->command("FETCH 1:* (ENVELOPE BODYSTRUCTURE)"), HasSubstr("* 700 FETCH (ENVELOPE ("));
  EXPECT_THAT(c->command("FETCH 1:* BODY.PEEK[]"), HasSubstr("Number 699"));
  EXPECT_THAT(c->command("SEARCH SEEN 1:5"), HasSubstr("* SEARCH 1 2 3 4 5\r\n"));
}

// What is remembered of header fields gives the same octets as reading them, whatever happens to the mailbox between.
TEST_F(ImapHost, HeaderFieldsAreTheSameEachTime) {
  auto c = client();
  std::string all = "APPEND INBOX";
  for (int i = 0; i < 300; ++i) {
    const auto m = mail(i);
    all += " {" + std::to_string(m.size()) + "+}\r\n" + m;
  }
  c->command(all);
  c->command("SELECT INBOX");
  // The row of the message with this UID, wherever it is now.
  const auto row_of = [](const std::string& answer, int uid) {
    const auto head = answer.find("FETCH (UID " + std::to_string(uid) + " BODY");
    const auto end = head == std::string::npos ? head : answer.find("\r\n)\r\n", head);
    return end == std::string::npos ? std::string("none") : answer.substr(head, end - head);
  };
  const std::string asked[] = {"BODY.PEEK[HEADER.FIELDS (Subject From)]", "BODY.PEEK[HEADER.FIELDS (from SUBJECT)]", "BODY.PEEK[HEADER.FIELDS.NOT (Subject From)]",
                               "BODY.PEEK[HEADER.FIELDS (Message-ID)]<0.20>", "BODY.PEEK[HEADER.FIELDS (Message-ID)]"};
  const auto compare = [&](const std::vector<int>& there, const std::vector<int>& gone) {
    for (const auto& what : asked) {
      const auto together = c->command("UID FETCH 1:* (UID " + what + ")");
      EXPECT_EQ(c->command("UID FETCH 1:* (UID " + what + ")").size(), together.size()) << what;
      for (const auto uid : there) EXPECT_EQ(row_of(together, uid), row_of(c->command("UID FETCH " + std::to_string(uid) + " (UID " + what + ")"), uid)) << what;
      for (const auto uid : gone) EXPECT_EQ(row_of(together, uid), "none") << what;
    }
  };
  compare({1, 2, 256, 257, 300}, {});
  EXPECT_THAT(c->command("UID FETCH 1:20 " + asked[0]), HasSubstr("From: Ann <ann@outside.test>\r\nSubject: Number 19\r\n\r\n"));
  EXPECT_THAT(c->command("UID FETCH 1:20 " + asked[3]), HasSubstr("<0> {20}\r\nMessage-ID: <n19@out"));
  c->command("STORE 2,256 +FLAGS (\\Deleted)");
  c->command("EXPUNGE");
  c->command(all);
  compare({1, 3, 255, 257, 300, 301, 512, 600}, {2, 256});
}

} // namespace
} // namespace rookery::tests
