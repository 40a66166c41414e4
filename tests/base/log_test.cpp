#include "base/log.hpp"
#include "base/log_line.hpp"

#include <gtest/gtest.h>

namespace rookery::base {
namespace {

struct row {
  const char* name;
  std::string members;
  std::string text, journal;
};

TEST(LogLine, IsReadableText) {
  const row rows[] = {
      {"usual", R"("time":"2026-11-21T14:00:00.000Z","event":"smtp.accepted","session":"ab12","octets":400,"tls":true)",
       "2026-11-21T14:00:00.000Z info smtp.accepted session=ab12 octets=400 tls=true",
       "<6>smtp.accepted session=ab12 octets=400 tls=true"},
      {"nothing but the event", R"("time":"T","event":"node.draining")", "T info node.draining", "<6>node.draining"},
      {"values that need quotes", R"("time":"T","event":"e","a":"two words","b":"","c":"x=y","d":"say \"ho\" \\")",
       R"(T info e a="two words" b="" c="x=y" d="say \"ho\" \\")", R"(<6>e a="two words" b="" c="x=y" d="say \"ho\" \\")"},
      {"commas and colons inside", R"("time":"T","event":"e","a":"b,c:{d}","n":-1)", "T info e a=b,c:{d} n=-1", "<6>e a=b,c:{d} n=-1"},
  };
  for (const auto& r : rows) {
    EXPECT_EQ(log_text_line(r.members, "info", 6, false), r.text) << r.name;
    EXPECT_EQ(log_text_line(r.members, "info", 6, true), r.journal) << r.name;
  }
}

TEST(LogLine, ComesOutOfAnEvent) {
  ::testing::internal::CaptureStderr();
  log_event(severity::warning, "test.event").text("who", "ann \x01\"x\"").number("n", 7).flag("ok", false);
  const auto line = ::testing::internal::GetCapturedStderr();
  ASSERT_GT(line.size(), 25u) << line;
  EXPECT_EQ(line[24], ' ');
  EXPECT_EQ(line.substr(23, 1), "Z");
  EXPECT_EQ(line.substr(25), "warning test.event who=\"ann ?\\\"x\\\"\" n=7 ok=false\n");
}

} // namespace
} // namespace rookery::base
