#include "policy/reporting/tls_tally.hpp"

#include <gtest/gtest.h>

namespace rookery::reporting {
namespace {

using mailauth::rpt_policy;
using mailauth::rpt_subject;

rpt_subject good(std::string domain, std::string day = "2026-11-21") { return {std::move(day), std::move(domain), rpt_policy::sts, "", "", "", ""}; }
rpt_subject bad(std::string domain, std::string host, std::string day = "2026-11-21") {
  return {std::move(day), std::move(domain), rpt_policy::sts, "certificate-expired", std::move(host), "", "192.0.2.1"};
}
std::map<std::string, std::uint64_t> all(tls_tally& t) {
  std::map<std::string, std::uint64_t> out;
  for (auto& [key, n] : t.take(1'000'000)) out[key] = n;
  return out;
}

TEST(TlsTally, AddsUpWhatIsTheSame) {
  tls_tally t;
  EXPECT_TRUE(t.empty());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(t.add(good("a.example")));
  EXPECT_TRUE(t.add(bad("a.example", "mx.a.example")));
  const auto got = all(t);
  EXPECT_EQ(got.size(), 2u);
  EXPECT_EQ(got.at(rpt_key(good("a.example"))), 3u);
  EXPECT_EQ(got.at(rpt_key(bad("a.example", "mx.a.example"))), 1u);
  EXPECT_TRUE(t.empty());
}

TEST(TlsTally, GivesPiecesAndTakesThemBack) {
  tls_tally t;
  for (const char* domain : {"a", "b", "c"}) t.add(good(domain));
  auto first = t.take(2);
  EXPECT_EQ(first.size(), 2u);
  t.add(good("a"));
  t.put_back(std::move(first));
  EXPECT_EQ(all(t).at(rpt_key(good("a"))), 2u);
}

TEST(TlsTally, FailuresBeyondTheBoundLoseTheirHosts) {
  tls_tally t;
  t.known(bad("a", "mx0"));
  t.known(bad("a", "mx0"));
  for (std::size_t i = 1; i < details_a_domain_max + 5; ++i) EXPECT_TRUE(t.add(bad("a", "mx" + std::to_string(i))));
  EXPECT_TRUE(t.add(bad("b", "mx1")));
  const auto got = all(t);
  EXPECT_EQ(got.size(), details_a_domain_max - 1 + 1 + 1); // without the one that was known, with one for the rest, and b's
  EXPECT_EQ(got.at(rpt_key(rpt_subject{"2026-11-21", "a", rpt_policy::sts, "certificate-expired", "", "", ""})), 5u);
  EXPECT_EQ(got.at(rpt_key(bad("b", "mx1"))), 1u);
}

TEST(TlsTally, ADayHasOnlySoManyCounters) {
  tls_tally t;
  for (std::size_t i = 0; i < subjects_a_day_max; ++i) ASSERT_TRUE(t.add(good(std::to_string(i))));
  EXPECT_FALSE(t.add(good("one.more")));
  EXPECT_TRUE(t.add(good("7")));
  EXPECT_TRUE(t.add(good("one.more", "2026-11-22")));
  EXPECT_EQ(t.take(1'000'000).size(), subjects_a_day_max + 1);
}

TEST(TlsTally, OldDaysAreForgottenNotTheirCounts) {
  tls_tally t;
  t.add(good("a", "2026-11-20"));
  t.add(good("a", "2026-11-21"));
  t.add(good("a", "2026-11-22"));
  EXPECT_TRUE(t.add(good("a", "2026-11-19"))); // the clock went back
  EXPECT_EQ(all(t).size(), 4u);
}

TEST(TlsTally, TellsNewTextsOfPolicies) {
  tls_tally t;
  EXPECT_FALSE(t.new_lines("2026-11-21", "a", rpt_policy::sts, "x")) << "nothing is counted of it";
  t.add(good("a"));
  EXPECT_TRUE(t.new_lines("2026-11-21", "a", rpt_policy::sts, "x"));
  EXPECT_FALSE(t.new_lines("2026-11-21", "a", rpt_policy::sts, "x"));
  EXPECT_TRUE(t.new_lines("2026-11-21", "a", rpt_policy::tlsa, "x"));
  EXPECT_TRUE(t.new_lines("2026-11-21", "a", rpt_policy::sts, "y"));
  t.known(good("b"));
  t.known_lines("2026-11-21", "b", rpt_policy::sts, "x");
  EXPECT_FALSE(t.new_lines("2026-11-21", "b", rpt_policy::sts, "x"));
}

} // namespace
} // namespace rookery::reporting
