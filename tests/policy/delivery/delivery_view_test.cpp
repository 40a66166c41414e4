#include "policy/delivery/delivery_view.hpp"

#include <gtest/gtest.h>

namespace rookery::delivery {
namespace {

route_record to(std::string domain) {
  route_record r;
  r.domain = std::move(domain);
  return r;
}

TEST(DeliveryView, TheNearestRouteCounts) {
  delivery_builder b{delivery_view{}};
  for (const char* d : {"example.org", "*.example.org", "*.b.example.org"}) b.put(to(d));
  const auto some = b.finish(1);
  const auto name = [](const auto& view, std::string_view domain) {
    const auto r = view->route(domain);
    return r ? r->domain : std::string("none");
  };
  struct row { const char *domain, *route; };
  for (const auto& [domain, route] : std::initializer_list<row>{{"example.org", "example.org"},
                                                                {"a.example.org", "*.example.org"},
                                                                {"x.a.example.org", "*.example.org"},
                                                                {"b.example.org", "*.example.org"},
                                                                {"x.b.example.org", "*.b.example.org"},
                                                                {"example.net", "none"},
                                                                {"anexample.org", "none"},
                                                                {"org", "none"},
                                                                {"", "none"}})
    EXPECT_EQ(name(some, domain), route) << domain;
  delivery_builder more{*some};
  more.put(to("*"));
  more.remove_route("example.org");
  const auto later = more.finish(2);
  EXPECT_EQ(name(later, "example.net"), "*");
  EXPECT_EQ(name(later, "example.org"), "*");
  EXPECT_EQ(name(some, "example.org"), "example.org") << "the picture before stays as it was";
  EXPECT_EQ(later->version(), 2u);
}

TEST(DeliveryView, LoginsAreFoundByHostAndQueuesByName) {
  delivery_builder b{delivery_view{}};
  host_login l;
  l.host = "*.example.org";
  l.login = "ann";
  b.put(l);
  l.host = "192.0.2.1";
  l.login = "bob";
  b.put(l);
  queue_record q;
  q.name = "slow";
  q.custom = true;
  b.put(q);
  const auto view = b.finish(1);
  EXPECT_EQ(view->login_for("mx.example.org")->login, "ann");
  EXPECT_EQ(view->login_for("example.org"), nullptr);
  EXPECT_EQ(view->login_for("192.0.2.1")->login, "bob");
  EXPECT_TRUE(view->has_queue("slow"));
  EXPECT_TRUE(view->has_queue("quarantine"));
  EXPECT_FALSE(view->has_queue("slower"));
  EXPECT_EQ(view->queue("remote"), nullptr);
  delivery_builder without{*view};
  without.remove_queue("slow");
  without.remove_login("192.0.2.1");
  const auto less = without.finish(2);
  EXPECT_FALSE(less->has_queue("slow"));
  EXPECT_EQ(less->login_for("192.0.2.1"), nullptr);
}

TEST(DeliveryView, EveryBuiltInQueueIsFound) {
  for (const auto name : built_in_queues) EXPECT_TRUE(is_built_in(name)) << name;
  EXPECT_FALSE(is_built_in(""));
  EXPECT_FALSE(is_built_in("Remote"));
}

} // namespace
} // namespace rookery::delivery
