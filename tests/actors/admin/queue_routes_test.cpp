// What is shown of messages in the spool, and done to them.
#include "tests/actors/admin/administration.hpp"

namespace rookery::admin {
namespace {

namespace queue = storage::queue;

class queued : public administration {
protected:
  void accept(std::uint64_t id, std::string sender, std::vector<std::string> recipients, std::string in = "remote") {
    queue::envelope m;
    m.id = base::message_id(id);
    m.sender = std::move(sender);
    m.queue = std::move(in);
    m.received = base::from_milliseconds(1000 - static_cast<std::int64_t>(id) * 100);
    m.prefix = "X: y\r\n";
    m.subject = "Hello";
    for (auto& r : recipients) {
      queue::recipient to;
      to.address = std::move(r);
      to.next_attempt = base::from_milliseconds(9000);
      m.recipients.push_back(std::move(to));
    }
    EXPECT_EQ(node_->put_in_spool({{}, queue::accepted{m}}).what, storage::outcome::done);
  }
  std::optional<queue::envelope> find(std::uint64_t id) { return node_->spool()->find(base::message_id(id)); }
  std::string ids(std::string_view query) {
    std::string out;
    const auto r = ask("GET", "/v1/queue" + std::string(query));
    EXPECT_EQ(r.status, 200u) << text(r);
    if (const auto* items = r.body.get_array("items"))
      for (const auto& one : *items) out += std::string(one.get_string("id").value_or("")).substr(15) + ' ';
    return out;
  }
};

TEST_F(queued, AreListedByWhatIsAsked) {
  accept(1, "ann@a.example", {"bob@x.example", "cem@y.example"});
  accept(2, "", {"bob@x.example"}, "slow");
  accept(3, "eve@b.example", {"dee@y.example"});
  node_->put_in_spool({{}, queue::hold{base::message_id(3), "looks odd"}});
  EXPECT_EQ(ids(""), "1 2 3 ");
  EXPECT_EQ(ids("?queue=slow"), "2 ");
  EXPECT_EQ(ids("?sender=%3C%3E"), "2 ");
  EXPECT_EQ(ids("?sender_domain=A.example"), "1 ");
  EXPECT_EQ(ids("?recipient=bob@x.example"), "1 2 ");
  EXPECT_EQ(ids("?domain=y.example"), "1 3 ");
  EXPECT_EQ(ids("?held=true"), "3 ");
  EXPECT_EQ(ids("?reason=odd"), "3 ");
  EXPECT_EQ(ids("?newer=1h"), "1 2 3 ");
  EXPECT_EQ(ids("?older=1h"), "");
  EXPECT_EQ(ask("GET", "/v1/queue?older=long").status, 422u);
  const auto one = ask("GET", "/v1/queue/0000000000000001");
  EXPECT_EQ(one.body.get_string("subject"), "Hello");
  EXPECT_EQ(one.body.get_string("origin"), "mail");
  EXPECT_EQ(ask("GET", "/v1/queue/9").status, 404u);
  EXPECT_EQ(ask("GET", "/v1/queue/counts").body.get_string("/items/0/queue"), "remote");
}

TEST_F(queued, OneIsChangedByItsId) {
  accept(1, "ann@a.example", {"bob@x.example", "cem@y.example"}, "holding");
  const std::string at = "/v1/queue/1/";
  EXPECT_EQ(ask("POST", at + "hold", R"({"because":"odd"})").status, 200u);
  EXPECT_EQ(find(1)->held_because, "odd");
  EXPECT_EQ(ask("POST", at + "release").status, 200u);
  EXPECT_FALSE(find(1)->held);
  EXPECT_EQ(find(1)->queue, "remote") << "what waited for a word goes on";
  EXPECT_EQ(find(1)->recipients[1].next_attempt, base::wall_time{});
  EXPECT_EQ(ask("POST", at + "redirect", R"({"recipient":"CEM@y.example","address":"dee@z.example"})").status, 200u);
  EXPECT_EQ(find(1)->recipients[1].address, "dee@z.example");
  EXPECT_EQ(find(1)->recipients[0].address, "bob@x.example");
  EXPECT_EQ(ask("POST", at + "redirect", R"({"recipient":"cem@y.example","address":"dee@z.example"})").status, 404u);
  EXPECT_EQ(ask("POST", at + "move", R"({"queue":"quarantine"})").status, 200u);
  EXPECT_EQ(find(1)->queue, "quarantine");
  EXPECT_EQ(ask("POST", at + "move", R"({"queue":"nowhere"})").status, 404u);
  EXPECT_EQ(ask("POST", at + "retry").status, 200u);
  EXPECT_EQ(ask("POST", at + "burn").status, 404u);
  EXPECT_EQ(ask("POST", "/v1/queue/2/retry").status, 404u);
  EXPECT_EQ(ask("DELETE", "/v1/queue/1").status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/queue/1").status, 404u);
  EXPECT_FALSE(find(1));
}

TEST_F(queued, ARouteOfItsOwnHidesItsPassword) {
  accept(1, "ann@a.example", {"bob@x.example"});
  const auto r = ask("POST", "/v1/queue/1/reroute", R"({"host":"Relay.example","port":587,"tls":"verified","login":"ann","password":"pass word"})");
  EXPECT_EQ(r.status, 200u) << text(r);
  const auto route = find(1)->route;
  EXPECT_EQ(route.host, "relay.example");
  EXPECT_EQ(route.tls, queue::route_tls::verified);
  EXPECT_EQ(node_->secrets()->open(route.sealed_password, delivery::password_purpose), "pass word");
  const auto shown = json::to_text(ask("GET", "/v1/queue/1").body);
  EXPECT_NE(shown.find(R"("host":"relay.example")"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("password"), std::string::npos) << shown;
  EXPECT_EQ(ask("POST", "/v1/queue/1/reroute", R"({"host":"a b"})").status, 422u);
  EXPECT_EQ(ask("POST", "/v1/queue/1/reroute", "{}").status, 200u);
  EXPECT_EQ(find(1)->route, queue::message_route{});
}

TEST_F(queued, ManyAreChangedOnlyWhenTheirCountIsConfirmed) {
  for (std::uint64_t id = 1; id <= 9; ++id) accept(id, id % 3 == 0 ? "eve@b.example" : "ann@a.example", {"bob@x.example"});
  const auto remove = [&](std::string_view rest) {
    return ask("POST", "/v1/queue/change", R"({"action":"remove","filter":{"sender":"eve@b.example"})" + std::string(rest) + "}");
  };
  auto r = remove("");
  EXPECT_EQ(r.body.get_integer("matched"), 3);
  EXPECT_EQ(r.body.get_integer("changed"), 0);
  EXPECT_EQ(remove(R"(,"confirm":2)").status, 409u);
  EXPECT_EQ(node_->groups, 0) << "nothing was done yet";
  r = remove(R"(,"confirm":3)");
  EXPECT_EQ(r.body.get_integer("changed"), 3) << text(r);
  EXPECT_EQ(r.body.get_bool("complete"), true);
  EXPECT_EQ(ids(""), "1 2 4 5 7 8 ");
  r = ask("POST", "/v1/queue/change", R"({"action":"redirect","recipient":"bob@x.example","address":"dee@z.example","filter":{},"confirm":6})");
  EXPECT_EQ(r.body.get_integer("changed"), 6);
  EXPECT_EQ(find(8)->recipients[0].address, "dee@z.example");
  for (const auto* bad : {R"({"action":"remove"})", R"({"action":"remove","filter":{"colour":"red"}})", R"({"action":"remove","filter":{"older":"x"}})"})
    EXPECT_EQ(ask("POST", "/v1/queue/change", bad).status, 422u) << bad;
  EXPECT_EQ(ask("POST", "/v1/queue/change", R"({"filter":{}})").status, 404u);
}

TEST_F(queued, ManyThatBreakOffSayHowFarTheyCame) {
  for (std::uint64_t id = 1; id <= 1100; ++id) accept(id, "ann@a.example", {"bob@x.example"});
  node_->groups_taken = 2;
  const auto r = ask("POST", "/v1/queue/change", R"({"action":"hold","because":"all","filter":{},"confirm":1100})");
  EXPECT_EQ(r.status, 200u);
  EXPECT_EQ(r.body.get_bool("complete"), false);
  EXPECT_EQ(r.body.get_integer("changed"), 1000);
  EXPECT_EQ(node_->spool()->counts().at(0).held, 1000u);
}

TEST_F(queued, TheContentIsGivenInPieces) {
  accept(1, "ann@a.example", {"bob@x.example"});
  const auto piece = [&](std::string_view query) {
    const auto r = ask("GET", "/v1/queue/1/content" + std::string(query));
    return r.status == 200 ? std::string(r.body.get_string("content").value_or("?")) : std::to_string(r.status);
  };
  EXPECT_EQ(piece(""), "WDogeQ0KMDEyMzQ1Njc4OQ==") << "X: y, line end, 0123456789";
  EXPECT_EQ(piece("?offset=4&octets=4"), "DQowMQ==");
  EXPECT_EQ(piece("?offset=14"), "ODk=");
  EXPECT_EQ(piece("?offset=16"), "");
  EXPECT_EQ(piece("?offset=17"), "422");
  EXPECT_EQ(ask("GET", "/v1/queue/1/content").body.get_integer("total"), 16);
  EXPECT_EQ(ask("GET", "/v1/queue/2/content").status, 404u);
}

} // namespace
} // namespace rookery::admin
