#include "kept_tree.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::xmpp::pubsub {
namespace {

/// `inner` begins with "owner:" for the namespace of owners.
element request(const std::string& kind, std::string inner) {
  std::string in = "http://jabber.org/protocol/pubsub";
  if (inner.starts_with("owner:")) {
    in += "#owner";
    inner = inner.substr(6);
  }
  const auto parsed = xml::parse("<iq xmlns='jabber:client' type='" + kind + "' id='1' from='a@b/c'><pubsub xmlns='" + in + "'>" + inner + "</pubsub></iq>");
  return std::get<element>(parsed);
}

asker who(char c) {
  switch (c) {
  case 'o': return {{"ann", "x.example", "r"}, true, true, {}};
  case 'f': return {{"fred", "x.example", "r"}, false, true, {"hive"}};
  case 's': return {{"sam", "x.example", "r"}, false, false, {}};
  default: return {{"mel", "x.example", "r"}, false, false, {}};
  }
}

std::string form(const char* kind, const std::string& fields) {
  return std::string("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#") + kind + "</value></field>" + fields + "</x>";
}
std::string field(const std::string& name, const std::string& value) { return "<field var='pubsub#" + name + "'><value>" + value + "</value></field>"; }
std::string publish(const std::string& node, const std::string& id, const std::string& options = {}) {
  return "<publish node='" + node + "'><item id='" + id + "'><x xmlns='y'/></item></publish>" +
         (options.empty() ? "" : "<publish-options>" + form("publish-options", options) + "</publish-options>");
}

struct line {
  char who;
  const char* kind;
  std::string inner, want;
};

void play(kept_tree& t, const std::vector<line>& lines) {
  for (const auto& l : lines) {
    EXPECT_EQ(t.step(request(l.kind, l.inner), who(l.who)), l.want) << l.who << " " << l.kind << " " << l.inner;
    EXPECT_EQ(t.difference(), "") << l.inner;
  }
}

TEST(PubsubTree, ANodeComesWithItsFirstItemAndKeepsTheLast) {
  kept_tree t;
  play(t, {{'o', "set", publish("n", "1"), "ok; node n; item n/1; news n items"},
           {'o', "set", publish("n", "2"), "ok; item n/2; no item n/1; news n items"},
           {'o', "set", publish("n", "2"), "ok; item n/2; news n items"},
           {'o', "set", "<publish node='n'><item><x xmlns='y'/></item></publish>", "ok; item n/fresh4; no item n/2; news n items"},
           {'f', "get", "<items node='n'/>", "items fresh4"},
           {'o', "set", "<retract node='n'><item id='fresh4'/></retract>", "ok; no item n/fresh4; news n items"},
           {'o', "set", "<retract node='n'><item id='fresh4'/></retract>", "no item-not-found"},
           {'f', "get", "<items node='n'/>", "ok"},
           {'o', "set", "owner:<delete node='n'/>", "ok; no node n; news n delete"},
           {'f', "get", "<items node='n'/>", "no item-not-found"}});
}

TEST(PubsubTree, KnowsWhoMayRead) {
  kept_tree t;
  play(t, {{'o', "set", publish("open", "1", field("access_model", "open")), "ok; node open; item open/1; news open items"},
           {'o', "set", publish("presence", "1"), "ok; node presence; item presence/1; news presence items"},
           {'o', "set", publish("roster", "1", field("access_model", "roster") + field("roster_groups_allowed", "hive")), "ok; node roster; item roster/1; news roster items"},
           {'o', "set", publish("white", "1", field("access_model", "whitelist")), "ok; node white; item white/1; news white items"},
           {'o', "set", "owner:<affiliations node='white'><affiliation jid='mel@x.example' affiliation='member'/></affiliations>", "ok; node white"},
           {'o', "set", "owner:<affiliations node='open'><affiliation jid='sam@x.example' affiliation='outcast'/></affiliations>", "ok; node open"},
           {'f', "get", "<items node='open'/>", "items 1"},
           {'s', "get", "<items node='open'/>", "no forbidden"},
           {'m', "get", "<items node='open'/>", "items 1"},
           {'f', "get", "<items node='presence'/>", "items 1"},
           {'s', "get", "<items node='presence'/>", "no not-authorized presence-subscription-required"},
           {'f', "get", "<items node='roster'/>", "items 1"},
           {'s', "get", "<items node='roster'/>", "no not-authorized not-in-roster-group"},
           {'m', "get", "<items node='white'/>", "items 1"},
           {'f', "get", "<items node='white'/>", "no not-allowed closed-node"},
           {'f', "get", "owner:<configure node='open'/>", "no forbidden"},
           {'f', "set", publish("open", "2"), "no forbidden"},
           {'f', "set", publish("none", "2"), "no item-not-found"},
           {'o', "set", "owner:<affiliations node='open'><affiliation jid='fred@x.example' affiliation='publisher'/></affiliations>", "ok; node open"},
           {'f', "set", publish("open", "2"), "ok; item open/2; no item open/1; news open items"}});
}

TEST(PubsubTree, HoldsWhatPublishersRelyOn) {
  kept_tree t;
  play(t, {{'o', "set", publish("n", "1", field("access_model", "open") + field("max_items", "2") + field("unknown", "x")), "ok; node n; item n/1; news n items"},
           {'o', "set", publish("n", "2", field("access_model", "open")), "ok; item n/2; news n items"},
           {'o', "set", publish("n", "3", field("access_model", "presence")), "no conflict precondition-not-met"},
           {'o', "set", publish("n", "3", field("access_model", "everybody")), "no not-acceptable"},
           {'o', "set", publish("n", "3", field("max_items", "0")), "no not-acceptable"},
           {'o', "set", "owner:<configure node='n'>" + form("node_config", field("access_model", "presence") + field("max_items", "1")) + "</configure>", "ok; node n; no item n/1"},
           {'o', "set", publish("n", "3", field("access_model", "presence")), "ok; item n/3; no item n/2; news n items"}});
}

TEST(PubsubTree, TellsSubscribers) {
  kept_tree t;
  play(t, {{'o', "set", "<create node='n'/>", "ok; node n"},
           {'o', "set", "<create node='n'/>", "no conflict"},
           {'f', "set", "<create node='m'/>", "no forbidden"},
           {'f', "set", "<subscribe node='n' jid='fred@x.example/r'/>", "ok; node n"},
           {'f', "set", "<subscribe node='n' jid='sam@x.example/r'/>", "no bad-request invalid-jid"},
           {'s', "set", "<subscribe node='n' jid='sam@x.example/r'/>", "no not-authorized presence-subscription-required"},
           {'f', "get", "<subscriptions/>", "ok"},
           {'f', "set", "<unsubscribe node='n' jid='fred@x.example'/>", "no unexpected-request not-subscribed"},
           {'f', "set", "<unsubscribe node='n' jid='fred@x.example/r'/>", "ok; node n"}});
}

TEST(PubsubTree, WhoIsNotSubscribedIsNotToldToWait) {
  kept_tree t;
  play(t, {{'o', "set", "<create node='n'/>", "ok; node n"}});
  const auto out = t.of().handle(request("set", "<unsubscribe node='n' jid='fred@x.example'/>"), who('f'), "id");
  ASSERT_TRUE(out.answer);
  EXPECT_EQ(out.answer->child("error", out.answer->space)->get("type"), "cancel");
}

TEST(PubsubTree, IsBounded) {
  tree_limits l;
  l.nodes = 2;
  l.items_a_node = 3;
  l.items = 4;
  l.octets = 1'000;
  l.item_octets = 5'500;
  kept_tree t(l);
  const auto max = field("max_items", "max");
  play(t, {{'o', "set", publish("a", "1", max), "ok; node a; item a/1; news a items"},
           {'o', "set", publish("a", "2"), "ok; item a/2; news a items"},
           {'o', "set", publish("a", "3"), "ok; item a/3; news a items"},
           {'o', "set", publish("a", "4"), "ok; item a/4; no item a/1; news a items"},
           {'o', "set", publish("b", "1", max), "ok; node b; item b/1; news b items"},
           {'o', "set", publish("b", "2"), "no resource-constraint"},
           {'o', "set", publish("c", "1"), "no resource-constraint"},
           {'o', "set", "<publish node='b'><item id='1'><x xmlns='y'>" + std::string(900, 'x') + "</x></item></publish>", "no resource-constraint"},
           {'o', "set", "<publish node='b'><item id='1'><x xmlns='y'>" + std::string(1'400, 'x') + "</x></item></publish>", "no not-acceptable payload-too-big"},
           {'o', "set", "owner:<purge node='a'/>", "ok; no item a/4; no item a/3; no item a/2; news a purge"},
           {'o', "set", publish("b", "2"), "ok; item b/2; news b items"}});
}

TEST(PubsubTree, IsMadeAgainFromItsRecords) {
  std::mt19937 random(7);
  tree_limits l;
  l.nodes = 4;
  l.items_a_node = 5;
  l.items = 12;
  kept_tree t(l);
  const auto pick = [&](unsigned n) { return std::to_string(random() % n); };
  for (int i = 0; i < 600; ++i) {
    const auto node = pick(6), id = pick(9);
    std::string inner;
    switch (random() % 8) {
    case 0: inner = "owner:<delete node='" + node + "'/>"; break;
    case 1: inner = "owner:<configure node='" + node + "'>" + form("node_config", field("max_items", pick(6)) + field("persist_items", pick(2))) + "</configure>"; break;
    case 2: inner = "<retract node='" + node + "'><item id='" + id + "'/></retract>"; break;
    case 3: inner = "<subscribe node='" + node + "' jid='ann@x.example/" + id + "'/>"; break;
    default: inner = publish(node, id); break;
    }
    t.step(request("set", inner), who('o'));
    ASSERT_EQ(t.difference(), "") << i << " " << inner;
  }
}

} // namespace
} // namespace rookery::xmpp::pubsub
