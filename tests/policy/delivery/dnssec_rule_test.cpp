#include "policy/delivery/dnssec_rule.hpp"

#include <gtest/gtest.h>

namespace rookery::delivery {
namespace {

TEST(DnssecRule, PatternsMatchAllOfTheText) {
  struct row {
    const char *pattern, *text;
    bool yes;
  };
  const row rows[] = {{"*", "", true},       {"*", "anything", true},  {"", "", true},           {"", "a", false},        {"high", "HIGH", true},
                      {"high", "higher", false}, {"*[dnssec]*", "Re: [DNSSEC] offer", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "acb", false},
                      {"?", "", false},      {"a?c", "abc", true},     {"**a", "bba", true},     {"*a", "ab", false},     {"*aab", "aaaab", true}};
  for (const auto& r : rows) EXPECT_EQ(matches(r.pattern, r.text), r.yes) << r.pattern << " / " << r.text;
}

TEST(DnssecRule, TheStrongestWishCounts) {
  const auto rules = dnssec_rules::parse("request Subject: *[secure]*\n\nREQUIRE x-dnssec: yes; request X-DNSSEC: *").value();
  EXPECT_EQ(rules.of_field("subject", "a [Secure] thing"), dnssec_wish::requested);
  EXPECT_EQ(rules.of_field("Subject", "nothing"), dnssec_wish::none);
  EXPECT_EQ(rules.of_field("X-DNSSEC", " yes "), dnssec_wish::required);
  EXPECT_EQ(rules.of_field("X-DNSSEC", "please"), dnssec_wish::requested);
  EXPECT_TRUE(dnssec_rules::parse("").value().empty());
}

TEST(DnssecRule, WrongOnesAreNamed) {
  struct row {
    const char *text, *fault;
  };
  const row rows[] = {{"demand Subject: *", "rule 1 begins with neither \"require\" nor \"request\""},
                      {"require Subject *", "rule 1 has no field name with a colon"},
                      {"request A: b\nrequire Sub ject: *", "rule 2 names no field"},
                      {"require : x", "rule 1 names no field"},
                      {"require A:", "rule 1 has no pattern"}};
  for (const auto& r : rows) {
    const auto parsed = dnssec_rules::parse(r.text);
    ASSERT_FALSE(parsed) << r.text;
    EXPECT_EQ(parsed.error(), r.fault);
  }
  std::string many;
  for (std::size_t i = 0; i < dnssec_rules_max; ++i) many += "require A: b\n";
  EXPECT_TRUE(dnssec_rules::parse(many));
  EXPECT_FALSE(dnssec_rules::parse(many + "require A: b"));
}

} // namespace
} // namespace rookery::delivery
