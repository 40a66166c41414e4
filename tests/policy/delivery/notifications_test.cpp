#include "policy/delivery/notifications.hpp"

#include "protocols/smtp/parameters.hpp"

#include <gtest/gtest.h>

namespace rookery::delivery {
namespace {

namespace n = smtp::notify;
using enum happened;

TEST(Notifications, NotifyDecides) {
  struct row {
    std::uint8_t notify;
    happened what;
    bool told;
  };
  const row rows[] = {
      {0, failed, true},          {0, delayed, true},         {0, delivered, false},     {0, relayed, false},       {0, passed_on, false},
      {n::never, failed, false},  {n::never, delayed, false}, {n::success, failed, false}, {n::success, delivered, true}, {n::success, relayed, true},
      {n::success, passed_on, false}, {n::success, expanded, true}, {n::failure, failed, true}, {n::failure, delayed, false}, {n::delay, delayed, true},
      {n::delay, failed, false},  {n::success | n::failure | n::delay, delivered, true}};
  for (const auto& r : rows) EXPECT_EQ(notifies(r.notify, r.what), r.told) << int(r.notify) << ' ' << int(r.what);
}

TEST(Notifications, BehindAnAliasNobodyConfirms) {
  const std::pair<int, int> rows[] = {{0, 0}, {n::never, n::never}, {n::success, n::never}, {n::failure, n::failure}, {n::success | n::failure, n::failure},
                                      {n::success | n::delay, n::delay}, {n::success | n::failure | n::delay, n::failure | n::delay}};
  for (const auto& [given, passed] : rows) EXPECT_EQ(int(notify_behind_alias(static_cast<std::uint8_t>(given))), passed) << given;
}

std::vector<recipient_news> one(happened what, std::uint8_t notify = 0, bool postmaster = false) { return {{0, notify, what, postmaster}}; }

TEST(Notifications, OneReportForAllThatIsFinalAndOneForDelays) {
  const auto owed = reports_owed({{0, 0, failed, false}, {1, n::success, delivered, false}, {2, 0, delivered, false}, {3, 0, delayed, false}, {4, n::success, relayed, false}}, {}, {});
  ASSERT_EQ(owed.size(), 2u);
  EXPECT_EQ(owed[0].to, addressee::sender);
  ASSERT_EQ(owed[0].recipients.size(), 3u);
  EXPECT_EQ(owed[0].recipients[0].recipient, 0u);
  EXPECT_EQ(owed[0].recipients[1].recipient, 1u);
  EXPECT_EQ(owed[0].recipients[2].recipient, 4u);
  ASSERT_EQ(owed[1].recipients.size(), 1u);
  EXPECT_EQ(owed[1].recipients[0].recipient, 3u);
  EXPECT_TRUE(reports_owed(one(delivered), {}, {}).empty());
}

TEST(Notifications, TheWholeMessageComesBackWithFailuresOnly) {
  report_facts full;
  full.full_asked = true;
  EXPECT_TRUE(reports_owed(one(failed), full, {})[0].full);
  EXPECT_FALSE(reports_owed(one(delivered, n::success), full, {})[0].full);
  EXPECT_FALSE(reports_owed(one(delayed), full, {})[0].full);
  EXPECT_FALSE(reports_owed(one(failed), {}, {})[0].full);
  report_rules generous;
  generous.full_by_default = true;
  EXPECT_TRUE(reports_owed(one(failed), {}, generous)[0].full);
  report_facts headers;
  headers.headers_asked = true;
  EXPECT_FALSE(reports_owed(one(failed), headers, generous)[0].full);
}

TEST(Notifications, TheNullSenderHearsNothingAndThePostmasterOfItsFailures) {
  report_facts null;
  null.null_sender = true;
  EXPECT_TRUE(reports_owed(one(delayed), null, {}).empty());
  EXPECT_TRUE(reports_owed(one(delivered, n::success), null, {}).empty());
  const auto owed = reports_owed(one(failed, n::never), null, {});
  ASSERT_EQ(owed.size(), 1u);
  EXPECT_EQ(owed[0].to, addressee::postmaster);
  EXPECT_TRUE(reports_owed(one(failed, 0, true), null, {}).empty()) << "not to the postmaster about the postmaster";
  report_rules quiet;
  quiet.double_bounces = false;
  EXPECT_TRUE(reports_owed(one(failed), null, quiet).empty());
}

TEST(Notifications, AFrozenSendersFailuresGoToThePostmaster) {
  report_facts frozen;
  frozen.sender_is_frozen = true;
  ASSERT_EQ(reports_owed(one(failed), frozen, {}).size(), 1u);
  EXPECT_EQ(reports_owed(one(failed), frozen, {})[0].to, addressee::postmaster);
  EXPECT_TRUE(reports_owed(one(failed, n::never), frozen, {}).empty());
}

TEST(Notifications, DeliverByTraces) {
  report_facts trace;
  trace.deliver_by_trace = true;
  const auto owed = reports_owed(one(passed_on), trace, {});
  ASSERT_EQ(owed.size(), 1u);
  EXPECT_EQ(action(owed[0].recipients[0].what), "relayed");
  EXPECT_TRUE(reports_owed(one(passed_on, n::never), trace, {}).empty());
  report_facts by;
  by.deliver_by_notify = true;
  EXPECT_EQ(reports_owed(one(relayed), by, {}).size(), 1u);
  EXPECT_TRUE(reports_owed(one(passed_on), by, {}).empty());
}

TEST(Notifications, DelayNoticesMayBeOff) {
  report_rules rules;
  rules.delay_notices = false;
  EXPECT_TRUE(reports_owed(one(delayed), {}, rules).empty());
}

} // namespace
} // namespace rookery::delivery
