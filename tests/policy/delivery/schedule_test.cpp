#include "policy/delivery/schedule.hpp"

#include "protocols/mime/date.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::delivery {
namespace {

using namespace std::chrono_literals;

base::wall_time utc(std::string_view text) { return mime::read_date(text).value().utc(); }
schedule read(std::string_view text) {
  const auto s = schedule::parse(text);
  EXPECT_TRUE(s) << text << ": " << (s ? "" : s.error().what);
  return s ? *s : schedule::never();
}

TEST(Schedule, SaysWhenItIsOpen) {
  struct row {
    const char *text, *moment;
    bool open;
  };
  // 2026-11-21 is a Saturday.
  const row rows[] = {
      {"", "2026-11-21T12:00:00Z", true},
      {"always", "2026-11-21T12:00:00Z", true},
      {"NEVER", "2026-11-21T12:00:00Z", false},
      {"mon-fri 08:00-17:00", "2026-11-21T12:00:00Z", false},
      {"mon-fri 08:00-17:00", "2026-11-20T12:00:00Z", true},
      {"mon-fri 08:00-17:00", "2026-11-20T07:59:59Z", false},
      {"mon-fri 08:00-17:00", "2026-11-20T08:00:00Z", true},
      {"mon-fri 08:00-17:00", "2026-11-20T17:00:00Z", false},
      {"mon-fri 08:00-17:00, sat 10:00-12:00", "2026-11-21T11:59:59Z", true},
      {"Sat", "2026-11-21T00:00:00Z", true},
      {"weekends", "2026-11-23T00:00:00Z", false},
      {"weekdays", "2026-11-23T00:00:00Z", true},
      {"sun-mon", "2026-11-21T10:00:00Z", false},
      {"sun-mon", "2026-11-23T10:00:00Z", true},
      {"daily 20:00-06:00", "2026-11-21T05:59:00Z", true},
      {"daily 20:00-06:00", "2026-11-21T06:00:00Z", false},
      {"fri 20:00-06:00", "2026-11-21T05:00:00Z", true},
      {"sat 20:00-06:00", "2026-11-21T05:00:00Z", false},
      {"22:00-24:00", "2026-11-21T23:59:59Z", true},
      {"from 2026-11-21", "2026-11-20T23:59:59Z", false},
      {"from 2026-11-21", "2026-11-21T00:00:00Z", true},
      {"until 2026-11-21", "2026-11-21T23:59:59Z", true},
      {"until 2026-11-21", "2026-11-22T00:00:00Z", false},
      {"until 2026-11-21 12:00", "2026-11-21T12:00:00Z", false},
      {"from 2026-11-01; until 2026-11-30; sat 08:00-09:00", "2026-11-21T08:30:00Z", true},
      {"from 2026-11-01; until 2026-11-30; sat 08:00-09:00", "2026-12-05T08:30:00Z", false},
      {"08:00-17:00; zone CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-20T07:00:00Z", true},
      {"08:00-17:00; zone CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-20T06:00:00Z", true},
      {"08:00-17:00; zone CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-20T15:00:00Z", false},
      {"08:00-17:00; zone <-03>3", "2026-07-20T11:00:00Z", true},
  };
  for (const auto& r : rows) EXPECT_EQ(read(r.text).open(utc(r.moment)), r.open) << r.text << " at " << r.moment;
}

TEST(Schedule, WrongTextsAreRefusedWhereTheyAreWrong) {
  struct row {
    const char* text;
    std::size_t offset;
  };
  const row rows[] = {
      {"moon 08:00-17:00", 0}, {"mon 8:00-17:00", 4}, {"mon 08:00", 9},  {"mon 08:00-25:00", 10}, {"08:00-08:00", 11},
      {"24:00-08:00", 11},     {"from 2026-13-01", 10}, {"from 2026-02-30", 15}, {"from tomorrow", 5}, {"until 1969-12-31", 16},
      {"from 2026-01-02; until 2026-01-01", 33}, {"from 2026-01-02; from 2026-01-03", 21}, {"mon;;zone XY", 10},
      {"zone CET-1CEST,M3.6.0,M10.5.0/3", 5}, {"mon-", 4}, {"mon tue", 4}, {"24:30-25:00", 5},
  };
  for (const auto& r : rows) {
    const auto s = schedule::parse(r.text);
    ASSERT_FALSE(s) << r.text;
    EXPECT_EQ(s.error().offset, r.offset) << r.text << ": " << s.error().what;
    EXPECT_FALSE(s.error().what.empty());
  }
  std::string many = "mon";
  for (std::size_t i = 1; i < schedule_windows_max; ++i) many += ",mon";
  EXPECT_TRUE(schedule::parse(many));
  EXPECT_FALSE(schedule::parse(many + ",mon"));
  EXPECT_FALSE(schedule::parse(std::string(schedule_octets_max + 1, ' ')));
}

TEST(Schedule, IsPrintedAsItIsRead) {
  for (const char* text : {"always", "never", "mon-fri 08:00-17:00, sat 10:00-12:00", "from 2026-12-24 00:00; until 2027-01-06 12:00",
                           "until 2027-01-07 00:00; daily 20:00-06:00; zone CET-1CEST,M3.5.0,M10.5.0/3", "fri-mon", "mon, wed, sun"}) {
    const auto s = read(text);
    EXPECT_TRUE(read(s.to_text()).to_text() == s.to_text()) << s.to_text();
    if (std::string_view(text).find("mon, wed") != 0) { EXPECT_EQ(s.to_text(), text); }
  }
}

TEST(Schedule, NextChangeIsTheFirstOne) {
  EXPECT_FALSE(schedule().next_change(utc("2026-11-21T12:00:00Z")));
  EXPECT_FALSE(schedule::never().next_change(utc("2026-11-21T12:00:00Z")));
  EXPECT_FALSE(read("daily").next_change(utc("2026-11-21T12:00:00Z")));
  EXPECT_FALSE(read("until 2026-01-01").next_change(utc("2026-11-21T12:00:00Z")));
  const auto office = read("mon-fri 08:00-17:00");
  EXPECT_EQ(office.next_change(utc("2026-11-21T12:00:00Z")), utc("2026-11-23T08:00:00Z"));
  EXPECT_EQ(office.next_change(utc("2026-11-23T08:00:00Z")), utc("2026-11-23T17:00:00Z"));
  EXPECT_EQ(read("from 2030-01-01; mon").next_change(utc("2026-11-21T12:00:00Z")), utc("2030-01-07T00:00:00Z"));
}

TEST(Schedule, NextChangeAgreesWithOpenMinuteByMinute) {
  std::mt19937 random(5);
  for (const char* text : {"mon-fri 08:00-17:00, sat 10:00-12:00", "daily 20:00-06:00; zone CET-1CEST,M3.5.0,M10.5.0/3",
                           "01:30-02:30; zone CET-1CEST,M3.5.0,M10.5.0/3", "sun 02:15-02:45; zone CET-1CEST,M3.5.0,M10.5.0/3",
                           "from 2026-03-25 10:10; until 2026-03-31 03:00; 23:00-03:00; zone EST5EDT,M3.2.0,M11.1.0",
                           "sat 22:00-21:00; zone <+1030>-10:30<+11>-11,M10.1.0,M4.1.0"}) {
    const auto s = read(text);
    for (const char* begin : {"2026-03-24T00:00:00Z", "2026-10-20T00:00:00Z"}) {
      auto now = utc(begin) + std::chrono::minutes(random() % 600);
      for (int changes = 0; changes < 3; ++changes) {
        const auto next = s.next_change(now);
        const auto end = next.value_or(now + 8 * 24h);
        for (auto t = now; t < end; t += 1min) ASSERT_EQ(s.open(t), s.open(now)) << text << " " << mime::write_date(t);
        if (!next) break;
        ASSERT_NE(s.open(*next), s.open(now)) << text << " " << mime::write_date(*next);
        now = *next;
      }
    }
  }
}

TEST(TimeZone, RulesAreReadAndWrongOnesRefused) {
  for (const char* good : {"UTC", "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "<+03>-3", "NZST-12NZDT,M9.5.0,M4.1.0/3",
                           "AAA1BBB,J60,J300", "AAA1BBB,59/25:30:01,300/-1", "IST-5:30"})
    EXPECT_TRUE(time_zone::parse(good)) << good;
  for (const char* bad : {"", "C", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-25", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
                          "CET-1CEST,M3.5.0,M10.5.0/3x", "<+03-3", ":Europe/Berlin", "CET-1CEST,J0,J3", "CET-1:60"})
    EXPECT_FALSE(time_zone::parse(bad)) << bad;
  EXPECT_FALSE(time_zone::parse("CET-1CEST,M3.5.0,M10.5.0/3" + std::string(100, ' ')));
}

TEST(TimeZone, ClocksChangeAtTheirMoment) {
  const auto berlin = time_zone::parse("CET-1CEST,M3.5.0,M10.5.0/3").value();
  EXPECT_EQ(berlin.offset(utc("2026-03-29T00:59:59Z")), 1h);
  EXPECT_EQ(berlin.offset(utc("2026-03-29T01:00:00Z")), 2h);
  EXPECT_EQ(berlin.offset(utc("2026-10-25T00:59:59Z")), 2h);
  EXPECT_EQ(berlin.offset(utc("2026-10-25T01:00:00Z")), 1h);
  const auto auckland = time_zone::parse("NZST-12NZDT,M9.5.0,M4.1.0/3").value();
  EXPECT_EQ(auckland.offset(utc("2026-01-01T00:00:00Z")), 13h);
  EXPECT_EQ(auckland.offset(utc("2026-07-01T00:00:00Z")), 12h);
  const auto local = [](std::string_view text) { return std::chrono::floor<std::chrono::seconds>(utc(text)); };
  EXPECT_EQ(berlin.from_local(local("2026-07-01T12:00:00Z")), utc("2026-07-01T10:00:00Z"));
  EXPECT_EQ(berlin.from_local(local("2026-03-29T02:30:00Z")), utc("2026-03-29T01:30:00Z")) << "left out";
  EXPECT_EQ(berlin.from_local(local("2026-10-25T02:30:00Z")), utc("2026-10-25T00:30:00Z")) << "twice: the first";
}

} // namespace
} // namespace rookery::delivery
