#include "tests/protocols/pop3/scripted_host.hpp"

#include "base/codec.hpp"
#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"

#include <gtest/gtest.h>

namespace rookery::pop3 {
namespace {

using namespace std::chrono_literals;

class Pop3 : public testing::TestWithParam<std::size_t> {};

TEST_P(Pop3, ASessionOfAllCommandsIsTheSameHoweverItIsCut) {
  scripted_host h;
  h.piece = GetParam();
  h.feed("USER u1@example.test\r\nPASS secret word\r\nSTAT\r\nLIST\r\nLIST 2\r\nUIDL\r\nUIDL 3\r\nNOOP\r\n"
         "RETR 1\r\nTOP 2 1\r\nRETR 3\r\nDELE 1\r\nRETR 1\r\nDELE 1\r\nLIST\r\nUIDL\r\nSTAT\r\nRSET\r\nSTAT\r\n"
         "dele 2\nDELE 9\r\nDELE 0\r\nDELE x\r\nQUIT\r\nSTAT\r\n",
         GetParam());
  EXPECT_EQ(h.said,
            "+OK POP3 server ready\r\n"
            "+OK Send the password\r\n"
            "+OK The maildrop has 3 messages (61 octets)\r\n"
            "+OK 3 61\r\n"
            "+OK 3 messages\r\n1 31\r\n2 25\r\n3 5\r\n.\r\n"
            "+OK 2 25\r\n"
            "+OK 3 messages\r\n1 17.5\r\n2 17.7\r\n3 17.9\r\n.\r\n"
            "+OK 3 17.9\r\n"
            "+OK\r\n"
            "+OK 31 octets\r\nSubject: one\r\n\r\nfirst\r\n..\r\n...x\r\n.\r\n"
            "+OK\r\nSubject: two\r\n\r\n1\r\n.\r\n"
            "+OK 5 octets\r\nthree\r\n.\r\n"
            "+OK Marked as deleted\r\n"
            "-ERR This message is marked as deleted\r\n"
            "-ERR This message is marked as deleted\r\n"
            "+OK 2 messages\r\n2 25\r\n3 5\r\n.\r\n"
            "+OK 2 messages\r\n2 17.7\r\n3 17.9\r\n.\r\n"
            "+OK 2 30\r\n"
            "+OK No message is marked as deleted\r\n"
            "+OK 3 61\r\n"
            "+OK Marked as deleted\r\n"
            "-ERR There is no such message\r\n"
            "-ERR There is no such message\r\n"
            "-ERR A message number is needed\r\n"
            "+OK Goodbye\r\n");
  EXPECT_EQ(h.log, "password USER u1@example.test\nopen USER u1@example.test\nretrieve 0\nretrieve 1 top\nretrieve 2\n"
                   "delete 1\ngone 0\n");
  EXPECT_TRUE(h.session.closed());
}

TEST_P(Pop3, LinesThatAreTooLongAreReadOver) {
  scripted_host h;
  const std::string longer(1100, 'x');
  EXPECT_EQ(h.answer("USER " + longer + "\r\nNOOP\r\n" + longer + longer + "\n", GetParam()),
            "-ERR The line is too long\r\n+OK\r\n-ERR The line is too long\r\n");
  EXPECT_EQ(h.answer("AUTH PLAIN " + std::string(13'000, 'A') + "\r\nNOOP\r\n", GetParam()),
            "-ERR The line is too long\r\n+OK\r\n");
  EXPECT_EQ(h.answer("AUTH PLAIN\r\n" + std::string(13'000, 'A') + "\r\nNOOP\r\n", GetParam()),
            "+ \r\n-ERR The authentication exchange is malformed\r\n+OK\r\n");
}

TEST_P(Pop3, EverySaslMechanismLogsInAndFails) {
  const auto plain = [](std::string_view text) { return encoding::base64_encode(text); };
  const std::string right = plain(std::string("\0u1@example.test\0secret word", 28));
  const std::string wrong = plain(std::string("\0u1@example.test\0other", 22));
  struct {
    std::string in, out, log;
  } rows[] = {
      {"AUTH PLAIN " + right + "\r\n", "+OK The maildrop has 3 messages (61 octets)\r\n",
       "password PLAIN u1@example.test\nopen PLAIN u1@example.test\n"},
      {"auth plain\r\n" + right + "\r\n", "+ \r\n+OK The maildrop has 3 messages (61 octets)\r\n",
       "password PLAIN u1@example.test\nopen PLAIN u1@example.test\n"},
      {"AUTH LOGIN\r\n" + plain("u1@example.test") + "\r\n" + plain("secret word") + "\r\n",
       "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n+OK The maildrop has 3 messages (61 octets)\r\n",
       "password LOGIN u1@example.test\nopen LOGIN u1@example.test\n"},
      {"AUTH PLAIN " + wrong + "\r\n", "-ERR [AUTH] Authentication failed\r\n",
       "password PLAIN u1@example.test\nfailed PLAIN u1@example.test\n"},
      {"AUTH PLAIN\r\n*\r\nNOOP\r\n", "+ \r\n-ERR Authentication aborted\r\n+OK\r\n", "failed PLAIN \n"},
      {"AUTH PLAIN !!\r\n", "-ERR The initial response is not in base64\r\n", ""},
      {"AUTH PLAIN =\r\n", "-ERR The authentication exchange is malformed\r\n", "failed PLAIN \n"},
      {"AUTH PLAIN\r\n====\r\n", "+ \r\n-ERR The authentication exchange is malformed\r\n", "failed PLAIN \n"},
      {"AUTH CRAM-MD5\r\n", "-ERR This mechanism is not offered\r\n", ""},
      {"AUTH\r\n", "+OK Mechanisms follow\r\nSCRAM-SHA-256\r\nPLAIN\r\nLOGIN\r\n.\r\n", ""},
  };
  for (const auto& [in, out, log] : rows) {
    scripted_host h;
    EXPECT_EQ(h.answer(in, GetParam()), out) << in;
    EXPECT_EQ(h.log, log) << in;
  }
}

INSTANTIATE_TEST_SUITE_P(Cuts, Pop3, testing::Values(1, 2, 7, 1 << 20));

TEST(Pop3Session, ScramLogsInWithItsLastWordsAsAChallenge) {
  scripted_host h;
  const std::string bare = "n=u1@example.test,r=clientnonce";
  const auto first = h.answer("AUTH SCRAM-SHA-256 " + encoding::base64_encode("n,," + bare) + "\r\n");
  ASSERT_TRUE(first.starts_with("+ ")) << first;
  const auto server_first = *encoding::base64_decode(first.substr(2, first.size() - 4));
  const auto nonce = server_first.substr(2, server_first.find(',') - 2);
  const auto salted = base::pbkdf2_sha256("secret word", "salt", 16);
  const auto client_key = base::hmac_sha256(base::view(salted), "Client Key");
  const auto stored = base::sha256(base::view(client_key));
  const auto without_proof = "c=biws,r=" + nonce;
  const auto signature = base::hmac_sha256(base::view(stored), bare + "," + server_first + "," + without_proof);
  std::string proof;
  for (std::size_t i = 0; i < 32; ++i) proof += static_cast<char>(client_key[i] ^ signature[i]);
  const auto last = h.answer(encoding::base64_encode(without_proof + ",p=" + encoding::base64_encode(proof)) + "\r\n");
  ASSERT_TRUE(last.starts_with("+ ")) << last;
  EXPECT_TRUE(encoding::base64_decode(last.substr(2, last.size() - 4))->starts_with("v="));
  EXPECT_EQ(h.answer("\r\n"), "+OK The maildrop has 3 messages (61 octets)\r\n");
  EXPECT_EQ(h.log, "credentials SCRAM-SHA-256 u1@example.test\nopen SCRAM-SHA-256 u1@example.test\n");
}

TEST(Pop3Session, NoPasswordTravelsWithoutTlsOffLoopback) {
  scripted_host h{connection_facts()};
  for (const char* line : {"USER u1@example.test\r\n", "PASS x\r\n", "AUTH PLAIN AHgAeA==\r\n", "AUTH LOGIN\r\n"})
    EXPECT_EQ(h.answer(line), "-ERR Encryption is needed for a login: use STLS\r\n") << line;
  const auto capa = h.answer("CAPA\r\n");
  EXPECT_EQ(capa.find("SASL"), std::string::npos);
  EXPECT_EQ(capa.find("\r\nUSER"), std::string::npos);
  EXPECT_NE(capa.find("\r\nSTLS\r\n"), std::string::npos);
  EXPECT_EQ(h.log, "");
}

TEST(Pop3Session, StlsDropsWhatCameBehindItAndWhatWasSaidBefore) {
  scripted_host h;
  h.tls = false;
  EXPECT_EQ(h.answer("USER u1@example.test\r\nSTLS\r\nPASS secret word\r\nQUIT\r\n"),
            "+OK Send the password\r\n+OK Begin TLS negotiation\r\n");
  auto facts = h.session.facts();
  facts.tls = true;
  facts.tls_exporter = std::string(32, 'x');
  h.session.tls_started(facts, h.t0);
  EXPECT_EQ(h.answer("PASS secret word\r\n"), "-ERR Say USER first\r\n");
  const auto capa = h.answer("CAPA\r\n");
  EXPECT_EQ(capa.find("STLS"), std::string::npos);
  EXPECT_NE(capa.find("SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n"), std::string::npos);
  EXPECT_EQ(h.answer("STLS\r\n"), "-ERR TLS is active already\r\n");
  EXPECT_EQ(h.log, "tls\n");
}

TEST(Pop3Session, CapabilitiesChangeWithTheLogin) {
  scripted_host h;
  EXPECT_EQ(h.answer("CAPA\r\n"),
            "+OK Capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
            "UTF8 USER\r\nLANG\r\nUSER\r\nSASL SCRAM-SHA-256 PLAIN LOGIN\r\nSTLS\r\n.\r\n");
  h.log_in();
  EXPECT_EQ(h.answer("CAPA\r\n"),
            "+OK Capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
            "UTF8 USER\r\nLANG\r\nIMPLEMENTATION Rookery\r\n.\r\n");
}

TEST(Pop3Session, CommandsOfTheOtherStateAreRefused) {
  scripted_host h;
  for (const char* line : {"STAT\r\n", "LIST\r\n", "RETR 1\r\n", "DELE 1\r\n", "RSET\r\n", "TOP 1 0\r\n", "UIDL\r\n"})
    EXPECT_EQ(h.answer(line), "-ERR Log in first\r\n");
  scripted_host in;
  in.log_in();
  for (const char* line : {"USER x\r\n", "PASS x\r\n", "AUTH PLAIN\r\n", "STLS\r\n", "UTF8\r\n", "APOP a b\r\n"})
    EXPECT_EQ(in.answer(line), "-ERR You are logged in already\r\n");
  EXPECT_EQ(in.answer("TOP 1\r\n"), "-ERR TOP needs a message number and a number of lines\r\n");
  EXPECT_EQ(in.answer("TOP 9 1\r\n"), "-ERR There is no such message\r\n");
  EXPECT_EQ(in.answer("XYZZY\r\n\r\n"), "-ERR Unknown command\r\n-ERR Unknown command\r\n");
}

TEST(Pop3Session, LanguagesAndUtf8AreSpokenOf) {
  scripted_host h;
  EXPECT_EQ(h.answer("LANG\r\n"), "+OK Languages follow\r\nen English\r\ni-default English\r\n.\r\n");
  EXPECT_EQ(h.answer("LANG en-GB\r\n"), "+OK en Texts are in English\r\n");
  EXPECT_EQ(h.answer("LANG *\r\n"), "+OK i-default Texts are in English\r\n");
  EXPECT_EQ(h.answer("LANG uga\r\n"), "-ERR This language is not available\r\n");
  EXPECT_EQ(h.answer("UTF8\r\n"), "+OK UTF-8 it is\r\n");
}

TEST(Pop3Session, EveryRefusalOfAMaildropHasItsCode) {
  for (const auto& [why, code] : {std::pair{refusal::in_use, "-ERR [IN-USE] "}, {refusal::try_later, "-ERR [SYS/TEMP] "},
                                  {refusal::not_allowed, "-ERR [SYS/PERM] "}}) {
    scripted_host h;
    h.refuse = why;
    EXPECT_TRUE(h.answer("USER u1@example.test\r\nPASS secret word\r\n").find(code) != std::string::npos) << code;
    h.refuse.reset();
    h.log_in();
    EXPECT_TRUE(h.session.authenticated());
  }
  scripted_host h;
  h.unavailable = true;
  EXPECT_TRUE(h.answer("USER a\r\nPASS b\r\n").ends_with("-ERR [SYS/TEMP] Logins cannot be checked now, try again later\r\n"));
}

TEST(Pop3Session, AMessageThatCannotBeReadIsRefusedOrBreaksOff) {
  scripted_host h;
  h.log_in();
  h.broken = 0;
  EXPECT_EQ(h.answer("RETR 1\r\n"), "-ERR [SYS/TEMP] The message cannot be read now, try again later\r\n");
  h.broken = 8;
  EXPECT_EQ(h.answer("RETR 1\r\nNOOP\r\n"), "+OK 31 octets\r\nSubject:");
  EXPECT_TRUE(h.session.closed());
}

TEST(Pop3Session, DeletionsThatFailAreTold) {
  scripted_host h;
  h.log_in();
  h.commits = false;
  EXPECT_EQ(h.answer("DELE 1\r\nDELE 3\r\nQUIT\r\n"),
            "+OK Marked as deleted\r\n+OK Marked as deleted\r\n-ERR [SYS/TEMP] The marked messages were not removed\r\n");
  EXPECT_TRUE(h.log.ends_with("delete 0 2\ngone 0\n"));
}

TEST(Pop3Session, TopStopsReadingTheMessage) {
  scripted_host h;
  h.messages[0] = "A: b\r\n\r\n" + std::string(10'000, '\n');
  h.piece = 10;
  h.log_in();
  h.answer("TOP 1 3\r\n");
  EXPECT_LE(h.pieces, 2u);
}

TEST(Pop3Session, GuessingAndNonsenseEndTheSession) {
  scripted_host guess;
  for (int i = 0; i < 5; ++i) guess.feed("USER u1@example.test\r\nPASS " + std::to_string(i) + "\r\n");
  EXPECT_TRUE(guess.session.closed());
  EXPECT_TRUE(guess.log.ends_with("failed USER u1@example.test\ngone 3\n"));
  scripted_host nonsense;
  for (int i = 0; i < 20; ++i) nonsense.feed("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(nonsense.session.closed());
  EXPECT_TRUE(nonsense.said.ends_with("-ERR [SYS/PERM] Too many errors\r\n"));
}

TEST(Pop3Session, SilentClientsAreLoggedOutAndNothingIsDeleted) {
  scripted_host h;
  EXPECT_EQ(*h.session.deadline(), h.t0 + 180s);
  h.session.tick(h.t0 + 179s);
  EXPECT_FALSE(h.session.closed());
  h.log_in();
  h.feed("DELE 1\r\n");
  EXPECT_EQ(*h.session.deadline(), h.t0 + 600s);
  h.session.tick(h.t0 + 599s);
  EXPECT_FALSE(h.session.closed());
  h.session.tick(h.t0 + 600s);
  h.drain();
  EXPECT_TRUE(h.session.closed());
  EXPECT_EQ(h.log.find("delete"), std::string::npos);
}

TEST(Pop3Session, APeerThatTakesALongMessageSlowlyIsNotSilent) {
  scripted_host h;
  h.messages[0].assign(100'000, 'x');
  h.log_in();
  h.session.feed("RETR 1\r\n", h.t0);
  auto e = h.session.next_event();
  h.on(std::get<retrieve>(*e));
  for (int minute = 1; minute <= 60; ++minute) {
    h.session.sent(1000);
    h.session.tick(h.t0 + minute * 60s);
  }
  EXPECT_FALSE(h.session.closed());
  h.session.tick(h.t0 + 70 * 60s);
  EXPECT_TRUE(h.session.closed());
}

TEST(Pop3Session, ListingsComeInPiecesThatThePeerTakes) {
  scripted_host h;
  h.messages.assign(30'000, "x");
  h.log_in();
  h.session.feed("UIDL\r\nLIST\r\nNOOP\r\n", h.t0);
  std::string all;
  for (;;) {
    EXPECT_FALSE(h.session.next_event());
    if (h.session.output().empty()) break;
    EXPECT_LE(h.session.output().size(), limits().output_octets + 100);
    all += h.session.output();
    h.session.sent(h.session.output().size());
  }
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 60'000 + 2 + 2 + 1);
  EXPECT_TRUE(all.ends_with("30000 1\r\n.\r\n+OK\r\n"));
}

TEST(Pop3Session, APeerThatPipelinesWithoutReadingIsHeldBack) {
  scripted_host h;
  h.messages[0].assign(200'000, 'x');
  h.log_in();
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "RETR 1\r\n";
  h.session.feed(many, h.t0);
  while (auto e = h.session.next_event()) std::visit([&](auto& event) { h.on(event); }, *e);
  EXPECT_LT(h.session.output().size(), 400'000u);
  EXPECT_FALSE(h.session.wants_input());
}

TEST(Pop3Session, ShuttingDownEndsAtTheNextBoundary) {
  scripted_host idle;
  idle.session.shut_down(idle.t0);
  EXPECT_TRUE(idle.session.closed());
  scripted_host busy;
  busy.log_in();
  busy.session.feed("RETR 3\r\nRETR 2\r\n", busy.t0);
  auto e = busy.session.next_event();
  busy.session.shut_down(busy.t0);
  EXPECT_FALSE(busy.session.closed());
  busy.on(std::get<retrieve>(*e));
  busy.said.clear();
  busy.drain();
  EXPECT_EQ(busy.said, "+OK 5 octets\r\nthree\r\n.\r\n-ERR [SYS/TEMP] This server goes down, connect again\r\n");
  EXPECT_TRUE(busy.log.ends_with("gone 4\n"));
}

TEST(Pop3Session, ShuttingDownDoesNotWaitForALogin) {
  scripted_host h;
  h.session.feed("USER u1@example.test\r\nPASS secret\r\n", h.t0);
  auto e = h.session.next_event();
  ASSERT_TRUE(e && std::holds_alternative<check_password>(*e));
  h.said.clear();
  h.session.shut_down(h.t0);
  EXPECT_TRUE(h.session.closed());
  h.session.password_verified(true); // too late
  h.drain();
  EXPECT_TRUE(h.said.ends_with("-ERR [SYS/TEMP] This server goes down, connect again\r\n")) << h.said;
}

} // namespace
} // namespace rookery::pop3
