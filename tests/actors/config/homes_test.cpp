#include "actors/config/documents.hpp"
#include "actors/config/homes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;
using testing::HasSubstr;

struct cluster {
  std::shared_ptr<const dir::config_table> table = std::make_shared<dir::config_table>();
  std::uint64_t version = 0;
  void put(dir::document_kind kind, std::uint64_t id, const std::string& key, const std::string& content) {
    dir::config_table::editor edit(*table);
    edit.put(std::make_shared<const dir::document>(dir::document{kind, key, id, ++version, {}, content}));
    table = edit.finish(version);
  }
  void node(std::uint64_t id, const std::string& uuid, const std::string& name, const std::string& host) {
    put(dir::document_kind::node, id, uuid, R"({"name":")" + name + R"(","host":")" + host + R"(","port":7442})");
  }
};

json::value patch_with(std::string_view home) {
  json::value p{json::object{}};
  p.set("home", std::string(home));
  return p;
}

TEST(Homes, a_node_alone_has_none) {
  const dir::config_table table;
  EXPECT_TRUE(volumes_of(table).empty());
  EXPECT_EQ(home_for_new_domain(table), 0u);
  auto p = patch_with("4");
  EXPECT_FALSE(resolve_home(table, p));
  json::value nothing{json::object{}};
  EXPECT_TRUE(resolve_home(table, nothing));
}

TEST(Homes, a_witness_is_nobody_s_home) {
  cluster c;
  c.put(dir::document_kind::node, 2, "wwww", R"({"name":"witness.test","host":"192.0.2.9","port":7442,"witness":true})");
  c.node(4, "bbbb", "mail1.test", "mail1.test");
  ASSERT_EQ(volumes_of(*c.table).size(), 1u);
  EXPECT_EQ(home_for_new_domain(*c.table), 4u);
  auto p = patch_with("witness.test");
  EXPECT_THAT(resolve_home(*c.table, p).error().client.value, HasSubstr("no node witness.test"));
}

TEST(Homes, a_node_is_named_in_four_ways) {
  cluster c;
  c.node(9, "aaaa", "mail2.test", "192.0.2.2");
  c.node(4, "bbbb", "mail1.test", "mail1.test");
  for (const auto* name : {"9", "aaaa", "mail2.test", "192.0.2.2"}) {
    auto p = patch_with(name);
    ASSERT_TRUE(resolve_home(*c.table, p)) << name;
    EXPECT_EQ(p.get_unsigned("home"), 9u);
  }
  auto unknown = patch_with("mail3.test");
  EXPECT_THAT(resolve_home(*c.table, unknown).error().client.value, HasSubstr("no node mail3.test"));
  c.node(12, "cccc", "mail2.test", "192.0.2.3");
  auto twice = patch_with("mail2.test");
  EXPECT_THAT(resolve_home(*c.table, twice).error().client.value, HasSubstr("several nodes"));
  json::value away{json::object{}};
  away.set("home", nullptr);
  EXPECT_TRUE(resolve_home(*c.table, away));
  EXPECT_EQ(volumes_of(*c.table).front().id, 4u);
}

TEST(Homes, a_new_domain_gets_the_volume_with_the_fewest) {
  cluster c;
  c.node(4, "aaaa", "one", "one");
  EXPECT_EQ(home_for_new_domain(*c.table), 4u);
  c.node(6, "bbbb", "two", "two");
  c.node(8, "cccc", "three", "three");
  c.put(dir::document_kind::domain, 20, "founded.test", "{}"); // no home: the first volume's
  EXPECT_EQ(home_for_new_domain(*c.table), 6u);
  c.put(dir::document_kind::domain, 21, "six.test", R"({"home":6})");
  EXPECT_EQ(home_for_new_domain(*c.table), 8u);
  c.put(dir::document_kind::domain, 22, "eight.test", R"({"home":8})");
  c.put(dir::document_kind::domain, 23, "gone.test", R"({"home":99})"); // of a node that was removed
  EXPECT_EQ(home_for_new_domain(*c.table), 4u);
}

TEST(Homes, are_kept_in_documents_as_numbers) {
  auto p = patch_with("x");
  EXPECT_FALSE(change_domain({}, p));
  p.set("home", 6);
  const auto domain = change_domain({}, p), account = change_account({}, p);
  ASSERT_TRUE(domain && account);
  cluster c;
  c.put(dir::document_kind::domain, 1, "a.test", *domain);
  c.put(dir::document_kind::account, 2, "u@b.test", *account);
  c.put(dir::document_kind::account, 3, "home@b.test", R"({"description":"\"home\":9"})");
  const auto first = chosen_homes_of(*c.table, nullptr, nullptr);
  EXPECT_EQ(*first, (routing::chosen_homes{{{"a.test", 6}}, {{base::account_id{2}, 6}}}));
  p.set("home", nullptr);
  const auto before = c.table;
  c.put(dir::document_kind::domain, 1, "a.test", *change_domain(*domain, p));
  const auto second = chosen_homes_of(*c.table, before.get(), first);
  EXPECT_EQ(*second, (routing::chosen_homes{{}, {{base::account_id{2}, 6}}}));
  EXPECT_EQ(*second, *chosen_homes_of(*c.table, nullptr, nullptr)); // however it came about
  EXPECT_EQ(chosen_homes_of(*c.table, c.table.get(), second), second); // the same object while nothing changes
}

} // namespace
} // namespace rookery::config
