// A session that goes on where another node's stopped.
#include "protocols/pop3/server_session.hpp"

#include <gtest/gtest.h>

namespace rookery::pop3 {
namespace {

TEST(Pop3ResumedSession, BeginsWithTheMaildropThatIsAskedFor) {
  server_session s(std::make_shared<server_settings>(), connection_facts{}, {}, resumed_login{"ann@example.test", true});
  EXPECT_EQ(s.output(), "");
  const auto first = s.next_event();
  ASSERT_TRUE(first);
  const auto* open = std::get_if<open_maildrop>(&*first);
  ASSERT_NE(open, nullptr);
  EXPECT_EQ(open->user, "ann@example.test");
  EXPECT_TRUE(s.utf8());
  s.feed("NOOP\r\n", {});
  EXPECT_FALSE(s.next_event());
  s.opened({});
  EXPECT_EQ(s.output(), "+OK The maildrop has 0 messages (0 octets)\r\n");
  s.sent(s.output().size());
  EXPECT_FALSE(s.next_event());
  EXPECT_EQ(s.output(), "+OK\r\n");
}

TEST(Pop3SessionToBeHandedOver, KeepsWhatCameBehindTheLogin) {
  connection_facts tls;
  tls.tls = true;
  server_session s(std::make_shared<server_settings>(), tls, {});
  s.feed("USER ann\r\nPASS secret\r\nSTAT\r\nRE", {});
  const auto password = s.next_event();
  ASSERT_TRUE(password && std::get_if<check_password>(&*password) != nullptr);
  s.password_verified(true);
  const auto open = s.next_event();
  ASSERT_TRUE(open && std::get_if<open_maildrop>(&*open) != nullptr);
  EXPECT_EQ(s.unread(), "STAT\r\nRE");
}

} // namespace
} // namespace rookery::pop3
