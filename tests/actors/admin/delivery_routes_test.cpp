// Queues, routes, host logins and gateways over the administration.
#include "tests/actors/admin/administration.hpp"

namespace rookery::admin {
namespace {

class ways : public administration {
protected:
  json::value row(std::string_view name) {
    const auto r = ask("GET", "/v1/queues");
    for (const auto& one : *r.body.get_array("items"))
      if (one.get_string("name") == name) return one;
    return {};
  }
};

TEST_F(ways, ACustomQueueLivesFromAddToRemove) {
  auto r = ask("POST", "/v1/queues", R"({"name":"Slow","host":"relay.example","login":"ann","password":"pass word","schedule":"mon-fri"})");
  EXPECT_EQ(r.status, 201u) << text(r);
  EXPECT_EQ(r.body.get_string("name"), "slow");
  EXPECT_EQ(r.body.get_bool("password"), true);
  EXPECT_EQ(json::to_text(r.body).find("pass word"), std::string::npos);
  EXPECT_EQ(node_->table()->find(dir::document_kind::queue, "slow")->content.find("pass word"), std::string::npos);
  EXPECT_EQ(ask("POST", "/v1/queues", R"({"name":"slow"})").status, 409u);
  EXPECT_EQ(ask("PATCH", "/v1/queues/slow", R"({"port":26})").body.get_integer("port"), 26);
  EXPECT_EQ(ask("PATCH", "/v1/queues/slow", R"({"port":0})").status, 422u);
  EXPECT_EQ(row("slow").get_bool("custom"), true);

  EXPECT_EQ(ask("POST", "/v1/routes", R"({"domain":"Example.ORG","queue":"slow"})").status, 201u);
  EXPECT_EQ(ask("DELETE", "/v1/queues/slow").status, 409u) << "a route leads there";
  EXPECT_EQ(ask("DELETE", "/v1/routes/example.org").status, 200u);
  storage::queue::envelope m;
  m.id = base::message_id(1);
  m.queue = "slow";
  m.recipients.resize(1);
  m.recipients[0].address = "bob@example.org";
  node_->put_in_spool({{}, storage::queue::accepted{m}});
  EXPECT_EQ(row("slow").get_integer("messages"), 1);
  EXPECT_EQ(ask("DELETE", "/v1/queues/slow").status, 409u) << "mail waits there";
  EXPECT_EQ(ask("POST", "/v1/queue/1/move", R"({"queue":"remote"})").status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/queues/slow").status, 200u);
  EXPECT_EQ(ask("GET", "/v1/queues/slow").status, 404u);
}

TEST_F(ways, BuiltInQueuesAreAlwaysThere) {
  EXPECT_EQ(ask("GET", "/v1/queues").body.get_array("items")->size(), delivery::built_in_queues.size());
  EXPECT_EQ(row("remote").get_bool("frozen"), false);
  EXPECT_EQ(ask("POST", "/v1/queues", R"({"name":"remote"})").status, 409u);
  EXPECT_EQ(ask("POST", "/v1/queues/remote/freeze").body.get_bool("frozen"), true);
  EXPECT_EQ(row("remote").get_bool("frozen"), true);
  EXPECT_EQ(ask("PATCH", "/v1/queues/remote", R"({"schedule":"daily 20:00-06:00"})").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/queues/remote/unfreeze").body.get_bool("frozen"), false);
  EXPECT_TRUE(row("remote").get_string("schedule")) << "freezing leaves the rest as it is";
  EXPECT_EQ(ask("PATCH", "/v1/queues/retry", R"({"description":"again"})").status, 200u) << "nothing was written of it before";
  EXPECT_EQ(ask("PATCH", "/v1/queues/retry", R"({"host":"h.example"})").status, 422u);
  EXPECT_EQ(ask("POST", "/v1/queues/nowhere/freeze").status, 404u);
  EXPECT_EQ(ask("DELETE", "/v1/queues/remote").status, 200u) << "back to how it was made";
  EXPECT_EQ(ask("GET", "/v1/queues/remote").status, 200u);
}

TEST_F(ways, RoutesAndHostLogins) {
  EXPECT_EQ(ask("POST", "/v1/routes", R"({"domain":"*.example.org","host":"192.0.2.1","port":2525})").status, 201u);
  EXPECT_EQ(ask("POST", "/v1/routes", R"({"domain":"x.example","queue":"nowhere"})").status, 404u);
  EXPECT_EQ(ask("PATCH", "/v1/routes/%2A.example.org", R"({"dane":"required"})").body.get_string("dane"), "required");
  EXPECT_EQ(ask("GET", "/v1/routes").body.get_string("/items/0/domain"), "*.example.org");
  EXPECT_EQ(ask("POST", "/v1/host-logins", R"({"host":"Relay.example","login":"ann"})").status, 422u);
  EXPECT_EQ(ask("POST", "/v1/host-logins", R"({"host":"Relay.example","login":"ann","password":"p"})").status, 201u);
  const auto all = json::to_text(ask("GET", "/v1/host-logins").body);
  EXPECT_NE(all.find(R"("host":"relay.example")"), std::string::npos) << all;
  EXPECT_EQ(all.find("sealed"), std::string::npos) << all;
  EXPECT_EQ(ask("DELETE", "/v1/host-logins/relay.example").status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/host-logins/relay.example").status, 404u);
  EXPECT_EQ(ask("GET", "/v1/history?limit=1").body.get_string("/items/0/lines/0/kind"), "host-login");
}

TEST_F(ways, AGatewayHasAQueueOfItsOwn) {
  EXPECT_EQ(ask("POST", "/v1/domains", R"({"name":"ours.example"})").status, 201u);
  EXPECT_EQ(ask("POST", "/v1/gateways", R"({"domain":"ours.example"})").status, 409u);
  auto r = ask("POST", "/v1/gateways", R"({"domain":"Branch.Example","host":"inner.example","login":"ann","password":"pass word"})");
  EXPECT_EQ(r.status, 201u) << text(r);
  EXPECT_EQ(r.body.get_string("queue"), "branch.example");
  EXPECT_EQ(text(r).find("pass word"), std::string::npos);
  EXPECT_EQ(text(r).find("sealed"), std::string::npos);
  EXPECT_EQ(ask("POST", "/v1/gateways", R"({"domain":"branch.example"})").status, 409u);
  EXPECT_EQ(ask("POST", "/v1/gateways", R"({"domain":"no domain"})").status, 422u);
  EXPECT_EQ(ask("POST", "/v1/domains", R"({"name":"branch.example"})").status, 409u);
  EXPECT_EQ(ask("PATCH", "/v1/gateways/branch.example", R"({"recipient_check":"list","recipients":["ann@branch.example"]})").body.get_string("/recipients/0"), "ann");
  EXPECT_EQ(ask("PATCH", "/v1/gateways/branch.example", R"({"delivery":"on_request","host":null,"login":null,"password":null})").status, 422u) << "nobody could have the mail";

  EXPECT_EQ(row("branch.example").get_integer("messages"), 0);
  EXPECT_EQ(ask("POST", "/v1/queues/branch.example/freeze").body.get_bool("frozen"), true);
  EXPECT_EQ(ask("PATCH", "/v1/queues/branch.example", R"({"schedule":"mon-fri"})").status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/queues/branch.example").status, 200u) << "back to how it was made";
  EXPECT_EQ(ask("GET", "/v1/queues/branch.example").status, 200u);
  EXPECT_EQ(ask("PATCH", "/v1/queues/branch.example", R"({"description":"the branch"})").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/routes", R"({"domain":"x.example","queue":"branch.example"})").status, 201u);

  storage::queue::envelope m;
  m.id = base::message_id(1);
  m.queue = "remote";
  m.recipients.resize(1);
  m.recipients[0].address = "ann@branch.example";
  node_->put_in_spool({{}, storage::queue::accepted{m}});
  EXPECT_EQ(ask("POST", "/v1/queue/1/move", R"({"queue":"branch.example"})").status, 200u);
  EXPECT_EQ(ask("GET", "/v1/gateways/branch.example").body.get_integer("messages"), 1);
  EXPECT_EQ(ask("DELETE", "/v1/gateways/branch.example").status, 409u) << "mail waits for it";
  EXPECT_EQ(ask("DELETE", "/v1/queue/1").status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/gateways/branch.example").status, 200u);
  EXPECT_EQ(ask("GET", "/v1/gateways/branch.example").status, 404u);
  EXPECT_EQ(ask("POST", "/v1/domains", R"({"name":"branch.example"})").status, 201u);
  EXPECT_EQ(ask("GET", "/v1/history?limit=2").body.get_string("/items/1/lines/0/kind"), "gateway");
}

TEST_F(ways, DestinationsArePausedAndTriedByName) {
  EXPECT_EQ(ask("GET", "/v1/destinations?limit=1").body.get_string("next"), "a.example");
  EXPECT_EQ(ask("GET", "/v1/destinations?after=a.example").body.get_string("/items/0/destination"), "b.example");
  EXPECT_EQ(ask("POST", "/v1/destinations/a.example/pause", R"({"because":"they asked"})").body.get_integer("messages"), 7);
  EXPECT_EQ(node_->questions.back().what, destination_question::verb::pause);
  EXPECT_EQ(node_->questions.back().destination, "a.example");
  EXPECT_EQ(node_->questions.back().because, "they asked");
  EXPECT_EQ(ask("POST", "/v1/destinations/a.example/resume").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/destinations/a.example/retry").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/destinations/a.example/burn").status, 404u);
  EXPECT_EQ(node_->questions.size(), 5u);
}

} // namespace
} // namespace rookery::admin
