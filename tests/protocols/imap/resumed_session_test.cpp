// A session that goes on where another node's stopped.
#include "protocols/imap/server_session.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

server_session resumed(language l = language::english) {
  connection_facts tls;
  tls.tls = true;
  return server_session(std::make_shared<server_settings>(), tls, {}, resumed_login{"a7", "ann@example.test", l});
}

std::string take(server_session& s) {
  const std::string out(s.output());
  s.sent(out.size());
  return out;
}

TEST(ImapResumedSession, BeginsWithTheLoginThatIsNotAnswered) {
  auto s = resumed();
  EXPECT_EQ(s.output(), "");
  const auto first = s.next_event();
  ASSERT_TRUE(first);
  const auto* login = std::get_if<authenticated>(&*first);
  ASSERT_NE(login, nullptr);
  EXPECT_EQ(login->user, "ann@example.test");
  EXPECT_EQ(login->authzid, "");
  s.feed("b NOOP\r\n", {});
  EXPECT_FALSE(s.next_event()); // waits behind the answer
  s.accept_login();
  EXPECT_EQ(take(s).substr(0, 18), "a7 OK [CAPABILITY ");
  const auto next = s.next_event();
  ASSERT_TRUE(next);
  EXPECT_NE(std::get_if<command>(&*next), nullptr);
  s.respond_ok("", "NOOP completed");
  EXPECT_EQ(take(s), "b OK NOOP completed\r\n");
}

TEST(ImapResumedSession, MayBeRefusedAndAskedAgain) {
  auto s = resumed();
  s.next_event();
  s.refuse_login("UNAVAILABLE", "Try again later");
  EXPECT_EQ(take(s), "a7 NO [UNAVAILABLE] Try again later\r\n");
  EXPECT_EQ(s.state(), session_state::not_authenticated);
  s.feed("c LOGIN ann@example.test secret\r\n", {});
  const auto next = s.next_event();
  ASSERT_TRUE(next);
  EXPECT_NE(std::get_if<check_password>(&*next), nullptr);
}

TEST(ImapResumedSession, SpeaksTheLanguageThatWasChosen) {
  auto s = resumed(language::german);
  s.next_event();
  EXPECT_EQ(s.mode().language, language::german);
}

TEST(ImapSessionToBeHandedOver, KeepsWhatCameBehindTheLogin) {
  connection_facts tls;
  tls.tls = true;
  server_session s(std::make_shared<server_settings>(), tls, {});
  s.feed("a LOGIN {3}\r\n", {});
  s.next_event();
  s.feed("ann {6+}\r\nsecret\r\nb NOOP\r\nc SELECT {5+}\r\nINB", {});
  s.next_event();
  s.password_verified(true);
  const auto login = s.next_event();
  ASSERT_TRUE(login && std::get_if<authenticated>(&*login) != nullptr);
  EXPECT_EQ(s.tag(), "a");
  EXPECT_EQ(s.unread(), "b NOOP\r\nc SELECT {5+}\r\nINB");
}

} // namespace
} // namespace rookery::imap
