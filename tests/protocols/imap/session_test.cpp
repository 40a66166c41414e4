// The session as a client meets it; each row is played whole and octet by octet.
#include "protocols/encoding/base64.hpp"
#include "tests/protocols/imap/scripted_host.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

static_assert(session<server_session>);

struct row {
  const char* name;
  std::string_view said;
  std::string_view sent;
  std::string_view asked;
};

void play(const row& r, bool logged_in, bool selected) {
  for (const auto piece : {std::string_view::npos, std::size_t{1}, std::size_t{7}}) {
    scripted_host host;
    if (logged_in) host.log_in();
    if (selected) host.say("s SELECT INBOX\r\n");
    host.take_asked();
    EXPECT_EQ(host.say(r.said, piece), r.sent) << r.name << " in pieces of " << piece;
    EXPECT_EQ(host.take_asked(), r.asked) << r.name << " in pieces of " << piece;
  }
}

TEST(ImapSession, GreetsWithItsCapabilities) {
  server_session plain(std::make_shared<server_settings>(), connection_facts{}, {});
  EXPECT_EQ(plain.output(), "* OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE LANGUAGE STARTTLS LOGINDISABLED] localhost Rookery ready\r\n");
  connection_facts tls;
  tls.tls = true;
  server_session safe(std::make_shared<server_settings>(), tls, {});
  EXPECT_NE(safe.output().find("AUTH=PLAIN"), std::string_view::npos);
  EXPECT_EQ(safe.output().find("STARTTLS"), std::string_view::npos);
}

TEST(ImapSession, SaysItsLimitsAndKeepsThemInAppend) { // RFC 9738
  struct expectation {
    std::uint32_t messages, saved;
    std::string_view offered;
    bool third; ///< a third message is taken
  };
  const expectation rows[] = {{0, 0, "", true}, {2, 0, " MESSAGELIMIT=2", false}, {0, 2, " SAVELIMIT=2", false}, {3, 2, " MESSAGELIMIT=3", true}};
  for (const auto& e : rows) {
    server_settings settings;
    settings.limits.messages = e.messages;
    settings.limits.saved_messages = e.saved;
    scripted_host host(settings);
    host.log_in();
    const auto offered = host.say("a CAPABILITY\r\n");
    EXPECT_EQ(offered.find("LIMIT=2 ") != std::string::npos || offered.find("LIMIT=3 ") != std::string::npos, !e.offered.empty());
    EXPECT_NE(offered.find(e.offered), std::string::npos) << e.offered;
    const auto said = host.say("b APPEND INBOX {1+}\r\nx {1+}\r\ny {1+}\r\nz\r\n");
    EXPECT_EQ(said, e.third ? "b OK [APPENDUID 1 5] Stored\r\n" : "b NO [MESSAGELIMIT 2] Too many messages at once\r\n");
  }
}

