// Requests that go to every volume of a cluster, and the one answer made of theirs.
#include "actors/admin/cluster_orders.hpp"

#include "protocols/json/value.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace rookery::admin {
namespace {

/// Volumes 4, 6 and 8, each with answers by "METHOD target"; what is not written is 404.
class cluster {
public:
  std::map<std::uint64_t, std::map<std::string, std::string>> says{{4, {}}, {6, {}}, {8, {}}};
  std::map<std::uint64_t, std::string> down;
  std::vector<std::string> asked;

  std::vector<volume_answer> operator()(const request& r, std::optional<std::uint64_t> only) {
    std::string line = r.method;
    for (const auto& segment : r.path) line += (&segment == &r.path.front() ? " " : "/") + segment;
    if (const auto* c = r.body.find("confirm")) line += "=" + json::to_text(*c);
    std::vector<volume_answer> out;
    for (const auto& [id, answers] : says) {
      if (only && *only != id) continue;
      asked.push_back(std::to_string(id) + ": " + line);
      volume_answer a{id, "mail" + std::to_string(id), {}};
      if (const auto gone = down.find(id); gone != down.end()) a.said = refusal(base::make_error(base::error_kind::try_later, gone->second));
      else if (const auto found = answers.find(line); found == answers.end()) a.said = refusal(base::make_error(base::error_kind::not_found, "not here"));
      else a.said.body = json::parse(found->second).value();
      out.push_back(std::move(a));
    }
    return out;
  }
};

class ClusterOrders : public ::testing::Test {
protected:
  std::optional<response> ask(std::string method, std::string_view target, std::string_view body = {}) {
    request what;
    what.method = std::move(method);
    EXPECT_TRUE(parse_target(target, what));
    if (!body.empty()) what.body = json::parse(body).value();
    return ask_volumes(what, [this](const request& r, std::optional<std::uint64_t> only) { return of_(r, only); });
  }
  /// "4:1 6:2": the rows' volumes and last characters of their keys.
  static std::string rows(const response& r, const char* key) {
    std::string out;
    const auto* items = r.body.get_array("items");
    for (const auto& i : items != nullptr ? *items : json::array{}) {
      const auto k = std::string(i.get_string(key).value_or("?"));
      out += (out.empty() ? "" : " ") + std::to_string(i.get_unsigned("volume").value_or(0)) + ":" + k;
    }
    return out;
  }
  static std::string text(const response& r) { return std::string(r.body.get_string("/error/text").value_or("")); }
  static std::string unreached(const response& r) {
    std::string out;
    const auto* items = r.body.get_array("unreached");
    for (const auto& i : items != nullptr ? *items : json::array{}) out += std::to_string(i.get_unsigned("volume").value_or(0)) + " " + std::string(i.get_string("text").value_or(""));
    return out;
  }
  cluster of_;
};

std::string page(std::string_view ids, std::string_view next = "") {
  std::string items;
  for (const char id : ids) items += (items.empty() ? "" : ",") + std::string(R"({"id":")") + id + R"("})";
  return R"({"items":[)" + items + R"(],"next":)" + (next.empty() ? "null" : "\"" + std::string(next) + "\"") + R"(,"total":)" + std::to_string(ids.size()) + "}";
}

TEST(ClusterOrder, IsWhatConcernsVolumesAlone) {
  const auto is = [](const char* method, const char* target) {
    request r;
    r.method = method;
    EXPECT_TRUE(parse_target(target, r));
    return is_for_volumes(r);
  };
  EXPECT_TRUE(is("GET", "/v1/queue"));
  EXPECT_TRUE(is("POST", "/v1/queue/change"));
  EXPECT_TRUE(is("POST", "/v1/queue/0123/hold"));
  EXPECT_TRUE(is("GET", "/v1/chat/sessions"));
  EXPECT_TRUE(is("DELETE", "/v1/queues/slow"));
  EXPECT_FALSE(is("POST", "/v1/queues")) << "the configuration is everybody's";
  EXPECT_FALSE(is("POST", "/v1/queues/slow/freeze"));
  EXPECT_FALSE(is("GET", "/v2/queue"));
  EXPECT_FALSE(is("GET", "/v1/accounts"));
  EXPECT_FALSE(is_for_volumes({}));
}

TEST(ClusterOrder, ThatNamesAVolumeIsRefusedWhereThereAreNone) {
  const auto refused = [](const char* target) {
    request r;
    r.method = "GET";
    EXPECT_TRUE(parse_target(target, r));
    return refusal_without_cluster(r);
  };
  EXPECT_FALSE(refused("/v1/queue"));
  const auto no = refused("/v1/queue?volume=99");
  ASSERT_TRUE(no);
  EXPECT_EQ(no->status, 404);
  EXPECT_EQ(no->body.get_string("/error/text"), "there is no such volume: this node belongs to no cluster");
}

TEST_F(ClusterOrders, RowsOfAllComeInOneOrderAndSayWhose) {
  of_.says[4]["GET v1/queue"] = page("ad");
  of_.says[6]["GET v1/queue"] = page("bc");
  of_.says[8]["GET v1/queue"] = page("");
  const auto r = ask("GET", "/v1/queue");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 200u);
  EXPECT_EQ(rows(*r, "id"), "4:a 6:b 6:c 4:d");
  EXPECT_EQ(r->body.get_string("/items/0/node"), "mail4");
  EXPECT_EQ(r->body.get_unsigned("total"), 4u);
  EXPECT_TRUE(r->body.find("next")->is_null());
  EXPECT_EQ(r->body.find("unreached"), nullptr);
}

TEST_F(ClusterOrders, APageEndsWhereTheFirstOfThemEnds) {
  of_.says[4]["GET v1/queue"] = page("ab", "b");
  of_.says[6]["GET v1/queue"] = page("cd");
  of_.says[8]["GET v1/queue"] = page("", "c");
  auto r = ask("GET", "/v1/queue");
  EXPECT_EQ(rows(*r, "id"), "4:a 4:b") << "behind b volume 4 may have something before c";
  EXPECT_EQ(r->body.get_string("next"), "b");
  of_.says[4]["GET v1/queue"] = page("", "a");
  r = ask("GET", "/v1/queue");
  EXPECT_EQ(rows(*r, "id"), "");
  EXPECT_EQ(r->body.get_string("next"), "a") << "a filter that matches little goes on";
}

TEST_F(ClusterOrders, APageHasAsMuchAsWasAskedForAndRowsOfOneKeyTogether) {
  of_.says[4]["GET v1/queue"] = page("ac");
  of_.says[6]["GET v1/queue"] = page("bc");
  of_.says[8]["GET v1/queue"] = page("d");
  auto r = ask("GET", "/v1/queue?limit=2");
  EXPECT_EQ(rows(*r, "id"), "4:a 6:b");
  EXPECT_EQ(r->body.get_string("next"), "b");
  r = ask("GET", "/v1/queue?limit=3");
  EXPECT_EQ(rows(*r, "id"), "4:a 6:b 4:c 6:c");
  EXPECT_EQ(r->body.get_string("next"), "c");
  r = ask("GET", "/v1/queue?limit=4");
  EXPECT_EQ(r->body.get_string("next"), "c");
  r = ask("GET", "/v1/queue?limit=5");
  EXPECT_TRUE(r->body.find("next")->is_null());
}

TEST_F(ClusterOrders, RoomsAreInTheOrderOfTheirDomains) {
  of_.says[4]["GET v1/chat/rooms"] = R"({"items":[{"room":"z@a.test"}],"next":"z@a.test"})";
  of_.says[6]["GET v1/chat/rooms"] = R"({"items":[{"room":"b@b.test"}],"next":null})";
  of_.says[8]["GET v1/chat/rooms"] = R"({"items":[{"room":"y@a.test"}],"next":null})";
  const auto r = ask("GET", "/v1/chat/rooms");
  EXPECT_EQ(rows(*r, "room"), "8:y@a.test 4:z@a.test");
  EXPECT_EQ(r->body.get_string("next"), "z@a.test");
}

TEST_F(ClusterOrders, ARoomIsMadeWhereItsDomainIsAtHome) {
  of_.says[6]["POST v1/chat/rooms"] = R"({"room":"a@b.test"})";
  of_.down[8] = "the node cannot be reached";
  auto r = ask("POST", "/v1/chat/rooms", R"({"room":"a@b.test"})");
  EXPECT_EQ(r->status, 200u);
  EXPECT_EQ(r->body.get_string("node"), "mail6");
  EXPECT_EQ(r->body.get_unsigned("volume"), 6u);
  // Nobody of those who answer: it may belong to the one that does not.
  of_.says[6].clear();
  r = ask("POST", "/v1/chat/rooms", R"({"room":"a@b.test"})");
  EXPECT_EQ(r->status, 503u);
  EXPECT_NE(text(*r).find("not asked was volume 8 on mail8"), std::string::npos) << text(*r);
  of_.down.clear();
  EXPECT_EQ(ask("POST", "/v1/chat/rooms", "{}")->status, 404u);
  EXPECT_EQ(ask("POST", "/v1/chat/rooms?volume=5", "{}")->status, 503u) << "there is no such volume";
}

TEST_F(ClusterOrders, WhatCannotBeAskedIsNamed) {
  of_.says[4]["GET v1/queue"] = page("a");
  of_.says[8]["GET v1/queue"] = page("b");
  of_.down[6] = "the node cannot be reached";
  auto r = ask("GET", "/v1/queue");
  EXPECT_EQ(r->status, 200u);
  EXPECT_EQ(rows(*r, "id"), "4:a 8:b");
  EXPECT_EQ(unreached(*r), "6 the node cannot be reached");
  of_.down[4] = of_.down[8] = "gone";
  r = ask("GET", "/v1/queue");
  EXPECT_EQ(r->status, 503u);
  EXPECT_EQ(text(*r), "volume 4 on mail4: gone");
}

TEST_F(ClusterOrders, ARefusalOfOneIsTheAnswer) {
  of_.says[4]["GET v1/destinations"] = R"({"items":[],"next":null,"total":0})";
  const auto r = ask("GET", "/v1/destinations");
  EXPECT_EQ(r->status, 404u);
  EXPECT_EQ(text(*r), "not here");
}

TEST_F(ClusterOrders, AMessageIsShownAndChangedWhereItIs) {
  of_.says[6]["GET v1/queue/1f"] = R"({"id":"1f"})";
  of_.says[6]["POST v1/queue/1f/hold"] = R"({"held":true})";
  auto r = ask("GET", "/v1/queue/1f");
  EXPECT_EQ(r->body.get_string("node"), "mail6");
  EXPECT_EQ(r->body.get_unsigned("volume"), 6u);
  of_.asked.clear();
  r = ask("POST", "/v1/queue/1f/hold", R"({"because":"odd"})");
  EXPECT_EQ(r->body.get_bool("held"), true);
  EXPECT_EQ(of_.asked.back(), "6: POST v1/queue/1f/hold");
  EXPECT_EQ(std::count(of_.asked.begin(), of_.asked.end(), "4: POST v1/queue/1f/hold"), 0) << "nothing is done where it is not";
  of_.says[6]["GET v1/queue/1f/content"] = R"({"total":1})";
  EXPECT_EQ(ask("GET", "/v1/queue/1f/content")->body.get_unsigned("total"), 1u);
  EXPECT_EQ(ask("DELETE", "/v1/queue/2f")->status, 404u);
}

TEST_F(ClusterOrders, AMessageThatMayBeWhereNobodyCouldAskIsNotCalledMissing) {
  of_.down[8] = "the node cannot be reached";
  const auto r = ask("GET", "/v1/queue/1f");
  EXPECT_EQ(r->status, 503u);
  EXPECT_EQ(text(*r), "it is not in the volumes that could be asked; not asked was volume 8 on mail8: the node cannot be reached");
}

TEST_F(ClusterOrders, OfTwoMessagesOfOneNumberTheVolumeIsWanted) {
  of_.says[4]["GET v1/queue/1f"] = of_.says[8]["GET v1/queue/1f"] = R"({"id":"1f"})";
  of_.says[8]["DELETE v1/queue/1f"] = "{}";
  const auto r = ask("DELETE", "/v1/queue/1f");
  EXPECT_EQ(r->status, 409u);
  EXPECT_NE(text(*r).find("volume=8"), std::string::npos) << text(*r);
  EXPECT_EQ(ask("DELETE", "/v1/queue/1f?volume=8")->status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/queue/1f?volume=6")->status, 404u);
  EXPECT_EQ(ask("DELETE", "/v1/queue/1f?volume=5")->status, 404u) << "there is no such volume";
  EXPECT_EQ(ask("DELETE", "/v1/queue/1f?volume=x")->status, 422u);
}

TEST_F(ClusterOrders, ManyAreCountedInAllAndConfirmedInEach) {
  of_.says[4]["POST v1/queue/change"] = R"({"matched":2,"changed":0,"complete":false})";
  of_.says[6]["POST v1/queue/change"] = R"({"matched":0,"changed":0,"complete":false})";
  of_.says[8]["POST v1/queue/change"] = R"({"matched":3,"changed":0,"complete":false})";
  of_.says[4]["POST v1/queue/change=2"] = R"({"matched":2,"changed":2,"complete":true})";
  of_.says[8]["POST v1/queue/change=3"] = R"({"matched":3,"changed":3,"complete":true})";
  auto r = ask("POST", "/v1/queue/change", R"({"action":"hold","filter":{}})");
  EXPECT_EQ(r->body.get_unsigned("matched"), 5u);
  EXPECT_EQ(r->body.get_unsigned("changed"), 0u);
  r = ask("POST", "/v1/queue/change", R"({"action":"hold","filter":{},"confirm":4})");
  EXPECT_EQ(r->status, 409u);
  r = ask("POST", "/v1/queue/change", R"({"action":"hold","filter":{},"confirm":5})");
  EXPECT_EQ(r->body.get_unsigned("changed"), 5u);
  EXPECT_EQ(r->body.get_bool("complete"), true);
  // One of them changed meanwhile, behind another that is done.
  of_.says[8].erase("POST v1/queue/change=3");
  r = ask("POST", "/v1/queue/change", R"({"action":"hold","filter":{},"confirm":5})");
  EXPECT_EQ(r->status, 200u);
  EXPECT_EQ(r->body.get_unsigned("changed"), 2u);
  EXPECT_EQ(r->body.get_bool("complete"), false);
}

TEST_F(ClusterOrders, CountsOfQueuesAndOfWhatWasDoneAreAddedUp) {
  for (auto& [id, says] : of_.says) {
    says["GET v1/queues"] = R"({"items":[{"name":"remote","messages":1,"held":0,"octets":10},{"name":"bad","messages":0}],"next":null})";
    says["POST v1/destinations/x.test/pause"] = R"({"messages":)" + std::to_string(id) + "}";
  }
  auto r = ask("GET", "/v1/queues");
  ASSERT_EQ(r->body.get_array("items")->size(), 2u);
  EXPECT_EQ(r->body.get_string("/items/0/name"), "bad");
  EXPECT_EQ(r->body.get_unsigned("/items/1/messages"), 3u);
  EXPECT_EQ(r->body.get_unsigned("/items/1/octets"), 30u);
  r = ask("POST", "/v1/destinations/x.test/pause");
  EXPECT_EQ(r->body.get_unsigned("messages"), 18u);
}

TEST_F(ClusterOrders, NewestFirst) {
  of_.says[4]["GET v1/recall"] = page("ca");
  of_.says[6]["GET v1/recall"] = page("b");
  of_.says[8]["GET v1/recall"] = page("");
  EXPECT_EQ(rows(*ask("GET", "/v1/recall?limit=2"), "id"), "4:c 6:b");
}

TEST_F(ClusterOrders, AQueueThatMailWaitsInAnywhereIsNotTakenAway) {
  for (auto& [id, says] : of_.says) says["GET v1/queues/slow"] = R"({"name":"slow","messages":0})";
  EXPECT_FALSE(ask("DELETE", "/v1/queues/slow")) << "the node that was asked does it";
  of_.says[6]["GET v1/queues/slow"] = R"({"name":"slow","messages":2})";
  EXPECT_EQ(ask("DELETE", "/v1/queues/slow")->status, 409u);
  of_.says[6].erase("GET v1/queues/slow");
  EXPECT_FALSE(ask("DELETE", "/v1/queues/slow")) << "a volume that knows nothing of it has nothing in it";
  of_.down[8] = "gone";
  EXPECT_EQ(ask("DELETE", "/v1/queues/slow")->status, 503u);
}

TEST(ClusterOrder, GoesToAnotherNodeAsItIs) {
  request r;
  r.method = "POST";
  ASSERT_TRUE(parse_target("/v1/queue/1f/hold?volume=4", r));
  r.author = "ann";
  r.body = json::parse(R"({"because":"odd","n":[1,null]})").value();
  const auto read = read_order(print_order(r, 6));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->volume, 6u);
  EXPECT_EQ(read->what.method, "POST");
  EXPECT_EQ(read->what.path, r.path);
  EXPECT_EQ(read->what.query, r.query);
  EXPECT_EQ(read->what.body, r.body);
  EXPECT_EQ(read->what.author, "ann");
  const auto answer = read_answer(print_answer({404, json::value("x")}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404u);
  EXPECT_EQ(answer->body, json::value("x"));
}

TEST(ClusterOrder, ThatIsNoneIsRefused) {
  const auto sound = [](std::string_view text) { return read_order(json::parse(text).value()).has_value(); };
  EXPECT_TRUE(sound(R"({"volume":4,"method":"GET","path":["v1","queue"],"query":{},"author":"x"})"));
  EXPECT_FALSE(sound(R"({"volume":4,"method":"POST","path":["v1","accounts"],"query":{},"author":"x"})")) << "only what concerns volumes";
  EXPECT_FALSE(sound(R"({"volume":-4,"method":"GET","path":["v1","queue"],"query":{},"author":"x"})"));
  EXPECT_FALSE(sound(R"({"volume":4,"method":"GET","path":["v1",7],"query":{},"author":"x"})"));
  EXPECT_FALSE(sound(R"({"volume":4,"method":"GET","path":["v1","queue"],"query":{"a":1},"author":"x"})"));
  EXPECT_FALSE(sound(R"({"volume":4,"method":"GET","path":["v1","queue"],"query":{}})"));
  EXPECT_FALSE(sound("[]"));
  EXPECT_FALSE(read_answer(json::parse(R"({"status":99,"body":{}})").value()));
  EXPECT_FALSE(read_answer(json::parse(R"({"status":200})").value()));
}

} // namespace
} // namespace rookery::admin
