#include "policy/gateway/dequeue.hpp"

#include <gtest/gtest.h>

namespace rookery::gateway {
namespace {

using strings = std::vector<std::string>;

/// branch.example (ann, bob), shop.branch.example (ann), lone.example (nobody), abranch.example (bob).
std::shared_ptr<const delivery::delivery_view> view() {
  delivery::delivery_builder b{delivery::delivery_view{}};
  const auto add = [&](std::string domain, strings dequeuers) {
    delivery::gateway_record g;
    g.domain = std::move(domain);
    g.dequeuers = std::move(dequeuers);
    b.put(std::move(g));
  };
  add("branch.example", {"ann@a.example", "bob@a.example"});
  add("shop.branch.example", {"ann@a.example"});
  add("lone.example", {});
  add("abranch.example", {"bob@a.example"});
  return b.finish(1);
}

struct etrn_row {
  const char* name;
  etrn_rule rule;
  etrn_target what;
  const char *argument, *account;
  strings domains;
  bool known, trusted;
};

TEST(GatewayDequeue, EtrnStartsWhatItNames) {
  const auto v = view();
  const etrn_row rows[] = {
      {"a domain, by anybody", etrn_rule::anyone, etrn_target::domain, "branch.example", "", {"branch.example"}, true, false},
      {"not those below it", etrn_rule::anyone, etrn_target::domain, "example", "", {}, false, false},
      {"it and all below", etrn_rule::anyone, etrn_target::with_subdomains, "branch.example", "", {"branch.example", "shop.branch.example"}, true, false},
      {"all of a name above", etrn_rule::anyone, etrn_target::with_subdomains, "example", "", {"abranch.example", "branch.example", "lone.example", "shop.branch.example"}, true, false},
      {"a queue by its name", etrn_rule::anyone, etrn_target::queue, "lone.example", "", {"lone.example"}, true, false},
      {"an unknown queue", etrn_rule::anyone, etrn_target::queue, "remote", "", {}, false, false},
      {"a stranger's domain", etrn_rule::anyone, etrn_target::domain, "other.example", "ann@a.example", {}, false, false},
      {"no domain", etrn_rule::anyone, etrn_target::domain, "..", "", {}, false, false},
      {"his own", etrn_rule::dequeuers, etrn_target::domain, "branch.example", "bob@a.example", {"branch.example"}, true, true},
      {"his own among others", etrn_rule::dequeuers, etrn_target::with_subdomains, "branch.example", "bob@a.example", {"branch.example"}, true, true},
      {"trusted only if all are his", etrn_rule::anyone, etrn_target::with_subdomains, "branch.example", "bob@a.example", {"branch.example", "shop.branch.example"}, true, false},
      {"somebody else's", etrn_rule::dequeuers, etrn_target::domain, "lone.example", "bob@a.example", {}, true, false},
      {"nobody logged in", etrn_rule::dequeuers, etrn_target::domain, "branch.example", "", {}, true, false},
      {"switched off", etrn_rule::off, etrn_target::domain, "branch.example", "ann@a.example", {}, true, false}};
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    const auto got = choose_for_etrn(*v, r.rule, r.what, r.argument, r.account);
    EXPECT_EQ(got.domains, r.domains);
    EXPECT_EQ(got.known, r.known);
    EXPECT_EQ(got.trusted, r.trusted);
  }
}

TEST(GatewayDequeue, AtrnGivesAllOrNothing) {
  const auto v = view();
  const struct { const char* name; strings asked; const char* account; strings domains; } rows[] = {
      {"all of his", {}, "ann@a.example", {"branch.example", "shop.branch.example"}},
      {"nothing is his", {}, "eve@a.example", {}},
      {"nobody", {}, "", {}},
      {"one", {"branch.example"}, "bob@a.example", {"branch.example"}},
      {"twice, in another case", {"Branch.Example", "branch.example"}, "bob@a.example", {"branch.example"}},
      {"one is not his", {"branch.example", "shop.branch.example"}, "bob@a.example", {}},
      {"one is no gateway", {"branch.example", "other.example"}, "bob@a.example", {}},
      {"nobody's", {"lone.example"}, "bob@a.example", {}},
      {"no name", {"-"}, "bob@a.example", {}}};
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    EXPECT_EQ(choose_for_atrn(*v, r.asked, r.account).domains, r.domains);
  }
}

TEST(GatewayDequeue, RulesHaveWords) {
  EXPECT_EQ(etrn_rule_named("anyone"), etrn_rule::anyone);
  EXPECT_EQ(etrn_rule_named("dequeuers"), etrn_rule::dequeuers);
  EXPECT_EQ(etrn_rule_named("off"), etrn_rule::off);
  EXPECT_EQ(etrn_rule_named("of a newer version"), etrn_rule::off);
}

TEST(GatewayQueue, IsNamedAfterItsDomainAndFits) {
  EXPECT_EQ(delivery::gateway_queue("branch.example"), "branch.example");
  EXPECT_EQ(delivery::gateway_queue(std::string(60, 'a') + ".com"), std::string(60, 'a') + ".com");
  const auto one = delivery::gateway_queue(std::string(63, 'a') + ".b.example"), other = delivery::gateway_queue(std::string(63, 'a') + ".c.example");
  EXPECT_EQ(one.size(), 64u);
  EXPECT_EQ(other.size(), 64u);
  EXPECT_NE(one, other);
  EXPECT_NE(delivery::gateway_queue("bad"), "bad");
}

} // namespace
} // namespace rookery::gateway
