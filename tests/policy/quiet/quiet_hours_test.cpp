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

} // namespace
} // namespace rookery::quiet
