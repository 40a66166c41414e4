#include "policy/mailboxes/expiry_rule.hpp"

#include <gtest/gtest.h>

namespace rookery::mailboxes {
namespace {

using std::chrono::days;
const base::wall_time now = base::from_milliseconds(1'800'000'000'000);

expiry_rule rule(std::string scope, std::string mailbox) {
  expiry_rule r;
  r.scope = std::move(scope);
  r.mailbox = std::move(mailbox);
  r.after = days(30);
  return r;
}
message_facts message(int arrived_days, int saved_days) {
  message_facts m;
  m.arrived = now - days(arrived_days);
  m.saved = now - days(saved_days);
  return m;
}

TEST(ExpiryRule, IsAboutAnAccountADomainOrEverybody) {
  EXPECT_TRUE(concerns(rule("*", "Trash"), "ann@a.example"));
  EXPECT_TRUE(concerns(rule("a.example", "Trash"), "ann@a.example"));
  EXPECT_TRUE(concerns(rule("ann@a.example", "Trash"), "ann@a.example"));
  EXPECT_FALSE(concerns(rule("b.example", "Trash"), "ann@a.example"));
  EXPECT_FALSE(concerns(rule("bob@a.example", "Trash"), "ann@a.example"));
  EXPECT_FALSE(concerns(rule("sub.a.example", "Trash"), "ann@a.example"));
}

TEST(ExpiryRule, CoversAMailboxAndWhatIsBelowWhenItSaysSo) {
  auto r = rule("*", "Trash");
  EXPECT_TRUE(covers(r, "Trash"));
  EXPECT_FALSE(covers(r, "Trash/old"));
  EXPECT_FALSE(covers(r, "trash"));
  r.children = true;
  EXPECT_TRUE(covers(r, "Trash"));
  EXPECT_TRUE(covers(r, "Trash/old/older"));
  EXPECT_FALSE(covers(r, "Trashes"));
  EXPECT_FALSE(covers(r, "Tras"));
  EXPECT_TRUE(covers(rule("*", "*"), "INBOX"));
}

TEST(ExpiryRule, CountsFromWhenAMessageWasPutThereOrCame) {
  auto r = rule("*", "Trash");
  EXPECT_FALSE(expired(r, message(100, 29), now));
  EXPECT_TRUE(expired(r, message(100, 30), now));
  r.by_arrival = true;
  EXPECT_TRUE(expired(r, message(30, 1), now));
  EXPECT_FALSE(expired(r, message(29, 29), now));
}

TEST(ExpiryRule, SparesWhatItIsToldToSpare) {
  auto r = rule("*", "Trash");
  auto m = message(100, 100);
  m.flagged = true;
  EXPECT_FALSE(expired(r, m, now));
  r.flagged = true;
  EXPECT_TRUE(expired(r, m, now));
  r.unseen = false;
  EXPECT_FALSE(expired(r, m, now));
  m.seen = true;
  EXPECT_TRUE(expired(r, m, now));
}

} // namespace
} // namespace rookery::mailboxes
