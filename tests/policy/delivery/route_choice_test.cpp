#include "policy/delivery/route_choice.hpp"

#include <gtest/gtest.h>

namespace rookery::delivery {
namespace {

relay host(std::string name, std::uint16_t port = 25) {
  relay r;
  r.host = std::move(name);
  r.port = port;
  return r;
}

/// A custom queue "shop" through shop.relay, "plain" without a host; routes for a.example (own MX, verified),
/// *.b.example (through relay.b), c.example (queue shop), mx.example (the MX of other.example).
std::shared_ptr<const delivery_view> view() {
  delivery_builder b{delivery_view{}};
  queue_record shop;
  shop.name = "shop";
  shop.custom = true;
  shop.way = host("shop.relay", 587);
  shop.way.login = "shop";
  shop.way.sealed_password = "sealed";
  shop.way.tls = tls_use::required;
  shop.return_path = "bounces@here.example";
  shop.limits.connections = 3;
  b.put(shop);
  queue_record plain;
  plain.name = "plain";
  plain.custom = true;
  b.put(plain);
  route_record a;
  a.domain = "a.example";
  a.tls = tls_use::verified;
  a.limits = {2, 0, 60};
  b.put(a);
  route_record below;
  below.domain = "*.b.example";
  below.way = host("relay.b");
  b.put(below);
  route_record c;
  c.domain = "c.example";
  c.queue = "shop";
  b.put(c);
  route_record mx;
  mx.domain = "mx.example";
  mx.way = host("other.example");
  mx.way.mx = true;
  b.put(mx);
  host_login l;
  l.host = "*.isp.example";
  l.login = "customer";
  l.sealed_password = "s2";
  b.put(l);
  return b.finish(1);
}

TEST(RouteChoice, TheNearestWordWins) {
  const auto v = view();
  const auto smart = host("smart.isp.example", 587);
  auto own = host("192.0.2.7", 2525);
  own.login = "ann";
  own.sealed_password = "x";
  struct row {
    const char *domain, *queue;
    bool ours, with_own, with_smart;
    const char* key;
  };
  const row rows[] = {
      {"x.example", "remote", false, false, false, "x.example"},
      {"x.example", "retry", false, false, false, "x.example"},
      {"x.example", "remote", false, false, true, "[smart.isp.example]:587"},
      {"a.example", "remote", false, false, false, "a.example tls=verified"},
      {"a.example", "remote", false, false, true, "a.example tls=verified"},
      {"sub.b.example", "remote", false, false, true, "[relay.b]:25"},
      {"b.example", "remote", false, false, false, "b.example"},
      {"c.example", "remote", false, false, false, "[shop.relay]:587 tls=required login=shop"},
      {"x.example", "shop", false, false, true, "[shop.relay]:587 tls=required login=shop"},
      {"x.example", "plain", false, false, false, "x.example"},
      {"sub.b.example", "plain", false, false, false, "[relay.b]:25"},
      {"mx.example", "remote", false, false, false, "other.example"},
      {"[192.0.2.1]", "remote", false, false, false, "[192.0.2.1]:25"},
      {"[IPv6:2001:db8::1]", "remote", false, false, false, "[2001:db8::1]:25"},
      {"[192.0.2.1]", "remote", false, false, true, "[smart.isp.example]:587"},
      {"here.example", "inbound", true, false, true, "local"},
      {"here.example", "remote", true, true, false, "[192.0.2.7]:2525 login=ann #87500cfd"},
      {"c.example", "shop", false, true, true, "[192.0.2.7]:2525 login=ann #87500cfd"},
  };
  for (const auto& r : rows) {
    const auto w = choose(*v, {r.domain, r.ours, r.queue, r.with_own ? &own : nullptr}, r.with_smart ? smart : relay{});
    EXPECT_EQ(w.key, r.key) << r.domain << ' ' << r.queue;
  }
}

TEST(RouteChoice, TellsTheRestOfTheWay) {
  const auto v = view();
  const auto shop = choose(*v, {"c.example", false, "remote"}, {});
  EXPECT_EQ(shop.queue, "shop");
  EXPECT_EQ(shop.return_path, "bounces@here.example");
  EXPECT_EQ(shop.limits.connections, 3u);
  EXPECT_EQ(shop.what, way::kind::host);
  EXPECT_EQ(shop.tls, tls_use::required);
  EXPECT_EQ(choose(*v, {"c.example", false, "shop"}, {}).queue, "");
  const auto a = choose(*v, {"a.example", false, "remote"}, {});
  EXPECT_EQ(a.what, way::kind::mx);
  EXPECT_EQ(a.domain, "a.example");
  EXPECT_EQ(a.limits.messages_a_minute, 60u);
  ASSERT_NE(a.route, nullptr);
  const auto other = choose(*v, {"mx.example", false, "remote"}, {});
  EXPECT_EQ(other.domain, "other.example") << "its policies count";
  EXPECT_EQ(other.what, way::kind::mx);
}

TEST(RouteChoice, AGatewayComesBeforeRoutesAndTheSmartHost) {
  delivery_builder b{*view()};
  gateway_record g;
  g.domain = "c.example"; // has a route into the queue "shop"
  g.way = host("inner.c");
  b.put(g);
  g = {};
  g.domain = "backup.example";
  b.put(g);
  g.domain = "held.example";
  g.on_request = true;
  b.put(g);
  const auto v = b.finish(2);
  const auto smart = host("smart.isp");
  const auto c = choose(*v, {"c.example", false, "remote"}, smart);
  EXPECT_EQ(c.key, "gateway:c.example");
  EXPECT_EQ(c.hop.host, "inner.c");
  EXPECT_EQ(c.what, way::kind::host);
  EXPECT_FALSE(c.on_request);
  const auto backup = choose(*v, {"backup.example", false, "backup.example"}, smart);
  EXPECT_EQ(backup.key, "gateway:backup.example");
  EXPECT_EQ(backup.what, way::kind::mx);
  EXPECT_EQ(backup.domain, "backup.example") << "to the hosts before us, not to the smart host";
  EXPECT_TRUE(choose(*v, {"held.example", false, "held.example"}, smart).on_request);
  EXPECT_EQ(choose(*v, {"x.held.example", false, "remote"}, smart).gateway, "") << "only the domain itself";
  auto own = host("elsewhere");
  EXPECT_EQ(choose(*v, {"held.example", false, "held.example", &own}, smart).key, "[elsewhere]:25");
  EXPECT_EQ(choose(*v, {"held.example", false, "shop"}, smart).key, choose(*v, {"x.example", false, "shop"}, smart).key) << "moved by hand";
  EXPECT_EQ(choose(*v, {"held.example", true, "remote"}, smart).key, "local");
  route_question q{"held.example", false, "held.example"};
  q.require_tls = true;
  EXPECT_EQ(choose(*v, q, smart).key, "gateway:held.example requiretls");
  EXPECT_TRUE(v->has_queue("held.example"));
  EXPECT_FALSE(v->has_queue("x.held.example"));
  delivery_builder less{*v};
  less.remove_gateway("held.example");
  EXPECT_EQ(less.finish(3)->gateway("held.example"), nullptr);
}

TEST(RouteChoice, WishesOfTheMessageMakeAnotherDestination) {
  const auto v = view();
  route_question q{"x.example", false, "remote"};
  q.require_tls = true;
  q.tls_optional = true;
  EXPECT_EQ(choose(*v, q, {}).key, "x.example requiretls");
  EXPECT_TRUE(choose(*v, q, {}).require_tls);
  EXPECT_FALSE(choose(*v, q, {}).tls_optional) << "RFC 8689 §4.1: REQUIRETLS wins";
  q.require_tls = false;
  q.dnssec_required = true;
  EXPECT_EQ(choose(*v, q, {}).key, "x.example tls-optional dnssec");
  q.dnssec_requested = true;
  EXPECT_EQ(choose(*v, q, {}).key, "x.example tls-optional dnssec");
  EXPECT_FALSE(choose(*v, q, {}).dnssec_requested);
  q.dnssec_required = false;
  EXPECT_EQ(choose(*v, q, {}).key, "x.example tls-optional dnssec-wanted");
  EXPECT_TRUE(choose(*v, q, {}).dnssec_requested);
}

TEST(RouteChoice, AnotherPasswordIsAnotherWay) {
  const auto v = view();
  auto one = host("h"), two = host("h");
  one.login = two.login = "ann";
  one.sealed_password = "1";
  two.sealed_password = "2";
  EXPECT_NE(choose(*v, {"x", false, "remote", &one}, {}).key, choose(*v, {"x", false, "remote", &two}, {}).key);
  EXPECT_EQ(choose(*v, {"x", false, "remote", &one}, {}).key, choose(*v, {"y", false, "shop", &one}, {}).key);
}

TEST(RouteChoice, LoginsByHostFillIn) {
  const auto v = view();
  const auto w = choose(*v, {"x.example", false, "remote"}, host("smart.isp.example"));
  EXPECT_EQ(login_for(*v, w, "smart.isp.example")->name, "customer");
  EXPECT_FALSE(login_for(*v, w, "isp.example"));
  const auto shop = choose(*v, {"c.example", false, "remote"}, {});
  EXPECT_EQ(login_for(*v, shop, "smart.isp.example")->name, "shop") << "its own comes first";
}

TEST(RouteChoice, RecipientsMayAskForTls) {
  EXPECT_EQ(without_require_tls("ann+requiretls@b.example"), "ann@b.example");
  EXPECT_EQ(without_require_tls("ann+lists+RequireTLS@b.example"), "ann+lists@b.example");
  EXPECT_EQ(without_require_tls("ann+requiretls+x@b.example"), "ann+x@b.example");
  for (const char* no : {"ann@b.example", "requiretls@b.example", "ann+requiretlsx@b", "+requiretls@b", "ann+requiretls", ""})
    EXPECT_FALSE(without_require_tls(no)) << no;
}

TEST(HomeWay, has_a_name_of_its_own) {
  const auto w = home_way(4);
  EXPECT_EQ(w.what, way::kind::home);
  EXPECT_EQ(w.key, "home:4");
  EXPECT_EQ(home_of_key(w.key), 4u);
  for (const auto* other : {"local", "home:", "home:x", "home.example", "[home]:25", "home:4 lmtp"}) EXPECT_FALSE(home_of_key(other)) << other;
}

} // namespace
} // namespace rookery::delivery
