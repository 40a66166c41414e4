#include "policy/collection/timing.hpp"

#include <gtest/gtest.h>

namespace rookery::collection {
namespace {

using std::chrono::minutes;
const base::wall_time now = base::from_milliseconds(1'796'083'200'000); // Tue 1 Dec 2026, 00:00 UTC

collection_record every(std::uint32_t m) {
  collection_record c;
  c.every_minutes = m;
  return c;
}

TEST(CollectionTiming, RunsAtOnceAndThenEverySoManyMinutes) {
  EXPECT_EQ(next_run(every(15), {}, now), now);
  EXPECT_EQ(next_run(every(15), {now, 0}, now), now + minutes(15));
  EXPECT_EQ(next_run(every(15), {now - minutes(60), 0}, now), now); // missed runs are not made up for
}

TEST(CollectionTiming, WaitsLongerWithEachFailureUpToADay) {
  EXPECT_EQ(wait_between(every(15), 0), minutes(15));
  EXPECT_EQ(wait_between(every(15), 1), minutes(30));
  EXPECT_EQ(wait_between(every(15), 3), minutes(120));
  EXPECT_EQ(wait_between(every(15), 4'000'000'000u), minutes(1440));
  EXPECT_EQ(wait_between(every(10'000), 5), minutes(10'000));
  EXPECT_EQ(wait_between(every(0), 0), minutes(1));
}

TEST(CollectionTiming, BeginsInItsHoursOnly) {
  auto c = every(15);
  c.hours = delivery::schedule::parse("daily 08:00-09:00").value();
  EXPECT_EQ(next_run(c, {}, now), now + minutes(480));
  EXPECT_EQ(next_run(c, {now + minutes(530), 0}, now + minutes(531)), now + minutes(1440 + 480));
  c.hours = delivery::schedule::never();
  EXPECT_FALSE(next_run(c, {}, now));
}

TEST(CollectionTiming, DoesNotRunWhileItIsOff) {
  auto c = every(15);
  c.enabled = false;
  EXPECT_FALSE(next_run(c, {}, now));
}

TEST(CollectionTiming, KnowsTheUsualPorts) {
  EXPECT_EQ(usual_port(source::pop3, tls_use::implicit), 995);
  EXPECT_EQ(usual_port(source::pop3, tls_use::required), 110);
  EXPECT_EQ(usual_port(source::imap, tls_use::implicit), 993);
  EXPECT_EQ(usual_port(source::imap, tls_use::none), 143);
}

} // namespace
} // namespace rookery::collection
