#include "actors/config/collection_documents.hpp"
#include "actors/config/config_follower.hpp"

#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

const base::secret_box box(std::string(base::sealing_key_octets, 'k'));

dir::document doc(std::string key, std::string content, std::uint64_t id = 5) {
  dir::document d;
  d.kind = dir::document_kind::collection;
  d.key = std::move(key);
  d.id = id;
  d.content = std::move(content);
  return d;
}
json::value patch(std::string_view text) { return *json::parse(text); }

constexpr const char* small = R"({"protocol":"imap","host":"Mail.Example.NET","login":"ann","password":"pass word"})";

TEST(CollectionDocuments, AreReadAsTheyWereWritten) {
  const auto content = change_collection({}, patch(R"({"protocol":"pop3","host":"[192.0.2.1]","port":1110,"tls":"required",
      "certificate_checked":false,"plaintext_allowed":true,"login":"ann","password":"pass word","folder":"inbox/Old","keep":7,
      "message_octets_max":1000,"every_minutes":30,"schedule":"MON-fri 08:00-17:00","enabled":false,"description":"x"})"), &box);
  ASSERT_TRUE(content) << content.error().client.value;
  EXPECT_EQ(content->find("pass word"), std::string::npos) << "never in clear";
  const auto c = read_collection(doc("17/work", *content));
  ASSERT_TRUE(c);
  EXPECT_EQ(c->id, 5u);
  EXPECT_EQ(c->account.value, 17u);
  EXPECT_EQ(c->name, "work");
  EXPECT_EQ(c->from, collection::source::pop3);
  EXPECT_EQ(c->host, "192.0.2.1");
  EXPECT_EQ(c->port, 1110);
  EXPECT_EQ(c->tls, tls_use::required);
  EXPECT_FALSE(c->certificate_checked);
  EXPECT_TRUE(c->plaintext_allowed);
  EXPECT_EQ(box.open(c->sealed_password, collection::password_purpose), "pass word");
  EXPECT_FALSE(box.open(c->sealed_password, delivery::password_purpose)) << "sealed for its purpose";
  EXPECT_EQ(c->folder, "INBOX/Old");
  EXPECT_EQ(c->keep_days, 7u);
  EXPECT_EQ(c->message_octets_max, 1000u);
  EXPECT_EQ(c->every_minutes, 30u);
  EXPECT_FALSE(c->hours.always());
  EXPECT_FALSE(c->enabled);
  const auto shown = json::to_text(show_collection(doc("17/work", *content), "u1@example.test"));
  EXPECT_NE(shown.find("\"password\":true"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\"account\":\"u1@example.test\",\"name\":\"work\""), std::string::npos) << shown;
  EXPECT_EQ(shown.find("sealed"), std::string::npos) << shown;
}

TEST(CollectionDocuments, TakeTheSafeDefaults) {
  const auto content = change_collection({}, patch(small), &box);
  ASSERT_TRUE(content) << content.error().client.value;
  const auto c = read_collection(doc("17/work", *content));
  ASSERT_TRUE(c);
  EXPECT_EQ(c->host, "mail.example.net");
  EXPECT_EQ(c->tls, tls_use::implicit);
  EXPECT_EQ(c->port, 993);
  EXPECT_TRUE(c->certificate_checked);
  EXPECT_FALSE(c->plaintext_allowed);
  EXPECT_EQ(c->source_folder, "INBOX");
  EXPECT_EQ(c->folder, "INBOX");
  EXPECT_EQ(c->keep_days, 0u);
  const auto forever = change_collection(*content, patch(R"({"keep":"forever","tls":"required"})"), nullptr);
  ASSERT_TRUE(forever);
  EXPECT_EQ(read_collection(doc("17/work", *forever))->keep_days, std::nullopt);
  EXPECT_EQ(read_collection(doc("17/work", *forever))->port, 143);
}

TEST(CollectionDocuments, RefuseWhatMakesNoSense) {
  const struct {
    const char* patch;
    const char* says;
  } rows[] = {
      {R"({})", "protocol is missing"},
      {R"({"protocol":"imap","host":"h.test","login":"a"})", "password is missing"},
      {R"({"protocol":"smtp"})", "protocol is pop3 or imap"},
      {R"({"host":"a b"})", "host is a host name or an address"},
      {R"({"tls":"maybe"})", "tls is none, when_offered, required or implicit"},
      {R"({"keep":"never"})", "keep is a number of days up to 3650, or \"forever\""},
      {R"({"keep":-1})", "keep is a number of days up to 3650, or \"forever\""},
      {R"({"folder":"a//b"})", "folder is the name of a mailbox"},
      {R"({"folder":"a*"})", "folder is the name of a mailbox"},
      {R"({"every_minutes":0})", "every_minutes is a number from 1 to 10080"},
      {R"({"schedule":"sometimes"})", "schedule cannot be read at octet 0"},
      {R"({"protocol":"pop3","host":"h.test","login":"a","password":"p","source_folder":"x"})", "source_folder is for imap"},
      {R"({"sealed_password":"x"})", "sealed_password is not known here"}};
  for (const auto& r : rows) {
    const auto got = change_collection({}, patch(r.patch), &box);
    ASSERT_FALSE(got) << r.patch;
    EXPECT_TRUE(got.error().client.value.starts_with(r.says)) << got.error().client.value;
  }
  EXPECT_FALSE(change_collection({}, patch(small), nullptr)) << "no key, no password";
}

TEST(CollectionDocuments, BelongToAnAccount) {
  EXPECT_EQ(collection_key(base::account_id{17}, "work"), "17/work");
  for (const auto* key : {"work", "x/work", "/work"}) EXPECT_FALSE(read_collection(doc(key, "{}"))) << key;
}

TEST(CollectionDocuments, AreFollowedIntoThePicture) {
  config_follower follower;
  const auto before = follower.now().collections;
  dir::config_table::editor first(*follower.now().table);
  first.put(std::make_shared<const dir::document>(doc("17/work", *change_collection({}, patch(small), &box))));
  const auto one = follower.follow(first.finish(1));
  EXPECT_TRUE(before->all.empty());
  ASSERT_EQ(one.collections->all.size(), 1u);
  EXPECT_EQ(one.collections->all.at(5)->name, "work");
  EXPECT_EQ(one.collections->version, 1u);
  dir::config_table::editor second(*one.table);
  second.remove(dir::document_kind::collection, "17/work");
  EXPECT_TRUE(follower.follow(second.finish(2)).collections->all.empty());
}

} // namespace
} // namespace rookery::config
