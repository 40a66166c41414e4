#include "actors/config/config_follower.hpp"
#include "actors/config/delivery_documents.hpp"

#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

const base::secret_box box(std::string(base::sealing_key_octets, 'k'));

dir::document doc(dir::document_kind kind, std::string key, std::string content) {
  dir::document d;
  d.kind = kind;
  d.key = std::move(key);
  d.content = std::move(content);
  return d;
}

json::value patch(std::string_view text) { return *json::parse(text); }

TEST(DeliveryDocuments, NamesHaveOneForm) {
  EXPECT_EQ(canonical_queue("Slow.Lane_2-x"), "slow.lane_2-x");
  for (const auto* bad : {"", "-x", "a b", "a/b", "ä"}) EXPECT_FALSE(canonical_queue(bad)) << bad;
  EXPECT_FALSE(canonical_queue(std::string(65, 'a')));
  EXPECT_EQ(canonical_host("MX.Example.ORG"), "mx.example.org");
  EXPECT_EQ(canonical_host("[192.0.2.1]"), "192.0.2.1");
  EXPECT_EQ(canonical_host("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_host("[IPv6:2001:DB8:0::1]"), "2001:db8::1");
  for (const auto* bad : {"", "a b", "mx:25", "[192.0.2.300]"}) EXPECT_FALSE(canonical_host(bad)) << bad;
  EXPECT_EQ(canonical_domain_pattern("*.Example.ORG"), "*.example.org");
  EXPECT_EQ(canonical_domain_pattern("*"), "*");
  EXPECT_FALSE(canonical_domain_pattern("*example.org"));
  EXPECT_FALSE(canonical_domain_pattern("a.*.org"));
}

TEST(DeliveryDocuments, AQueueIsReadAsItWasWritten) {
  const auto content = change_queue("slow", {}, patch(R"({"host":"Relay.Example.NET","port":587,"tls":"verified","login":"ann",
      "password":"pass word","return_path":"Bounces@Example.org","schedule":"MON-fri 08:00-17:00","frozen":true,
      "connections_max":3,"messages_a_minute":60,"description":"the slow one"})"), &box);
  ASSERT_TRUE(content) << content.error().client.value;
  EXPECT_EQ(content->find("pass word"), std::string::npos) << "never in clear";
  const auto d = doc(dir::document_kind::queue, "slow", *content);
  const auto q = read_queue(d);
  ASSERT_TRUE(q);
  EXPECT_TRUE(q->custom && q->frozen);
  EXPECT_EQ(q->way.host, "relay.example.net");
  EXPECT_EQ(q->way.port, 587);
  EXPECT_EQ(q->way.tls, delivery::tls_use::verified);
  EXPECT_EQ(q->way.login, "ann");
  EXPECT_EQ(box.open(q->way.sealed_password, delivery::password_purpose), "pass word");
  EXPECT_EQ(q->return_path, "bounces@example.org");
  EXPECT_FALSE(q->hours.always());
  EXPECT_EQ(q->limits, (delivery::own_limits{3, 0, 60}));
  const auto shown = json::to_text(show_queue(d));
  EXPECT_NE(shown.find("\"password\":true"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("sealed"), std::string::npos) << shown;
}

TEST(DeliveryDocuments, APasswordStaysUntilItIsReplacedOrTakenAway) {
  const auto first = *change_queue("slow", {}, patch(R"({"host":"h.example","login":"ann","password":"p"})"), &box);
  const auto second = *change_queue("slow", first, patch(R"({"port":26})"), &box);
  EXPECT_EQ(box.open(read_queue(doc(dir::document_kind::queue, "slow", second))->way.sealed_password, delivery::password_purpose), "p");
  EXPECT_FALSE(change_queue("slow", second, patch(R"({"password":null})"), &box)) << "a login without one";
  const auto third = change_queue("slow", second, patch(R"({"password":null,"login":null})"), &box);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->find("sealed"), std::string::npos);
  EXPECT_FALSE(change_queue("slow", {}, patch(R"({"host":"h.example","login":"ann","password":"p"})"), nullptr)) << "no key";
}

TEST(DeliveryDocuments, WhatDoesNotFitIsRefusedByName) {
  struct row { const char *queue, *patch, *named; };
  for (const auto& [queue, text, member] : std::initializer_list<row>{
           {"slow", R"({"host":"a b"})", "host"},
           {"slow", R"({"host":"h","port":0})", "port"},
           {"slow", R"({"host":"h","port":65536})", "port"},
           {"slow", R"({"port":25})", "host"},
           {"slow", R"({"login":"ann","password":"p"})", "host"},
           {"slow", R"({"host":"h","login":"ann"})", "password"},
           {"slow", R"({"host":"h","password":"p"})", "login"},
           {"slow", R"({"host":"h","login":"ann","password":""})", "password"},
           {"slow", R"({"host":"h","login":"ann","password":7})", "password"},
           {"slow", R"({"tls":"sometimes"})", "tls"},
           {"slow", R"({"tls":"never","tls_at_once":true})", "tls"},
           {"slow", R"({"schedule":"now and then"})", "schedule"},
           {"slow", R"({"return_path":"nobody"})", "return_path"},
           {"slow", R"({"sealed_password":"x"})", "sealed_password"},
           {"slow", R"({"frozen":"yes"})", "frozen"},
           {"remote", R"({"host":"h"})", "host"},
           {"remote", R"({"return_path":"a@b"})", "return_path"}}) {
    const auto changed = change_queue(queue, {}, patch(text), &box);
    ASSERT_FALSE(changed) << text;
    EXPECT_EQ(changed.error().client.value.find(member), 0u) << text << ": " << changed.error().client.value;
  }
  EXPECT_TRUE(change_queue("remote", {}, patch(R"({"frozen":true,"schedule":"daily 20:00-06:00"})"), &box));
}

TEST(DeliveryDocuments, RoutesSayHowADomainIsReached) {
  const auto content = change_route({}, patch(R"({"host":"example.net","mx":true,"tls":"required","dane":"required","mta_sts":false,
      "dnssec_required":true,"source_addresses":["192.0.2.7","2001:DB8::7"],"helo_name":"Out.Example.org"})"), &box);
  ASSERT_TRUE(content) << content.error().client.value;
  const auto r = read_route(doc(dir::document_kind::route, "*.example.org", *content));
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->way.mx && r->dnssec_required && !r->mta_sts);
  EXPECT_EQ(r->tls, delivery::tls_use::required);
  EXPECT_EQ(r->dane, delivery::dane_use::required);
  EXPECT_EQ(r->source_addresses, (std::vector<std::string>{"192.0.2.7", "2001:db8::7"}));
  EXPECT_EQ(r->helo_name, "out.example.org");
  EXPECT_FALSE(change_route({}, patch(R"({"host":"h.example","queue":"slow"})"), &box));
  EXPECT_FALSE(change_route({}, patch(R"({"source_addresses":["localhost"]})"), &box));
  EXPECT_FALSE(change_host_login({}, patch(R"({"login":"ann"})"), &box));
  const auto login = change_host_login({}, patch(R"({"login":"ann","password":"p","without_tls":true})"), &box);
  ASSERT_TRUE(login);
  EXPECT_TRUE(read_host_login(doc(dir::document_kind::host_login, "h", *login))->without_tls);
}

// A newer node may write words that this one does not know.
TEST(DeliveryDocuments, UnknownWordsDoNotOpenADoor) {
  EXPECT_EQ(read_route(doc(dir::document_kind::route, "x", R"({"tls":"quantum","dane":"quantum"})"))->tls, delivery::tls_use::verified);
  EXPECT_EQ(read_route(doc(dir::document_kind::route, "x", R"({"dane":"quantum"})"))->dane, delivery::dane_use::required);
  const auto q = read_queue(doc(dir::document_kind::queue, "slow", R"({"schedule":"at full moon"})"));
  EXPECT_FALSE(q->hours.open(base::from_milliseconds(1'700'000'000'000)));
  EXPECT_FALSE(read_queue(doc(dir::document_kind::queue, "slow", "[]")));
}

TEST(DeliveryDocuments, APictureFollowsThem) {
  config_follower follower;
  auto table = std::make_shared<const dir::config_table>();
  const auto change = [&](const std::function<void(dir::config_table::editor&)>& edit) {
    dir::config_table::editor e(*table);
    edit(e);
    table = e.finish(table->version() + 1);
    return follower.follow(table).delivery;
  };
  const auto put = [&](dir::document_kind kind, std::string key, std::string content) {
    return change([&](auto& e) { e.put(std::make_shared<const dir::document>(doc(kind, key, content))); });
  };
  const auto before = put(dir::document_kind::queue, "slow", R"({"frozen":true})");
  EXPECT_TRUE(before->queue("slow")->frozen);
  EXPECT_EQ(put(dir::document_kind::domain, "x", "{}"), before) << "the same picture while nothing of it changes";
  put(dir::document_kind::route, "example.org", R"({"queue":"slow"})");
  const auto later = put(dir::document_kind::host_login, "h", R"({"login":"ann"})");
  EXPECT_EQ(later->route("example.org")->queue, "slow");
  EXPECT_EQ(later->login_for("h")->login, "ann");
  EXPECT_EQ(put(dir::document_kind::route, "example.org", "not JSON")->route("example.org")->queue, "slow");
  EXPECT_EQ(follower.faults().size(), 1u);
  const auto last = change([](auto& e) { e.remove(dir::document_kind::queue, "slow"); });
  EXPECT_FALSE(last->has_queue("slow"));
}

} // namespace
} // namespace rookery::config