TEST(ImapSession, BeforeLogin) {
  const row rows[] = {
      {"login", "a LOGIN ann secret\r\na NOOP\r\n", "", "password:ann:secret in:ann:LOGIN command0"},
      {"login with literals", "a LOGIN {3}\r\nann {6}\r\nsecret\r\n", "", "password:ann:secret in:ann:LOGIN"},
      {"login with unasked literals", "a LOGIN {3+}\r\nann {6+}\r\nsecret\r\n", "", "password:ann:secret in:ann:LOGIN"},
      {"wrong password", "a LOGIN ann wrong\r\n", "a NO [AUTHENTICATIONFAILED] Invalid credentials\r\n", "password:ann:wrong failed:ann"},
      {"select too early", "a SELECT INBOX\r\n", "a BAD Please log in first\r\n", ""},
      {"a literal for what is not allowed", "a APPEND INBOX {5+}\r\nhello\r\nb NOOP\r\n", "a BAD Command not allowed now\r\nb OK Done\r\n", "command0"},
      {"sync literal for what is not allowed", "a APPEND INBOX {5}\r\nb NOOP\r\n", "a BAD Command not allowed now\r\nb OK Done\r\n", "command0"},
      {"unknown", "a FOO\r\n", "a BAD Unknown command\r\n", ""},
      {"no tag", "NOOP\r\n", "* BAD Tag and command expected\r\n", ""},
      {"empty line", "\r\n", "* BAD Tag and command expected\r\n", ""},
      {"bare LF", "a NOOP\nb NOOP\r\n", "a BAD Lines end with CRLF and hold neither CR, LF nor NUL\r\nb OK Done\r\n", "command0"},
      {"bare CR", "a NO\rOP\r\n", "a BAD Lines end with CRLF and hold neither CR, LF nor NUL\r\n", ""},
      {"logout", "a LOGOUT\r\nb NOOP\r\n", "* BYE Logging out\r\na OK LOGOUT completed\r\n", "bye"},
      {"id", "a ID (\"name\" \"x\")\r\n", "* ID (\"name\" \"Rookery\")\r\na OK ID completed\r\n", "id1"},
      {"plain", "a AUTHENTICATE PLAIN\r\nAGFubgBzZWNyZXQ=\r\n", "", "password:ann:secret in:ann:PLAIN"},
      {"plain at once", "a AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n", "", "password:ann:secret in:ann:PLAIN"},
      {"login mechanism", "a AUTHENTICATE LOGIN\r\nYW5u\r\nc2VjcmV0\r\n", "", "password:ann:secret in:ann:LOGIN"},
      {"aborted", "a AUTHENTICATE PLAIN\r\n*\r\n", "+ \r\na BAD Authentication aborted\r\n", "failed:"},
      {"no base64", "a AUTHENTICATE PLAIN\r\n?\r\n", "+ \r\na BAD Invalid SASL message\r\n", "failed:"},
      {"unknown mechanism", "a AUTHENTICATE X\r\n", "a NO [CANNOT] Unknown authentication mechanism\r\n", ""},
  };
  for (const auto& r : rows) {
    if (!r.sent.empty()) {
      play(r, false, false);
      continue;
    }
    for (const auto piece : {std::string_view::npos, std::size_t{1}}) {
      scripted_host host;
      const auto sent = host.say(r.said, piece);
      EXPECT_NE(sent.find("a OK [CAPABILITY IMAP4rev1"), std::string::npos) << r.name << ": " << sent;
      EXPECT_EQ(host.take_asked(), r.asked) << r.name;
      EXPECT_EQ(host.session().state(), session_state::authenticated) << r.name;
    }
  }
}

TEST(ImapSession, WithoutTlsPasswordsStayAtHome) {
  connection_facts facts;
  scripted_host host({}, facts);
  EXPECT_EQ(host.say("a LOGIN ann secret\r\n"), "a NO [PRIVACYREQUIRED] Use STARTTLS first\r\n");
  EXPECT_EQ(host.say("a AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n"), "a NO [PRIVACYREQUIRED] This mechanism needs TLS\r\n");
  EXPECT_EQ(host.take_asked(), "");
}

TEST(ImapSession, StartTlsForgetsWhatWasSaidBefore) {
  connection_facts facts;
  scripted_host host({}, facts);
  EXPECT_EQ(host.say("a STARTTLS\r\nb CAPABILITY\r\nc NO"), "a OK Begin TLS negotiation now\r\n");
  EXPECT_EQ(host.take_asked(), "tls");
  facts.tls = true;
  host.session().tls_started(facts, host.now());
  EXPECT_EQ(host.say(""), "");
  EXPECT_EQ(host.say("d STARTTLS\r\n"), "d BAD TLS is active already\r\n");
}

