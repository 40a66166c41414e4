#include "policy/gateway/verification_cache.hpp"

#include <gtest/gtest.h>

namespace rookery::gateway {
namespace {

using namespace std::chrono_literals;

base::instant at(std::chrono::seconds t) { return base::instant{} + 1h + t; }
const cache_times times{100s, 10s};

TEST(VerificationCache, KeepsEachAnswerForItsTime) {
  verification_cache c;
  EXPECT_FALSE(c.find("ann@b.example", at(0s)));
  c.put("ann@b.example", {verified::known, "250 ok"}, times, at(0s));
  c.put("eve@b.example", {verified::unknown, "550 no"}, times, at(0s));
  c.put("tim@b.example", {verified::unavailable, "450 later"}, times, at(0s));
  EXPECT_EQ(c.find("ann@b.example", at(99s))->what, verified::known);
  EXPECT_FALSE(c.find("ann@b.example", at(100s)));
  EXPECT_EQ(c.find("eve@b.example", at(9s))->answer, "550 no");
  EXPECT_FALSE(c.find("eve@b.example", at(10s)));
  EXPECT_EQ(c.find("tim@b.example", at(29s))->what, verified::unavailable);
  EXPECT_FALSE(c.find("tim@b.example", at(30s)));
  EXPECT_EQ(c.size(), 0u);
}

TEST(VerificationCache, AServerThatIsDownAnswersForNobodyNew) {
  verification_cache c;
  c.put("ann@b.example", {verified::known, ""}, times, at(0s));
  c.put_down("b.example", "refused", at(1s));
  EXPECT_EQ(c.find("ann@b.example", at(2s))->what, verified::known);
  EXPECT_EQ(c.find("bob@b.example", at(2s))->what, verified::unavailable);
  EXPECT_EQ(c.find("bob@b.example", at(2s))->answer, "refused");
  EXPECT_FALSE(c.find("bob@c.example", at(2s)));
  EXPECT_FALSE(c.find("bob@b.example", at(31s)));
}

TEST(VerificationCache, IsBounded) {
  verification_cache c(3);
  for (const char* name : {"1@b", "2@b", "3@b"}) c.put(name, {verified::known, ""}, times, at(0s));
  c.put("1@b", {verified::unknown, ""}, times, at(0s)); // newest again
  c.put("4@b", {verified::known, ""}, times, at(0s));
  EXPECT_EQ(c.size(), 3u);
  EXPECT_FALSE(c.find("2@b", at(1s)));
  EXPECT_EQ(c.find("1@b", at(1s))->what, verified::unknown);
  c.put("5@b", {verified::known, std::string(1000, 'x')}, times, at(0s));
  EXPECT_EQ(c.find("5@b", at(1s))->answer.size(), verification_answer_octets_max);
  verification_cache none(0);
  none.put("1@b", {verified::known, ""}, times, at(0s));
  EXPECT_EQ(none.size(), 0u);
}

} // namespace
} // namespace rookery::gateway
