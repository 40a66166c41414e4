#include "policy/delivery/outcome.hpp"

#include <gtest/gtest.h>

namespace rookery::delivery {
namespace {

using kind = smtp::recipient_outcome::kind;
using smtp::stage;

TEST(Outcome, RepliesBecomeStatus) {
  struct row {
    kind what;
    smtp::reply answer;
    stage where;
    fate become;
    const char *status, *line;
  };
  const row rows[] = {
      {kind::delivered, {250, "2.0.0", "queued as 7"}, stage::final, fate::done, "2.0.0", "250 2.0.0 queued as 7"},
      {kind::delivered, {250, "", "Ok"}, stage::final, fate::done, "2.0.0", "250 Ok"},
      {kind::refused, {550, "5.1.1", "no such user"}, stage::recipient, fate::failed, "5.1.1", "550 5.1.1 no such user"},
      {kind::refused, {550, "", "no such user"}, stage::recipient, fate::failed, "5.1.1", "550 no such user"},
      {kind::refused, {550, "", "spam"}, stage::final, fate::failed, "5.7.0", "550 spam"},
      {kind::refused, {550, "4.2.0", "confused"}, stage::recipient, fate::failed, "5.1.1", "550 4.2.0 confused"},
      {kind::refused, {554, "5.7.1", "a\nb"}, stage::final, fate::failed, "5.7.1", "554 5.7.1 a b"},
      {kind::refused, {556, "", "no mail"}, stage::recipient, fate::failed, "5.1.10", "556 no mail"},
      {kind::refused, {552, "", "too many"}, stage::recipient, fate::deferred, "4.5.3", "552 too many"},
      {kind::refused, {552, "5.2.2", "full"}, stage::recipient, fate::failed, "5.2.2", "552 5.2.2 full"},
      {kind::refused, {552, "", "too large"}, stage::final, fate::failed, "5.3.4", "552 too large"},
      {kind::refused, {0, "5.6.7", "the server takes no internationalised mail"}, stage::mail, fate::failed, "5.6.7",
       "5.6.7 the server takes no internationalised mail"},
      {kind::deferred, {450, "4.7.1", "greylisted"}, stage::recipient, fate::deferred, "4.7.1", "450 4.7.1 greylisted"},
      {kind::deferred, {451, "", ""}, stage::final, fate::deferred, "4.3.0", "451"},
      {kind::deferred, {421, "", "bye"}, stage::mail, fate::deferred, "4.3.2", "421 bye"},
      {kind::deferred, {0, "", "connection lost"}, stage::body, fate::deferred, "4.0.0", "connection lost"},
      {kind::untried, {0, "", ""}, stage::recipient, fate::at_once, "", ""},
  };
  for (const auto& r : rows) {
    const auto v = of_outcome({r.what, r.answer, r.where});
    EXPECT_EQ(v.what, r.become) << r.line;
    EXPECT_EQ(v.status, r.status) << r.line;
    EXPECT_EQ(v.answer, r.line);
  }
  EXPECT_EQ(of_outcome({kind::refused, {550, "5.1.1", "x"}, stage::recipient}).diagnostic, "smtp; 550 5.1.1 x");
  EXPECT_EQ(of_outcome({kind::deferred, {0, "4.4.2", "lost"}, stage::body}).diagnostic, "x-local; 4.4.2 lost");
}

TEST(Outcome, StrangersWordsAreBounded) {
  const auto v = of_outcome({kind::refused, {550, "", std::string(5000, 'x') + "\x1b[2J"}, stage::recipient});
  EXPECT_LE(v.answer.size(), answer_octets_max);
  EXPECT_EQ(of_outcome({kind::refused, {550, "", "a\x1b[b"}, stage::recipient}).answer, "550 a?[b");
}

TEST(Outcome, EveryTroubleHasAStatusThatFitsItsFate) {
  for (int t = 0; t <= static_cast<int>(trouble::foreign_forward); ++t) {
    const auto v = of_trouble(static_cast<trouble>(t), "because");
    EXPECT_TRUE(valid_status(v.status)) << t;
    EXPECT_EQ(v.status[0], v.what == fate::failed ? '5' : '4') << t;
    EXPECT_NE(v.answer.find(": because"), std::string::npos) << t;
    EXPECT_EQ(v.diagnostic, "x-local; " + v.answer);
  }
  EXPECT_EQ(of_trouble(trouble::null_mx, "").status, "5.1.10");
  EXPECT_EQ(of_trouble(trouble::require_tls, "").status, "5.7.30");
}

TEST(Outcome, RefusalsAtTheDoorAreTriedAgainButForThoseWhoTakeNoMail) {
  EXPECT_EQ(of_session(stage::connect, smtp::reply{554, "5.7.1", "blocked"}, "").what, fate::deferred);
  EXPECT_EQ(of_session(stage::connect, smtp::reply{554, "5.7.1", "blocked"}, "").status, "4.7.1");
  EXPECT_EQ(of_session(stage::connect, smtp::reply{521, "", "no mail here"}, "").what, fate::failed);
  EXPECT_EQ(of_session(stage::connect, smtp::reply{521, "", "no mail here"}, "").status, "5.3.2");
  EXPECT_EQ(of_session(stage::authentication, smtp::reply{535, "", "wrong"}, "").status, "4.7.8");
  EXPECT_EQ(of_session(stage::connect, {}, "refused").status, "4.4.1");
  EXPECT_EQ(of_session(stage::tls, {}, "handshake").status, "4.7.5");
  EXPECT_EQ(of_session(stage::greeting, {}, "closed").status, "4.4.2");
  EXPECT_TRUE(try_next_host(stage::connect, smtp::reply{554, "", ""}));
  EXPECT_TRUE(try_next_host(stage::mail, {}));
  EXPECT_FALSE(try_next_host(stage::mail, smtp::reply{550, "", ""}));
}

TEST(Outcome, StatusGrammar) {
  for (const char* good : {"2.0.0", "4.4.1", "5.7.30", "5.999.999"}) EXPECT_TRUE(valid_status(good)) << good;
  for (const char* bad : {"", "5", "5.1", "5.1.", "3.1.1", "5..1", "5.1.1.1", "5.01.1", "5.1.1000", "5.a.1", "5.1.1 "}) EXPECT_FALSE(valid_status(bad)) << bad;
}

} // namespace
} // namespace rookery::delivery
