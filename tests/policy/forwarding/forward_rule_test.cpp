#include "policy/forwarding/forward_rule.hpp"

#include <gtest/gtest.h>

namespace rookery::forwarding {
namespace {

using addresses = std::vector<std::string>;
const auto now = base::from_milliseconds(1'700'000'000'000); // a Tuesday, 22:13 UTC
const auto ours = [](std::string_view domain) { return domain == "us.example"; };

forward_rule rule(addresses targets, bool keep = false) {
  forward_rule r;
  r.enabled = true;
  r.targets = std::move(targets);
  r.keep_copy = keep;
  return r;
}
forward_limits limits() {
  forward_limits l;
  l.srs = {{"secret"}, "us.example"};
  return l;
}
const forward_facts from_outside{"ann@us.example", "ann+lists@us.example", "bob@a.example", 0, false};

TEST(ForwardRule, GivesTargetsAndASenderOfOurs) {
  const auto d = forward(rule({"Ann@Else.Example", "ann@else.example", "dee@us.example"}), limits(), from_outside, ours, now);
  EXPECT_EQ(d.targets, (addresses{"ann@else.example", "dee@us.example"}));
  EXPECT_FALSE(d.keep_copy);
  EXPECT_TRUE(d.used);
  EXPECT_EQ(d.sender.substr(0, 5), "SRS0=");
  EXPECT_EQ(d.sender.substr(d.sender.rfind('@')), "@us.example");
  auto null = from_outside;
  null.sender = "";
  EXPECT_EQ(forward(rule({"x@else.example"}), limits(), null, ours, now).sender, "");
  forward_limits no_key;
  EXPECT_EQ(forward(rule({"x@else.example"}), no_key, from_outside, ours, now).sender, "ann@us.example");
}

TEST(ForwardRule, MacrosAreFilledIn) {
  const auto d = forward(rule({"{local}.{detail}@partner.example", "{sender_local}@{sender_domain}", "{local}@x.{domain}"}), limits(), from_outside, ours, now);
  EXPECT_EQ(d.targets, (addresses{"ann.lists@partner.example", "bob@a.example", "ann@x.us.example"}));
  auto evil = from_outside;
  evil.sender = "\"x@evil.example, y\"@a.example";
  EXPECT_EQ(forward(rule({"{sender_local}@partner.example"}), limits(), evil, ours, now).targets, (addresses{"xevil.exampley@partner.example"}));
}

TEST(ForwardRule, ACopyStaysWhenNothingElseIsLeft) {
  for (const auto& r : {rule({}), rule({"no address"}), rule({"ann@us.example"}), rule({"{sender_local}"})}) {
    const auto d = forward(r, limits(), from_outside, ours, now);
    EXPECT_TRUE(d.targets.empty());
    EXPECT_TRUE(d.keep_copy);
    EXPECT_FALSE(d.used);
  }
  EXPECT_EQ(forward(rule({"ann@us.example"}), limits(), from_outside, ours, now).faulty.size(), 1u);
  EXPECT_TRUE(forward(rule({"x@else.example"}, true), limits(), from_outside, ours, now).keep_copy);
}

TEST(ForwardRule, ForeignDomainsMayBeForbidden) {
  auto l = limits();
  l.foreign_domains = false;
  l.foreign_allowed = {"partner.example"};
  const auto d = forward(rule({"x@else.example", "y@partner.example", "dee@us.example"}), l, from_outside, ours, now);
  EXPECT_EQ(d.targets, (addresses{"y@partner.example", "dee@us.example"}));
  ASSERT_EQ(d.forbidden.size(), 1u);
  EXPECT_EQ(d.forbidden[0].address, "x@else.example");
  const auto only = forward(rule({"x@else.example"}), l, from_outside, ours, now);
  EXPECT_TRUE(only.targets.empty());
  EXPECT_FALSE(only.keep_copy) << "it goes to the bad queue, as the rule says no copy stays";
  EXPECT_EQ(target_fault("x@else.example", l, ours), "forwarding to other domains is not allowed");
  EXPECT_EQ(target_fault("{local}@partner.example", l, ours), "");
  EXPECT_EQ(target_fault("{sender_local}@{sender_domain}", l, ours), "") << "known only with the mail";
  EXPECT_EQ(target_fault("{sender}@us.example", l, ours), "no such name");
  EXPECT_EQ(target_fault("us.example", l, ours), "no address");
}

TEST(ForwardRule, OnlyInItsHoursAndOnlyOnce) {
  auto r = rule({"x@else.example"});
  r.when = delivery::schedule::parse("mon-fri 08:00-17:00").value();
  EXPECT_TRUE(forward(r, limits(), from_outside, ours, now).targets.empty());
  EXPECT_TRUE(forward(r, limits(), from_outside, ours, now).keep_copy);
  EXPECT_EQ(forward(r, limits(), from_outside, ours, now + std::chrono::hours(12)).targets.size(), 1u);
  r.when = {};
  r.enabled = false;
  EXPECT_TRUE(forward(r, limits(), from_outside, ours, now).targets.empty());
  r.enabled = true;
  auto loop = from_outside;
  loop.delivered_to_account = true;
  EXPECT_TRUE(forward(r, limits(), loop, ours, now).targets.empty());
  loop.delivered_to_account = false;
  loop.hops = forward_hops_max - 1;
  EXPECT_EQ(forward(r, limits(), loop, ours, now).targets.size(), 1u);
  loop.hops = forward_hops_max;
  EXPECT_TRUE(forward(r, limits(), loop, ours, now).targets.empty());
}

TEST(ForwardRule, TargetsAreBounded) {
  forward_rule many = rule({});
  for (int i = 0; i < 100; ++i) many.targets.push_back("x" + std::to_string(i) + "@else.example");
  EXPECT_EQ(forward(many, limits(), from_outside, ours, now).targets.size(), forward_targets_max);
}

} // namespace
} // namespace rookery::forwarding