TEST(ImapSession, LoggedIn) {
  const row rows[] = {
      {"twice", "a LOGIN ann secret\r\n", "a BAD Already logged in\r\n", ""},
      {"fetch without mailbox", "a FETCH 1 FLAGS\r\n", "a BAD No mailbox is selected\r\n", ""},
      {"select", "a SELECT inbox\r\n", "* 3 EXISTS\r\na OK [READ-WRITE] Selected\r\n", "command2 INBOX"},
      {"a name with control characters", "a DELETE \"a\x01\"\r\n", "a NO [CANNOT] Invalid mailbox name\r\n", ""},
      {"pipelined", "a SELECT x\r\nb NOOP\r\nc CLOSE\r\nd NOOP\r\n",
       "* 3 EXISTS\r\na OK [READ-WRITE] Selected\r\nb OK Done\r\nc OK Done\r\nd OK Done\r\n", "command2 x command0 command3 command0"},
      {"namespace", "a NAMESPACE\r\n", "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) ((\"Public/\" \"/\"))\r\na OK NAMESPACE completed\r\n", ""},
      {"enable", "a ENABLE X-1 QRESYNC IMAP4rev2\r\n", "* ENABLED QRESYNC IMAP4rev2\r\na OK ENABLE completed\r\n", ""},
      {"idle", "a IDLE\r\nDONE\r\nb NOOP\r\n", "+ idling\r\na OK IDLE completed\r\nb OK Done\r\n", "idle done command0"},
      {"idle broken", "a IDLE\r\nb NOOP\r\nc NOOP\r\n", "+ idling\r\na BAD DONE expected\r\nc OK Done\r\n", "idle done command0"},
      {"append", "a APPEND x {3}\r\nabc\r\n", "+ OK\r\na OK [APPENDUID 1 5] Stored\r\n", "append:x:3 end:1"},
      {"append unasked", "a APPEND x (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {3+}\r\nabc\r\nb NOOP\r\n",
       "a OK [APPENDUID 1 5] Stored\r\nb OK Done\r\n", "append:x:3 end:1 command0"},
      {"append to a literal name", "a APPEND {5}\r\ninbox {3+}\r\na\nb\r\n", "+ OK\r\na OK [APPENDUID 1 5] Stored\r\n", "append:INBOX:3 end:1"},
      {"multiappend", "a APPEND x {3+}\r\nabc (\\Seen) {2+}\r\nde {1}\r\nf\r\n", "+ OK\r\na OK [APPENDUID 1 5] Stored\r\n",
       "append:x:3 next:2 next:1 end:3"},
      {"append as UTF-8", "a APPEND x UTF8 (~{3+}\r\nabc)\r\n", "a OK [APPENDUID 1 5] Stored\r\n", "append:x:3 end:1"},
      {"append twice as UTF-8", "a APPEND x UTF8 (~{3+}\r\nabc) UTF8 (~{1+}\r\nd)\r\n", "a OK [APPENDUID 1 5] Stored\r\n", "append:x:3 next:1 end:2"},
      {"append nothing", "a APPEND x {0+}\r\n\r\nb NOOP\r\n", "a NO [CANNOT] An empty message cannot be stored\r\nb OK Done\r\n", "command0"},
      {"append taken back", "a APPEND x {3+}\r\nabc {0+}\r\n\r\nb NOOP\r\n", "a NO [CANNOT] An empty message cannot be stored\r\nb OK Done\r\n",
       "append:x:3 aborted command0"},
      {"append with rubbish behind", "a APPEND x {3+}\r\nabc foo\r\nb NOOP\r\n", "a BAD Invalid APPEND\r\nb OK Done\r\n", "append:x:3 aborted command0"},
      {"append with wrong date", "a APPEND x \"never\" {3+}\r\nabc\r\nb NOOP\r\n", "a BAD Invalid date-time\r\nb OK Done\r\n", "command0"},
      {"append too large", "a APPEND x {99999999999}\r\nb NOOP\r\n", "a NO [TOOBIG] Message too large\r\nb OK Done\r\n", "command0"},
      {"append without message", "a APPEND x\r\n", "a BAD Message literal expected\r\n", ""},
      {"compress", "a COMPRESS DEFLATE\r\n", "a OK DEFLATE active\r\n", "compress"},
      {"literal too large", "a SELECT {70000+}\r\n", "a BAD [TOOBIG] Literal too large\r\n", ""},
      {"sync literal too large", "a SELECT {70000}\r\nb NOOP\r\n", "a BAD [TOOBIG] Literal too large\r\nb OK Done\r\n", "command0"},
      {"refused literals one after the other", "a FOO {3+}\r\nabc {2+}\r\nde x\r\nb NOOP\r\n", "a BAD Unknown command\r\nb OK Done\r\n", "command0"},
      {"binary literal for a name", "a SELECT ~{3+}\r\nabc\r\n", "a BAD No binary literal is expected here\r\n", ""},
  };
  for (const auto& r : rows) play(r, true, false);
}

