#include "policy/quiet/quiet_hours.hpp"

#include <gtest/gtest.h>

namespace rookery::quiet {
namespace {

const auto night = base::from_milliseconds(1'700'000'000'000); // 2023-11-14 22:13:20
const auto noon = night + std::chrono::hours(14);

TEST(QuietHours, ServicesRefuseWhileTheyLast) {
  quiet_rule r;
  EXPECT_FALSE(judge(r, service::imap, "ann@us.example", false, night).refused);
  r.hours = delivery::schedule::parse("daily 20:00-06:00").value();
  r.services = static_cast<std::uint8_t>(service::imap) | static_cast<std::uint8_t>(service::submission);
  r.exempt = {"dee@us.example"};
  const auto v = judge(r, service::imap, "ann@us.example", false, night);
  EXPECT_TRUE(v.refused);
  EXPECT_EQ(v.until, base::from_milliseconds(1'700'028'000'000)) << "06:00";
  const auto day = judge(r, service::imap, "ann@us.example", false, noon);
  EXPECT_FALSE(day.refused);
  EXPECT_EQ(day.until, base::from_milliseconds(1'700'078'400'000)) << "20:00: sessions end then";
  EXPECT_FALSE(judge(r, service::pop3, "ann@us.example", false, night).refused);
  EXPECT_FALSE(judge(r, service::imap, "dee@us.example", false, night).refused);
  EXPECT_FALSE(judge(r, service::imap, "eva@us.example", true, night).refused);
  r.administrators_exempt = false;
  EXPECT_TRUE(judge(r, service::imap, "eva@us.example", true, night).refused);
  EXPECT_FALSE(judge(r, service::pop3, "ann@us.example", false, night).until);
}

std::shared_ptr<const routing::directory_view> directory_with(std::shared_ptr<const quiet_rule> rule, const routing::directory_view& from = {}) {
  routing::directory_builder builder(from);
  routing::domain_record us;
  us.id = base::domain_id{1};
  us.name = "us.example";
  us.quiet = std::move(rule);
  builder.put_domain(us);
  us.id = base::domain_id{2};
  us.name = "them.example";
  us.quiet = nullptr;
  builder.put_domain(us);
  return builder.finish(from.version() + 1);
}
std::shared_ptr<const quiet_rule> rule_of(std::string_view hours) {
  quiet_rule r;
  r.hours = delivery::schedule::parse(hours).value();
  return std::make_shared<const quiet_rule>(std::move(r));
}
routing::account_record account(std::string address, bool admin = false) {
  routing::account_record a;
  a.address = std::move(address);
  a.admin = admin;
  return a;
}

TEST(QuietHours, AreThoseOfTheAccountsDomain) {
  const auto directory = directory_with(rule_of("daily 20:00-06:00"));
  EXPECT_TRUE(judge(*directory, account("ann@us.example"), service::imap, night).refused);
  EXPECT_FALSE(judge(*directory, account("ann@us.example"), service::imap, noon).refused);
  EXPECT_FALSE(judge(*directory, account("ann@us.example", true), service::imap, night).refused);
  EXPECT_FALSE(judge(*directory, account("ann@them.example"), service::imap, night).refused);
  EXPECT_FALSE(judge(*directory, account("ann@gone.example"), service::imap, night).refused);
  EXPECT_EQ(service_named("imap"), service::imap);
  EXPECT_EQ(service_named("pop3"), service::pop3);
  EXPECT_EQ(service_named("smtp"), service::submission);
}

TEST(QuietClock, SaysOnceThatHoursBegin) {
  quiet_clock clock;
  const auto evening = base::from_milliseconds(1'700'078'400'000), morning = base::from_milliseconds(1'700'114'400'000);
  auto directory = directory_with(rule_of("daily 20:00-06:00"));
  auto seen = clock.look(*directory, noon);
  EXPECT_FALSE(seen.begun);
  EXPECT_EQ(seen.next, evening);
  seen = clock.look(*directory, evening);
  EXPECT_TRUE(seen.begun);
  EXPECT_EQ(seen.next, morning);
  EXPECT_FALSE(clock.look(*directory, evening + std::chrono::minutes(1)).begun) << "they were told";
  EXPECT_FALSE(clock.look(*directory_with(directory->domain("us.example")->quiet, *directory), evening).begun) << "something else changed";
  EXPECT_TRUE(clock.look(*directory_with(rule_of("daily 20:00-05:00"), *directory), evening).begun) << "another rule, other accounts";
  EXPECT_FALSE(clock.look(*directory, morning).begun);
  EXPECT_TRUE(clock.look(*directory, evening + std::chrono::days(1)).begun);
}

TEST(QuietClock, SleepsWithoutRulesAndBehindTheLastChange) {
  quiet_clock clock;
  EXPECT_FALSE(clock.look(*directory_with(nullptr), night).next);
  const auto seen = clock.look(*directory_with(rule_of("always")), night);
  EXPECT_TRUE(seen.begun);
  EXPECT_FALSE(seen.next);
}

} // namespace
} // namespace rookery::quiet
