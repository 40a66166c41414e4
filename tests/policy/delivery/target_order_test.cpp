#include "policy/delivery/target_order.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rookery::delivery {
namespace {

using names = std::vector<std::string>;

const auto nobody = [](std::string_view) { return false; };
const auto mx1 = [](std::string_view host) { return host == "mx1.here.test"; };

names of(const host_order& o) {
  names all;
  for (const auto& h : o.hosts) all.push_back(h.name);
  return all;
}

TEST(TargetOrder, PreferenceDecides) {
  const auto o = order_hosts("b.example", {{20, "MX2.b.example."}, {10, "mx1.b.example"}, {30, "mx3.b.example"}}, nobody, 1);
  EXPECT_EQ(of(o), (names{"mx1.b.example", "mx2.b.example", "mx3.b.example"}));
  EXPECT_EQ(o.problem, host_problem::none);
}

TEST(TargetOrder, EqualOnesAreMixedAndKeepTheirPlace) {
  std::set<names> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto o = order_hosts("b", {{10, "a.b"}, {10, "b.b"}, {10, "c.b"}, {20, "z.b"}, {5, "first.b"}}, nobody, seed);
    ASSERT_EQ(o.hosts.size(), 5u);
    EXPECT_EQ(o.hosts.front().name, "first.b");
    EXPECT_EQ(o.hosts.back().name, "z.b");
    seen.insert(of(o));
    EXPECT_EQ(of(o), of(order_hosts("b", {{20, "z.b"}, {10, "c.b"}, {5, "first.b"}, {10, "b.b"}, {10, "a.b"}}, nobody, seed)));
  }
  EXPECT_EQ(seen.size(), 6u);
}

TEST(TargetOrder, WithoutRecordsTheDomainIsTheHost) {
  const auto o = order_hosts("B.Example", {}, nobody, 1);
  ASSERT_EQ(o.hosts.size(), 1u);
  EXPECT_EQ(o.hosts[0].name, "b.example");
  EXPECT_TRUE(o.hosts[0].implicit);
}

TEST(TargetOrder, NullMxTakesNoMail) {
  EXPECT_EQ(order_hosts("b", {{0, "."}}, nobody, 1).problem, host_problem::null_mx);
  EXPECT_EQ(order_hosts("b", {{0, ""}}, nobody, 1).problem, host_problem::null_mx);
  EXPECT_EQ(of(order_hosts("b", {{0, "."}, {10, "mx.b"}}, nobody, 1)), (names{"mx.b"})) << "RFC 7505 §3: no null MX beside others";
}

TEST(TargetOrder, OurOwnHostCutsTheList) {
  EXPECT_EQ(of(order_hosts("b", {{10, "mx0.b"}, {20, "mx1.here.test"}, {20, "mx9.b"}, {30, "mx2.b"}}, mx1, 1)), (names{"mx0.b"}));
  EXPECT_EQ(order_hosts("b", {{10, "mx1.here.test"}, {30, "mx2.b"}}, mx1, 1).problem, host_problem::loop);
  EXPECT_EQ(order_hosts("mx1.here.test", {}, mx1, 1).problem, host_problem::loop);
}

TEST(TargetOrder, NamesThatAreNoneAreLeftOut) {
  EXPECT_EQ(of(order_hosts("b", {{10, "192.0.2.1"}, {10, "a..b"}, {10, "ho st"}, {11, "mx_1.b"}, {12, std::string(254, 'a')}}, nobody, 1)),
            (names{"mx_1.b"}));
  EXPECT_EQ(order_hosts("b", {{10, "192.0.2.1"}}, nobody, 1).problem, host_problem::no_host);
  EXPECT_EQ(of(order_hosts("b", {{30, "MX.b"}, {10, "mx.b."}}, nobody, 1)), (names{"mx.b"}));
}

TEST(TargetOrder, ManyHostsAreCut) {
  std::vector<mx_record> many;
  for (std::uint16_t i = 0; i < 100; ++i) many.push_back({i, "mx" + std::to_string(i) + ".b"});
  const auto o = order_hosts("b", many, nobody, 1);
  ASSERT_EQ(o.hosts.size(), mail_hosts_max);
  EXPECT_EQ(o.hosts.back().name, "mx19.b");
}

TEST(TargetOrder, FamiliesTakeTurns) {
  const host_addresses a{{"192.0.2.1"}, {"2001:db8::1", "2001:db8::2"}};
  address_rules rules;
  const auto six = order_addresses(a, rules, nobody, 3);
  ASSERT_EQ(six.size(), 3u);
  EXPECT_EQ(six[1], "192.0.2.1");
  rules.families = address_families::ipv4_first;
  EXPECT_EQ(order_addresses(a, rules, nobody, 3)[0], "192.0.2.1");
  rules.families = address_families::ipv4_only;
  EXPECT_EQ(order_addresses(a, rules, nobody, 3), (names{"192.0.2.1"}));
  rules.families = address_families::ipv6_only;
  EXPECT_EQ(order_addresses(a, rules, nobody, 3).size(), 2u);
  rules.families = address_families::ipv6_first;
  rules.addresses_max = 2;
  EXPECT_EQ(order_addresses(a, rules, nobody, 3).size(), 2u);
  EXPECT_TRUE(order_addresses({{"192.0.2.1"}, {}}, rules, [](std::string_view x) { return x == "192.0.2.1"; }, 3).empty());
}

TEST(TargetOrder, AddressesThatNoHostHasAreLeftOut) {
  for (const char* good : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fe80::1", "::ffff:192.0.2.1"}) EXPECT_TRUE(usable_address(good, false)) << good;
  for (const char* bad : {"", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "::ffff:0.0.0.0", "mx.b", "1.2.3", "1.2.3.4.5"})
    EXPECT_FALSE(usable_address(bad, true)) << bad;
  for (const char* own : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_FALSE(usable_address(own, false)) << own;
    EXPECT_TRUE(usable_address(own, true)) << own;
  }
}

} // namespace
} // namespace rookery::delivery
