/// A dialogue that has begun on another node, at its MAIL.
#include "protocols/smtp/server_session.hpp"

#include <gtest/gtest.h>

namespace rookery::smtp {
namespace {

std::shared_ptr<server_settings> settings_of(profile p) {
  auto s = std::make_shared<server_settings>();
  s->profile = p;
  s->host_name = "mx.example.test";
  return s;
}

TEST(SmtpResumedSession, SaysNothingOfItselfAndAsksAboutTheSender) {
  server_session s(settings_of(profile::submission), {}, {}, {}, {greeting_verb::ehlo, "client.test", "ann", "MAIL FROM:<ann@example.test> SIZE=10\r\n"});
  EXPECT_TRUE(s.output().empty());
  auto e = s.next_event();
  ASSERT_TRUE(e && std::holds_alternative<client_named>(*e));
  EXPECT_EQ(std::get<client_named>(*e).name, "client.test");
  EXPECT_EQ(std::get<client_named>(*e).greeting, greeting_verb::ehlo);
  e = s.next_event();
  ASSERT_TRUE(e && std::holds_alternative<authenticated>(*e));
  EXPECT_EQ(std::get<authenticated>(*e).user, "ann");
  e = s.next_event();
  ASSERT_TRUE(e && std::holds_alternative<mail_from>(*e));
  EXPECT_EQ(std::get<mail_from>(*e).sender.text(), "ann@example.test");
  EXPECT_EQ(s.line(), "MAIL FROM:<ann@example.test> SIZE=10\r\n");
  s.accept();
  EXPECT_EQ(s.output(), "250 2.1.0 Ok\r\n");
  EXPECT_FALSE(s.next_event());
  s.sent(s.output().size());
  s.feed("RCPT TO:<bob@example.test>\r\n", {});
  e = s.next_event();
  ASSERT_TRUE(e && std::holds_alternative<rcpt_to>(*e));
}

TEST(SmtpResumedSession, WithoutALoginNobodyIsAuthenticated) {
  server_session s(settings_of(profile::submission), {}, {}, {}, {greeting_verb::ehlo, "client.test", "", "MAIL FROM:<ann@example.test>\r\n"});
  auto e = s.next_event();
  ASSERT_TRUE(e && std::holds_alternative<client_named>(*e));
  e = s.next_event(); // the fault
  EXPECT_TRUE(e && std::holds_alternative<protocol_error>(*e));
  EXPECT_FALSE(s.is_authenticated());
  EXPECT_TRUE(s.output().starts_with("530 5.7.0 "));
}

TEST(SmtpResumedSession, ParametersNeedTheGreetingThatAllowsThem) {
  server_session s(settings_of(profile::mx), {}, {}, {}, {greeting_verb::helo, "client.test", "", "MAIL FROM:<ann@example.test> SIZE=10\r\n"});
  while (s.next_event()) {}
  EXPECT_TRUE(s.output().starts_with("555 5.5.4 "));
}

/// What is passed on: the line itself, and nothing of it is left in front of what follows.
TEST(SmtpResumedSession, TheLineOfMailIsToBeHadWhileItIsAsked) {
  server_session s(settings_of(profile::mx), {}, {});
  s.feed("EHLO client.test\r\nMAIL FROM:<ann@example.test>\r\nRCPT TO:<bob@example.test>\r\n", {});
  std::optional<server_session::event> e;
  do e = s.next_event();
  while (e && !std::holds_alternative<mail_from>(*e));
  ASSERT_TRUE(e);
  EXPECT_EQ(s.line(), "MAIL FROM:<ann@example.test>\r\n");
  EXPECT_FALSE(s.next_event());
  EXPECT_EQ(s.rest(), "RCPT TO:<bob@example.test>\r\n");
}

} // namespace
} // namespace rookery::smtp
