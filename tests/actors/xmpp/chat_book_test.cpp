// Who may chat, and who shares a roster, by the documents of the configuration.
#include "actors/xmpp/chat_book.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

using storage::directory::config_table;
using storage::directory::document;
using storage::directory::document_kind;

class ChatBook : public ::testing::Test {
protected:
  ChatBook() { node_.config = std::make_shared<storage::directory::config_cell>(); }
  void put(document_kind kind, const char* key, const char* content) {
    config_table::editor e(*node_.config->table());
    auto d = std::make_shared<document>();
    d->kind = kind;
    d->key = key;
    d->content = content;
    e.put(d);
    node_.config->publish(e.finish(node_.config->table()->version() + 1));
  }
  void remove(document_kind kind, const char* key) {
    config_table::editor e(*node_.config->table());
    e.remove(kind, key);
    node_.config->publish(e.finish(node_.config->table()->version() + 1));
  }
  bool may(const char* address) {
    routing::account_record a;
    a.address = address;
    return book_.now()->may_chat(a);
  }
  std::string groups(const char* address) {
    std::string text;
    const auto rules = book_.now();
    if (const auto* all = rules->groups_of(address))
      for (const auto& g : *all) {
        text += g->name + ":";
        for (const auto& m : g->members) text += " " + m;
        text += "; ";
      }
    return text;
  }

  node node_;
  chat_book book_{node_};
};

TEST_F(ChatBook, TheNarrowerOneCounts) {
  EXPECT_TRUE(may("a@x.test"));
  put(document_kind::domain, "x.test", R"({"chat":false})");
  EXPECT_FALSE(may("a@x.test"));
  EXPECT_TRUE(may("a@y.test"));
  put(document_kind::alias, "team@x.test", R"({"targets":["a@x.test","b@x.test"],"chat":true})");
  EXPECT_TRUE(may("a@x.test"));
  EXPECT_FALSE(may("c@x.test"));
  put(document_kind::account, "a@x.test", R"({"chat":false})");
  EXPECT_FALSE(may("a@x.test"));
  EXPECT_TRUE(may("b@x.test"));
  // Of several groups one that allows.
  put(document_kind::alias, "quiet@x.test", R"({"targets":["b@x.test"],"chat":false})");
  EXPECT_TRUE(may("b@x.test"));
  remove(document_kind::alias, "team@x.test");
  EXPECT_FALSE(may("b@x.test"));
  put(document_kind::account, "a@x.test", R"({})");
  put(document_kind::domain, "x.test", R"({})");
  EXPECT_TRUE(may("a@x.test"));
}

TEST_F(ChatBook, GroupsHoldGroupsAndOnceEachMember) {
  put(document_kind::alias, "crew@x.test", R"({"targets":["a@x.test","inner@x.test"],"chat_roster":"Crew"})");
  put(document_kind::alias, "inner@x.test", R"({"targets":["b@x.test","a@x.test","crew@x.test"]})");
  EXPECT_EQ(groups("a@x.test"), "Crew: a@x.test b@x.test; ");
  EXPECT_EQ(groups("b@x.test"), "Crew: a@x.test b@x.test; ");
  const auto version = book_.now()->groups_version();
  put(document_kind::account, "a@x.test", R"({"chat_mail_notices":true})");
  EXPECT_EQ(book_.now()->groups_version(), version);
  put(document_kind::alias, "inner@x.test", R"({"targets":["c@x.test"]})");
  EXPECT_NE(book_.now()->groups_version(), version);
  EXPECT_EQ(groups("a@x.test"), "Crew: a@x.test c@x.test; ");
  EXPECT_EQ(groups("b@x.test"), "");
}

TEST_F(ChatBook, DomainsHaveTheirLimits) {
  EXPECT_EQ(book_.now()->limits("x.test").clients_max, 50u);
  put(document_kind::domain, "x.test", R"({"chat_clients_max":3,"chat_search":"nobody","chat_archive_days":30})");
  const auto rules = book_.now();
  EXPECT_EQ(rules->limits("x.test").clients_max, 3u);
  EXPECT_EQ(rules->limits("x.test").archive_days, 30u);
  EXPECT_EQ(rules->limits("x.test").search, search_scope::nobody);
  EXPECT_EQ(rules->limits("y.test").search, search_scope::domain);
}

} // namespace
} // namespace rookery::actors
