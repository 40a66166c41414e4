#include "policy/reporting/report_state.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rookery::reporting {
namespace {

using namespace std::chrono_literals;
const base::wall_time now = base::from_milliseconds(1'795'219'200'000);

TEST(ReportState, ReadsWhatItWrites) {
  report_state s;
  s.id = "2026-11-21.abc@mx.example";
  s.made = now;
  s.targets = {{"mailto:a@b.example", sending::sent, 1, {}, ""}, {"https://b.example/r", sending::waiting, 2, now + 5min, "status 503"}};
  EXPECT_EQ(decode_report_state(encode(s)), s);
  EXPECT_EQ(decode_report_state(encode(report_state{})), report_state{});
}

TEST(ReportState, WhatIsDamagedIsNothing) {
  for (const char* octets : {"", "x", "[]", "{}", R"({"made":1})", R"({"targets":[]})", R"({"made":"1","targets":[]})",
                             R"({"made":1,"targets":[{"to":"","state":"sent"}]})", R"({"made":1,"targets":[{"to":"mailto:a@b","state":"lost"}]})",
                             R"({"made":1,"targets":[1]})", R"({"made":-1,"targets":[]})", R"({"made":9223372036854775807,"targets":[]})",
                             R"({"made":1,"targets":[{"to":"https://b/","state":"waiting","next":9223372036854775807}]})"})
    EXPECT_FALSE(decode_report_state(octets)) << octets;
}

TEST(ReportState, AFailureWaitsLongerEachTimeForADay) {
  report_target t{"https://b.example/r"};
  auto at = now;
  std::vector<std::int64_t> minutes;
  while (t.state == sending::waiting) {
    ASSERT_TRUE(t.due(at));
    begin(t);
    EXPECT_FALSE(t.due(at));
    end(t, "status 503", now, at);
    if (t.state != sending::waiting) break;
    EXPECT_FALSE(t.due(t.next - 1ms));
    minutes.push_back(std::chrono::duration_cast<std::chrono::minutes>(t.next - at).count());
    at = t.next;
    ASSERT_LT(minutes.size(), 100u);
  }
  EXPECT_EQ(t.state, sending::failed);
  EXPECT_EQ(minutes, (std::vector<std::int64_t>{5, 20, 60, 240, 240, 240, 240, 240}));
  EXPECT_LE(at, now + posting_time);
  EXPECT_TRUE(t.over());
}

TEST(ReportState, WhatWasUnderWayInACrashIsNotDoneAgain) {
  report_state s;
  s.targets = {{"mailto:a@b", sending::sent}, {"https://b/", sending::under_way, 1}, {"https://c/", sending::waiting, 1}};
  EXPECT_FALSE(s.over());
  EXPECT_TRUE(after_crash(s));
  EXPECT_EQ(s.targets[1].state, sending::unknown);
  EXPECT_FALSE(s.targets[1].due(now));
  EXPECT_FALSE(after_crash(s));
  EXPECT_FALSE(s.over()) << "the third still waits";
  end(s.targets[2], "", now, now);
  EXPECT_TRUE(s.over());
}

TEST(ReportState, ReportsLeaveSpreadAndAlwaysAtTheSameTime) {
  std::set<base::wall_time> times;
  for (int i = 0; i < 100; ++i) {
    const auto domain = "d" + std::to_string(i) + ".example";
    const auto at = leaves_at(now, domain, "mx.example", 4h);
    EXPECT_EQ(at, leaves_at(now, domain, "mx.example", 4h));
    EXPECT_GE(at, now);
    EXPECT_LT(at, now + 4h);
    times.insert(at);
  }
  EXPECT_GT(times.size(), 80u);
  EXPECT_EQ(leaves_at(now, "a", "b", 0s), now);
}

TEST(ReportState, AReportHasOneId) {
  EXPECT_EQ(report_id("2026-11-21", "a.example", "mx.example"), report_id("2026-11-21", "a.example", "mx.example"));
  EXPECT_NE(report_id("2026-11-21", "a.example", "mx.example"), report_id("2026-11-22", "a.example", "mx.example"));
  EXPECT_NE(report_id("2026-11-21", "a.example", "mx.example"), report_id("2026-11-21", "a.example", "mx2.example"));
  EXPECT_TRUE(report_id("2026-11-21", "a.example", "mx.example").starts_with("2026-11-21."));
}

} // namespace
} // namespace rookery::reporting