TEST(ImapSession, Selected) {
  const row rows[] = {
      {"another mailbox", "a SELECT y\r\n", "* OK [CLOSED] Previous mailbox is closed\r\n* 3 EXISTS\r\na OK [READ-WRITE] Selected\r\n", "command2 y"},
      {"a missing mailbox deselects", "a SELECT missing\r\nb FETCH 1 FLAGS\r\n",
       "* OK [CLOSED] Previous mailbox is closed\r\na NO [NONEXISTENT] No such mailbox\r\nb BAD No mailbox is selected\r\n", "command2 missing"},
      {"wrong syntax does not", "a SELECT\r\nb CHECK\r\n", "a BAD Missing argument\r\nb OK Done\r\n", "command1"},
      {"condstore by FETCH", "a FETCH 1 (MODSEQ)\r\nb FETCH 1 (MODSEQ)\r\n", "* OK [HIGHESTMODSEQ 9] Highest\r\na OK Done\r\nb OK Done\r\n",
       "condstore command15 command15"},
      {"examine is read only", "a EXAMINE y\r\nb STORE 1 FLAGS ()\r\nc EXPUNGE\r\n",
       "* OK [CLOSED] Previous mailbox is closed\r\n* 3 EXISTS\r\na OK [READ-ONLY] Selected\r\n"
       "b NO [READ-ONLY] The mailbox is open for reading only\r\nc NO [READ-ONLY] The mailbox is open for reading only\r\n", "command2 y"},
      {"unselect", "a UNSELECT\r\nb FETCH 1 FLAGS\r\n", "a OK Done\r\nb BAD No mailbox is selected\r\n", "command4"},
  };
  for (const auto& r : rows) play(r, true, true);
}

TEST(ImapSession, MessagesComeThroughUnchanged) {
  std::string message;
  for (int i = 0; i < 5000; ++i) message += "line " + std::to_string(i) + (i % 7 == 0 ? "\n" : "\r\n");
  for (const auto piece : {std::string_view::npos, std::size_t{1}, std::size_t{1000}}) {
    scripted_host host;
    host.log_in();
    host.say("a APPEND x {" + std::to_string(message.size()) + "+}\r\n" + message + " {3+}\r\nabc\r\n", piece);
    EXPECT_EQ(host.stored, message + "|abc|");
  }
}

TEST(ImapSession, RefusedMessagesAreDropped) {
  for (const auto piece : {std::string_view::npos, std::size_t{1}}) {
    scripted_host host;
    host.log_in();
    host.accept_messages = false;
    EXPECT_EQ(host.say("a APPEND x {3+}\r\nabc (\\Seen) {4+}\r\ndefg\r\nb NOOP\r\n", piece), "a NO [TRYCREATE] No such mailbox\r\nb OK Done\r\n");
    EXPECT_EQ(host.say("a APPEND x {3}\r\nb NOOP\r\n", piece), "a NO [TRYCREATE] No such mailbox\r\nb OK Done\r\n");
    EXPECT_EQ(host.stored, "");
  }
}

TEST(ImapSession, NulIsTakenInLiteral8Alone) {
  scripted_host host;
  host.log_in();
  using namespace std::literals;
  EXPECT_EQ(host.say("a NO\0OP\r\n"sv), "a BAD Lines end with CRLF and hold neither CR, LF nor NUL\r\n");
  EXPECT_EQ(host.say("a APPEND x {3+}\r\na\0b\r\nb NOOP\r\n"sv), "a BAD NUL in a message\r\nb OK Done\r\n");
  EXPECT_EQ(host.say("a APPEND x ~{3+}\r\na\0b\r\nb NOOP\r\n"sv), "a OK [APPENDUID 1 5] Stored\r\nb OK Done\r\n");
  EXPECT_EQ(host.stored, "a\0b|"sv);
  EXPECT_EQ(host.say("a SELECT {3+}\r\na\0b\r\nb NOOP\r\n"sv), "a BAD NUL in a literal\r\nb OK Done\r\n");
}

TEST(ImapSession, AHeldMessageWaits) {
  scripted_host host;
  host.log_in();
  host.say("a APPEND x {200000+}\r\n");
  host.session().hold_append(true);
  host.say(std::string(100000, 'x'));
  EXPECT_EQ(host.stored, "");
  EXPECT_FALSE(host.session().wants_input());
  host.session().hold_append(false);
  host.step();
  EXPECT_EQ(host.stored.size(), 100000u);
  EXPECT_TRUE(host.session().wants_input());
}

