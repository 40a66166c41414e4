#include "actors/config/config_follower.hpp"
#include "actors/config/gateway_documents.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

const base::secret_box box(std::string(base::sealing_key_octets, 'k'));

json::value patch(std::string_view text) { return *json::parse(text); }

dir::document doc(std::string content) {
  dir::document d;
  d.kind = dir::document_kind::gateway;
  d.key = "branch.example";
  d.content = std::move(content);
  return d;
}

TEST(GatewayDocuments, AreReadAsTheyWereWritten) {
  const auto content = change_gateway("branch.example", {}, patch(R"({"host":"Mail.Branch.Example","port":2525,"tls":"verified","login":"ann",
      "password":"pass word","delivery":"on_request","dequeuers":["Shop@Example.org"],"recipient_check":"list",
      "recipients":["Zoe@Branch.example","ann"],"when_unchecked":"accept","description":"the shop"})"), &box);
  ASSERT_TRUE(content) << content.error().client.value;
  EXPECT_EQ(content->find("pass word"), std::string::npos) << "never in clear";
  const auto g = read_gateway(doc(*content));
  ASSERT_TRUE(g);
  EXPECT_EQ(g->domain, "branch.example");
  EXPECT_TRUE(g->on_request);
  EXPECT_EQ(g->way.host, "mail.branch.example");
  EXPECT_EQ(g->way.port, 2525);
  EXPECT_EQ(g->way.tls, delivery::tls_use::verified);
  EXPECT_EQ(box.open(g->way.sealed_password, delivery::password_purpose), "pass word");
  EXPECT_TRUE(g->may_dequeue("shop@example.org"));
  EXPECT_FALSE(g->may_dequeue("other@example.org"));
  EXPECT_EQ(g->check, delivery::recipient_check::list);
  EXPECT_TRUE(g->accept_unchecked);
  delivery::delivery_builder b{delivery::delivery_view{}};
  b.put(*g);
  const auto kept = b.finish(1)->gateway("branch.example");
  EXPECT_TRUE(kept->has_recipient("ZOE"));
  EXPECT_TRUE(kept->has_recipient("ann"));
  EXPECT_FALSE(kept->has_recipient("bob"));
  EXPECT_EQ(kept->queue, "branch.example");
  const auto shown = json::to_text(show_gateway(doc(*content)));
  EXPECT_NE(shown.find("\"password\":true"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("sealed"), std::string::npos) << shown;
}

TEST(GatewayDocuments, SayNothingWhereNothingIsWritten) {
  const auto g = read_gateway(doc("{}"));
  ASSERT_TRUE(g);
  EXPECT_FALSE(g->on_request);
  EXPECT_EQ(g->check, delivery::recipient_check::none);
  EXPECT_FALSE(g->accept_unchecked);
  EXPECT_TRUE(g->way.host.empty());
  EXPECT_FALSE(read_gateway(doc("[")));
  const auto newer = read_gateway(doc(R"({"recipient_check":"by_dice","delivery":"by_pigeon"})"));
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->check, delivery::recipient_check::list) << "rather nobody than everybody";
  EXPECT_TRUE(newer->on_request) << "rather later than wrongly";
}

TEST(GatewayDocuments, RefuseWhatCannotBe) {
  const struct { const char *patch, *names; } rows[] = {
      {R"({"delivery":"sometimes"})", "delivery"},
      {R"({"recipient_check":"all"})", "recipient_check"},
      {R"({"when_unchecked":"maybe"})", "when_unchecked"},
      {R"({"dequeuers":"u1@example.test"})", "dequeuers"},
      {R"({"dequeuers":["no address"]})", "dequeuers"},
      {R"({"recipients":["ann@other.example"]})", "recipients"},
      {R"({"recipients":["@branch.example"]})", "recipients"},
      {R"({"recipients":[""]})", "recipients"},
      {R"({"recipients":[7]})", "recipients"},
      {R"({"port":25})", "host"},
      {R"({"host":"a b"})", "host"},
      {R"({"delivery":"on_request"})", "dequeuers"},
      {R"({"delivery":"on_request","dequeuers":["u1@example.test"],"recipient_check":"call_forward"})", "host"},
      {R"({"host":"h.example","login":"ann"})", "password"},
      {R"({"queue":"mine"})", "queue"}};
  for (const auto& r : rows) {
    SCOPED_TRACE(r.patch);
    const auto got = change_gateway("branch.example", {}, patch(r.patch), &box);
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().client.value.find(r.names), std::string::npos) << got.error().client.value;
  }
  const auto many = change_gateway("branch.example", {}, [] {
    json::value p{json::object{}};
    p.set("dequeuers", json::array(delivery::gateway_dequeuers_max + 1, json::value("u1@example.test")));
    return p;
  }(), &box);
  EXPECT_FALSE(many);
}

TEST(GatewayDocuments, AreFollowed) {
  config_follower follower;
  auto table = std::make_shared<const dir::config_table>();
  const auto change = [&](const std::function<void(dir::config_table::editor&)>& edit) {
    dir::config_table::editor e(*table);
    edit(e);
    table = e.finish(table->version() + 1);
    return follower.follow(table).delivery;
  };
  const auto put = [&](std::string content) {
    return change([&](auto& e) { e.put(std::make_shared<const dir::document>(doc(content))); });
  };
  ASSERT_NE(put(R"({"host":"a.example"})")->gateway("branch.example"), nullptr);
  EXPECT_EQ(put(R"({"host":"b.example"})")->gateway("branch.example")->way.host, "b.example");
  EXPECT_EQ(put("[")->gateway("branch.example")->way.host, "b.example") << "one that cannot be read stays as it was";
  EXPECT_EQ(follower.faults().size(), 1u);
  const auto gone = change([](auto& e) { e.remove(dir::document_kind::gateway, "branch.example"); });
  EXPECT_EQ(gone->gateway("branch.example"), nullptr);
}

} // namespace
} // namespace rookery::config
