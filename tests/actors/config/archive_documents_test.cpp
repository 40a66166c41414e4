#include "actors/config/archive_documents.hpp"
#include "actors/config/config_follower.hpp"
#include "storage/directory/config_table.hpp"

#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

dir::document doc(std::string key, std::string content) {
  dir::document d;
  d.kind = dir::document_kind::archive;
  d.key = std::move(key);
  d.id = 5;
  d.content = std::move(content);
  return d;
}
json::value patch(std::string_view text) { return *json::parse(text); }

TEST(ArchiveDocuments, AreReadAsTheyWereWritten) {
  const auto content = change_archive({}, patch(R"({"of":"Example.ORG","to":"Archive@Example.org","direction":"in",
      "folder":"{direction}/{account}","lists":true,"automatic":true,"system":true,"spam":true,"description":"x"})"));
  ASSERT_TRUE(content) << content.error().client.value;
  const auto r = read_archive(doc("legal", *content));
  ASSERT_TRUE(r && *r);
  EXPECT_EQ((*r)->name, "legal");
  EXPECT_EQ((*r)->scope, "example.org");
  EXPECT_EQ((*r)->target, "archive@example.org");
  EXPECT_EQ((*r)->folder, "{direction}/{account}");
  EXPECT_TRUE((*r)->incoming);
  EXPECT_FALSE((*r)->outgoing);
  EXPECT_TRUE((*r)->lists && (*r)->automatic && (*r)->system && (*r)->spam);
}

TEST(ArchiveDocuments, LeaveMachinesMailOutUnlessTheySayOtherwise) {
  const auto content = change_archive({}, patch(R"({"of":"*","to":"a@else.example"})"));
  ASSERT_TRUE(content);
  const auto r = read_archive(doc("all", *content));
  ASSERT_TRUE(r && *r);
  EXPECT_TRUE((*r)->incoming && (*r)->outgoing);
  EXPECT_FALSE((*r)->lists || (*r)->automatic || (*r)->system || (*r)->spam);
  const auto off = read_archive(doc("all", *change_archive(*content, patch(R"({"enabled":false})"))));
  ASSERT_TRUE(off);
  EXPECT_FALSE(*off) << "switched off";
  EXPECT_FALSE(read_archive(doc("all", R"({"of":"*"})")));
  EXPECT_FALSE(read_archive(doc("all", "[")));
  EXPECT_EQ(show_archive(doc("all", *content)).get_string("folder"), "INBOX");
}

TEST(ArchiveDocuments, RefuseWhatCannotStand) {
  for (const char* bad : {R"({"to":"a@b.example"})", R"({"of":"*"})", R"({"of":"a b","to":"a@b.example"})", R"({"of":"*","to":"nobody"})",
                          R"({"of":"*","to":"a@b.example","direction":"up"})", R"({"of":"*","to":"a@b.example","folder":"{who}"})",
                          R"({"of":"*","to":"a@b.example","folder":"a//b"})", R"({"of":"*","to":"a@b.example","lists":1})",
                          R"({"of":"*","to":"a@b.example","colour":"red"})", R"({"of":1,"to":"a@b.example"})"})
    EXPECT_FALSE(change_archive({}, patch(bad))) << bad;
}

TEST(ArchiveDocuments, FollowTheConfiguration) {
  config_follower follower;
  EXPECT_TRUE(follower.now().archives->empty());
  const auto with = [](const dir::config_table& from, std::uint64_t version, std::vector<dir::document> put, const char* gone) {
    dir::config_table::editor edit(from);
    for (auto& d : put) {
      d.version = version;
      edit.put(std::make_shared<const dir::document>(std::move(d)));
    }
    if (gone != nullptr) edit.remove(dir::document_kind::archive, gone);
    return edit.finish(version);
  };
  const auto first = with({}, 1, {doc("a", R"({"of":"*","to":"x@a.example"})"), doc("b", R"({"of":"*","to":"y@a.example"})"), doc("c", "broken")}, nullptr);
  EXPECT_EQ(follower.follow(first).archives->size(), 2u);
  EXPECT_EQ(follower.faults().size(), 1u);
  const auto kept = follower.now().archives;
  auto other = doc("quota.octets_default", "5");
  other.kind = dir::document_kind::setting;
  const auto second = with(*first, 2, {other}, nullptr);
  EXPECT_EQ(follower.follow(second).archives, kept) << "the same object while nothing of it changes";
  EXPECT_EQ(follower.follow(with(*second, 3, {}, "a")).archives->size(), 1u);
}

} // namespace
} // namespace rookery::config