TEST(ImapSession, AnOpenCommandKeepsLaterOnesWaiting) {
  scripted_host host;
  host.log_in();
  host.answer = false;
  EXPECT_EQ(host.say("a LIST \"\" *\r\nb NOOP\r\n"), "");
  EXPECT_TRUE(host.session().command_open());
  EXPECT_EQ(host.session().tag(), "a");
  host.say(std::string(70000, 'x'));
  EXPECT_FALSE(host.session().wants_input());
  EXPECT_FALSE(host.session().deadline());
  host.answer = true;
  host.session().respond_ok("", "Listed");
  host.step();
  EXPECT_TRUE(host.take_output().starts_with("a OK Listed\r\nb OK Done\r\n"));
}

TEST(ImapSession, LimitsEndInAnswers) {
  scripted_host host;
  EXPECT_EQ(host.say("a LOGIN " + std::string(9000, 'x') + "\r\nb NOOP\r\n"), "a BAD Command line too long\r\nb OK Done\r\n");
  EXPECT_EQ(host.say("a LOGIN " + std::string(9000, 'x')), "a BAD Command line too long\r\n");
  EXPECT_EQ(host.say("y\r\nb NOOP\r\n"), "b OK Done\r\n");
  EXPECT_EQ(host.say("a LOGIN {5000}\r\n"), "a BAD [TOOBIG] Literal too large\r\n");
  std::string out;
  for (int i = 0; i < 20; ++i) out += host.say("a FOO\r\n");
  EXPECT_TRUE(out.ends_with("* BYE Too many errors\r\n"));
  EXPECT_TRUE(host.session().closed());

  scripted_host guesser;
  guesser.right = false;
  out.clear();
  for (int i = 0; i < 20; ++i) out += guesser.say("a LOGIN ann x\r\n");
  EXPECT_TRUE(out.ends_with("* BYE Too many failed logins\r\n"));
}

TEST(ImapSession, TimeRunsOut) {
  scripted_host early;
  early.say("a NO");
  early.wait(std::chrono::seconds(119));
  EXPECT_FALSE(early.session().closed());
  early.wait(std::chrono::seconds(1));
  EXPECT_EQ(early.take_output(), "* BYE No login within the time allowed\r\n");

  scripted_host idle;
  idle.log_in();
  idle.say("a IDLE\r\n");
  idle.wait(std::chrono::seconds(1799));
  EXPECT_TRUE(idle.session().idling());
  idle.wait(std::chrono::seconds(1));
  EXPECT_EQ(idle.take_output(), "* BYE Autologout; idle for too long\r\n");
}

TEST(ImapSession, ShutsDownAtABoundary) {
  scripted_host host;
  host.log_in();
  host.answer = false;
  host.say("a NOOP\r\n");
  host.session().shut_down();
  EXPECT_FALSE(host.session().closed());
  host.session().respond_ok("", "Done");
  EXPECT_EQ(host.take_output(), "a OK Done\r\n* BYE Server is shutting down\r\n");
  EXPECT_TRUE(host.session().closed());
}

// A check may take longer than a server that goes down, or a mailbox that moves, waits.
TEST(ImapSession, ShutsDownWhileAPasswordIsChecked) {
  scripted_host host;
  host.judges = false;
  host.say("a LOGIN ann secret\r\n");
  host.session().shut_down();
  EXPECT_EQ(host.take_output(), "* BYE [UNAVAILABLE] Server is shutting down\r\n");
  EXPECT_TRUE(host.session().closed());
  host.session().password_verified(true);
  EXPECT_EQ(host.take_output(), "");
}

TEST(ImapSession, ScramSendsItsLastWordAsAChallenge) {
  scripted_host host;
  const auto first = host.say("a AUTHENTICATE SCRAM-SHA-256 " + encoding::base64_encode("n,,n=ann,r=clientnonce") + "\r\n");
  EXPECT_TRUE(first.starts_with("+ ")) << first;
  EXPECT_EQ(host.take_asked(), "credentials:ann");
  EXPECT_EQ(host.say(encoding::base64_encode("c=biws,r=wrong,p=AAAA") + "\r\n").substr(0, 5), "a BAD");
}

TEST(ImapSession, TheSavedResultDiesWithTheMailbox) {
  scripted_host host;
  host.log_in();
  host.say("a SELECT x\r\n");
  host.session().save_uids({{1, 5}});
  EXPECT_EQ(host.session().saved_uids().size(), 1u);
  host.say("b SELECT y\r\n");
  EXPECT_TRUE(host.session().saved_uids().empty());
}

} // namespace
} // namespace rookery::imap
