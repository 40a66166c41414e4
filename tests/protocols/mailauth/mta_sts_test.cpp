#include "protocols/mailauth/mta_sts.hpp"

#include <gtest/gtest.h>

namespace rookery::mailauth {
namespace {

using namespace std::chrono_literals;
using texts = std::vector<std::string>;

const auto noon = base::from_milliseconds(1'750'000'000'000);

TEST(MtaStsRecord, OneValidRecordHasAnId) {
  EXPECT_EQ(read_sts_records({"v=STSv1; id=20160831085700Z;"}), "20160831085700Z");
  EXPECT_EQ(read_sts_records({"v=spf1 -all", "v=STSv1;id=1"}), "1");
  EXPECT_EQ(read_sts_records({"v=STSv1 ; ext=x/y:z ;\tid=abc ; "}), "abc");
  EXPECT_EQ(read_sts_records({print_sts_record("7")}), "7");
}

TEST(MtaStsRecord, OthersAreNone) {
  for (const texts& bad : {texts{}, texts{"v=STSv1"}, texts{"v=STSv1;"}, texts{"v=STSv1; id="}, texts{"v=STSv1; id=a-b"},
                           texts{"v=STSv1; id=123456789012345678901234567890123"}, texts{"v=stsv1; id=1"}, texts{"v=STSv10; id=1"},
                           texts{" v=STSv1; id=1"}, texts{"v=STSv1; x=1"}, texts{"v=STSv1; id=1;; x=1"}, texts{"v=STSv1; id=1; -x=1"},
                           texts{"v=STSv1; id=1; x"}, texts{"v=STSv1; id=1", "v=STSv1; id=2"}, texts{"v=STSv1; id=1", "v=STSv1; id=1"}})
    EXPECT_FALSE(read_sts_records(bad)) << (bad.empty() ? "none" : bad[0]);
}

TEST(MtaStsPolicy, AFileIsReadWithAnyLineEnds) {
  for (const char* text : {"version: STSv1\r\nmode: enforce\r\nmx: MX1.example.org\r\nmx: *.example.net\r\nmax_age: 604800\r\n",
                           "version: STSv1\nmode: enforce\nmx: mx1.example.org\nmx: *.example.net\nmax_age: 604800",
                           "mx:mx1.example.org\nmax_age:604800 \n\nmode:enforce\nmode: none\nnew-key: x y\nversion:STSv1\nmx:  *.example.net\nmax_age: 1\n"}) {
    const auto read = read_sts_policy(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, (sts_policy{sts_mode::enforce, 604800, {"mx1.example.org", "*.example.net"}}));
  }
  const auto none = read_sts_policy("version: STSv1\nmode: none\nmax_age: 86400\n");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->mode, sts_mode::none);
  EXPECT_EQ(read_sts_policy("version: STSv1\nmode: none\nmax_age: 9999999999\n")->max_age_seconds, sts_age_seconds_max);
}

TEST(MtaStsPolicy, WhatIsWrongIsSaid) {
  struct {
    std::string text, why;
  } rows[] = {{"", "no version"},
              {"mode: enforce\nmx: a.b\nmax_age: 1\n", "no version"},
              {"version: STSv2\nmode: enforce\nmx: a.b\nmax_age: 1\n", "not version STSv1"},
              {"version: STSv1\nmx: a.b\nmax_age: 1\n", "no mode"},
              {"version: STSv1\nmode: strict\nmx: a.b\nmax_age: 1\n", "an unknown mode"},
              {"version: STSv1\nmode: enforce\nmx: a.b\n", "no max_age"},
              {"version: STSv1\nmode: enforce\nmx: a.b\nmax_age: 1d\n", "max_age is no number of seconds"},
              {"version: STSv1\nmode: enforce\nmx: a.b\nmax_age: 12345678901\n", "max_age is no number of seconds"},
              {"version: STSv1\nmode: testing\nmax_age: 1\n", "no mx"},
              {"version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1\n", "an mx that is no host name"},
              {"version: STSv1\nmode: enforce\nmx: *.*.b\nmax_age: 1\n", "an mx that is no host name"},
              {"<html>\n", "a line without a key"}};
  for (const auto& [text, why] : rows) {
    const auto read = read_sts_policy(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().client.value, why);
  }
}

TEST(MtaStsPolicy, HasLimits) {
  std::string many = "version: STSv1\nmode: enforce\nmax_age: 1\n";
  for (std::size_t i = 0; i < sts_hosts_max; ++i) many += "mx: a.b\n";
  EXPECT_TRUE(read_sts_policy(many));
  EXPECT_EQ(read_sts_policy(many + "mx: a.b\n").error().kind, base::error_kind::over_limit);
  EXPECT_EQ(read_sts_policy(std::string(sts_policy_octets_max + 1, '\n')).error().kind, base::error_kind::over_limit);
}

TEST(MtaStsPolicy, OurOwnIsReadBack) {
  const sts_policy ours{sts_mode::testing, 86400, {"mx.example.org", "*.example.org"}};
  EXPECT_EQ(*read_sts_policy(print_sts_policy(ours)), ours);
  EXPECT_EQ(print_sts_policy(ours), "version: STSv1\r\nmode: testing\r\nmx: mx.example.org\r\nmx: *.example.org\r\nmax_age: 86400\r\n");
  auto other = ours;
  other.max_age_seconds = 1;
  EXPECT_EQ(sts_policy_id(ours).size(), 32u);
  EXPECT_NE(sts_policy_id(ours), sts_policy_id(other));
  EXPECT_TRUE(read_sts_records({print_sts_record(sts_policy_id(ours))}));
}

TEST(MtaStsPolicy, AStarTakesOneLabel) {
  const sts_policy p{sts_mode::enforce, 1, {"mx.example.org", "*.example.net"}};
  for (const char* yes : {"mx.example.org", "MX.Example.Org.", "a.example.net"}) EXPECT_TRUE(covers(p, yes)) << yes;
  for (const char* no : {"", "example.org", "a.mx.example.org", "example.net", ".example.net", "a.b.example.net", "aexample.net", "*.example.org"})
    EXPECT_FALSE(covers(p, no)) << no;
}

TEST(MtaStsPolicy, IsPlainText) {
  for (const char* yes : {"text/plain", "Text/Plain; charset=utf-8", " text/plain ;x"}) EXPECT_TRUE(sts_media_type(yes)) << yes;
  for (const char* no : {"", "text/html", "text/plainx", "application/octet-stream"}) EXPECT_FALSE(sts_media_type(no)) << no;
}

TEST(MtaStsCache, FetchesWhatIsNewAndOnceADayAnyway) {
  const sts_policy policy{sts_mode::enforce, 7 * 86400, {"mx.example.org"}};
  EXPECT_TRUE(wants_fetch(nullptr, "1", noon));
  EXPECT_FALSE(wants_fetch(nullptr, std::nullopt, noon));
  sts_entry entry;
  note_fetched(entry, "1", policy, noon);
  struct {
    std::optional<std::string> id;
    std::chrono::seconds later;
    bool fetch, valid;
  } rows[] = {{"1", 0s, false, true},         {"2", 0s, true, true},          {std::nullopt, 48h, false, true},
              {"1", 24h - 1s, false, true},   {"1", 24h, true, true},         {"1", 7 * 24h, true, false},
              {std::nullopt, 7 * 24h - 1s, false, true}, {std::nullopt, 7 * 24h, false, false}};
  for (const auto& [id, later, fetch, valid] : rows) {
    EXPECT_EQ(wants_fetch(&entry, id, noon + later), fetch) << id.value_or("-") << later.count();
    EXPECT_EQ(entry.valid(noon + later) != nullptr, valid) << later.count();
  }
  EXPECT_EQ(entry.until(), noon + 7 * 24h);
}

TEST(MtaStsCache, AFailureRestsAndKeepsTheOldPolicy) {
  const sts_policy policy{sts_mode::enforce, 3600, {"mx.example.org"}};
  sts_entry entry;
  note_fetched(entry, "1", policy, noon);
  note_failed(entry, "2", "sts-policy-fetch-error", noon + 1min);
  EXPECT_FALSE(wants_fetch(&entry, "2", noon + 6min - 1s));
  EXPECT_TRUE(wants_fetch(&entry, "2", noon + 6min));
  EXPECT_TRUE(wants_fetch(&entry, "3", noon + 2min));
  EXPECT_NE(entry.valid(noon + 2min), nullptr);
  sts_entry fresh;
  note_failed(fresh, "1", "sts-webpki-invalid", noon);
  EXPECT_EQ(fresh.valid(noon), nullptr);
  EXPECT_FALSE(wants_fetch(&fresh, "1", noon + 1min));
  EXPECT_EQ(fresh.until(), noon + 24h);
}

TEST(MtaStsCache, IsStoredAndReadBack) {
  sts_entry empty, full;
  note_fetched(full, "abc", {sts_mode::testing, 99, {"a.b", "*.c"}}, noon);
  note_failed(full, "d", "sts-policy-invalid", noon + 1s);
  for (const auto& e : {empty, full}) {
    const auto octets = encode(e);
    EXPECT_EQ(decode_sts_entry(octets), e);
    for (std::size_t cut = 0; cut < octets.size(); ++cut) EXPECT_FALSE(decode_sts_entry(octets.substr(0, cut))) << cut;
    EXPECT_FALSE(decode_sts_entry(octets + "x"));
  }
  EXPECT_FALSE(decode_sts_entry("\2"));
}

} // namespace
} // namespace rookery::mailauth
