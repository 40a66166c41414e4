#include "actors/config/config_follower.hpp"
#include "actors/config/documents.hpp"

#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

class following : public ::testing::Test {
protected:
  void put(dir::document_kind kind, std::string key, std::string content, std::uint64_t id = 0) {
    dir::config_table::editor e(*table_);
    auto d = std::make_shared<dir::document>();
    d->kind = kind;
    d->key = std::move(key);
    d->id = id != 0 ? id : ++last_id_;
    d->version = table_->version() + 1;
    d->content = std::move(content);
    e.put(std::move(d));
    table_ = e.finish(table_->version() + 1);
  }
  void remove(dir::document_kind kind, std::string_view key) {
    dir::config_table::editor e(*table_);
    e.remove(kind, key);
    table_ = e.finish(table_->version() + 1);
  }
  const picture& follow() { return follower_.follow(table_); }

  std::shared_ptr<const dir::config_table> table_ = std::make_shared<dir::config_table>();
  std::uint64_t last_id_ = 0;
  config_follower follower_;
};

TEST_F(following, TheDirectoryShowsWhatTheDocumentsSay) {
  put(dir::document_kind::domain, "x", R"({"catch_all":"ann@x"})");
  put(dir::document_kind::account, "ann@x",
      R"({"display_name":"Ann","state":"frozen","detail_folders":"created","quota_octets":5,"may_send_as":["@y"],"newer":1})");
  put(dir::document_kind::alias, "info@x", R"({"targets":["ann@x"],"members_may_send":true})");
  const auto& p = follow();
  EXPECT_EQ(p.directory->version(), 3u);
  const auto ann = p.directory->account("ann@x");
  ASSERT_NE(ann, nullptr);
  EXPECT_EQ(ann->id.value, 2u);
  EXPECT_EQ(ann->display_name, "Ann");
  EXPECT_EQ(ann->state, routing::account_state::frozen);
  EXPECT_EQ(ann->details, routing::detail_folders::created);
  EXPECT_EQ(ann->quota_octets, 5u);
  EXPECT_EQ(ann->iterations, 0u);
  EXPECT_EQ(ann->may_send_as, std::vector<std::string>{"@y"});
  EXPECT_EQ(p.directory->resolve("info@x").accounts.size(), 1u);
  EXPECT_TRUE(p.directory->resolve("who@x").through_catch_all);
  EXPECT_EQ(p.directory->default_domain(), "x");
}

TEST_F(following, AnAddressMayTurnFromAliasToAccountAndBack) {
  put(dir::document_kind::domain, "x", "{}");
  put(dir::document_kind::account, "bob@x", "{}");
  put(dir::document_kind::alias, "ann@x", R"({"targets":["bob@x"]})");
  follow();
  remove(dir::document_kind::alias, "ann@x");
  put(dir::document_kind::account, "ann@x", "{}");
  EXPECT_NE(follow().directory->account("ann@x"), nullptr);
  remove(dir::document_kind::account, "ann@x");
  put(dir::document_kind::alias, "ann@x", R"({"targets":["bob@x"]})");
  EXPECT_TRUE(follow().directory->resolve("ann@x").through_alias);
}

TEST_F(following, AccountsWhoseSessionsEndAreNamed) {
  const std::string password = R"("iterations":4096,"salt":"AAAA","server_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","stored_key":)";
  const std::string one = password + R"("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")", other = password + R"("BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")";
  const auto closed = [this] {
    follow();
    std::vector<std::uint64_t> ids;
    for (const auto id : follower_.closed()) ids.push_back(id.value);
    return ids;
  };
  using ids = std::vector<std::uint64_t>;
  put(dir::document_kind::domain, "x", "{}");
  put(dir::document_kind::account, "ann@x", "{" + one + "}", 7);
  put(dir::document_kind::account, "bob@x", "{" + one + "}", 8);
  EXPECT_EQ(closed(), ids{});
  put(dir::document_kind::account, "ann@x", R"({"display_name":"Ann",)" + one + "}", 7);
  EXPECT_EQ(closed(), ids{});
  put(dir::document_kind::account, "ann@x", "{" + other + "}", 7);
  EXPECT_EQ(closed(), ids{7});
  EXPECT_EQ(closed(), ids{});
  put(dir::document_kind::account, "bob@x", R"({"state":"frozen",)" + one + "}", 8);
  EXPECT_EQ(closed(), ids{8});
  put(dir::document_kind::account, "bob@x", "{" + one + "}", 8);
  EXPECT_EQ(closed(), ids{});
  remove(dir::document_kind::account, "ann@x");
  EXPECT_EQ(closed(), ids{7});
}

TEST_F(following, ChangedDefaultsReachAccountsThatSayNothing) {
  put(dir::document_kind::domain, "x", "{}");
  put(dir::document_kind::account, "ann@x", "{}");
  put(dir::document_kind::account, "bob@x", R"({"quota_octets":7})");
  follow();
  put(dir::document_kind::setting, "quota.octets_default", "1000");
  const auto& p = follow();
  EXPECT_EQ(p.directory->account("ann@x")->quota_octets, 1000u);
  EXPECT_EQ(p.directory->account("bob@x")->quota_octets, 7u);
  EXPECT_EQ(p.values->quota_octets_default, 1000u);
}

TEST_F(following, AnUnreadableDocumentIsNamedAndLeftOut) {
  put(dir::document_kind::domain, "x", "{}");
  put(dir::document_kind::account, "ann@x", "{}");
  follow();
  put(dir::document_kind::account, "ann@x", "{\"iterations\":5,\"salt\":\"!\"}");
  EXPECT_EQ(follow().directory->account("ann@x"), nullptr);
  ASSERT_EQ(follower_.faults().size(), 1u);
  EXPECT_NE(follower_.faults()[0].find("ann@x"), std::string::npos);
}

TEST_F(following, AnUnknownStateOpensNoDoor) {
  put(dir::document_kind::domain, "x", "{}");
  put(dir::document_kind::account, "ann@x", R"({"state":"quarantined"})");
  EXPECT_FALSE(follow().directory->account("ann@x")->may_log_in());
}

TEST(Documents, AChangeKeepsWhatItDoesNotName) {
  const auto content = change_account(R"({"display_name":"A","newer":[1],"admin":true})", json::parse(R"({"display_name":"B","admin":null})").value());
  EXPECT_EQ(content.value(), R"({"display_name":"B","newer":[1]})");
}

TEST(Documents, AChangeThatDoesNotFitIsNamed) {
  struct row {
    const char* patch;
    const char* part;
  };
  const row rows[] = {
      {R"({"state":"asleep"})", "state is"},        {R"({"admin":1})", "admin is"},
      {R"({"display_name":"a\nb"})", "display_name"}, {R"({"quota_octets":-1})", "quota_octets"},
      {R"({"quota_octets":"5X"})", "quota_octets"}, {R"({"may_send_as":["x"]})", "may_send_as"},
      {R"({"stored_key":"AAAA"})", "stored_key is not known"}, {R"([1])", "JSON object"},
  };
  for (const auto& r : rows) {
    const auto got = change_account("", json::parse(r.patch).value());
    ASSERT_FALSE(got) << r.patch;
    EXPECT_NE(got.error().client.value.find(r.part), std::string::npos) << got.error().client.value;
  }
  EXPECT_FALSE(change_alias("", json::parse("{}").value()));
  EXPECT_FALSE(change_alias("", json::parse(R"({"targets":[]})").value()));
  EXPECT_EQ(change_alias("", json::parse(R"({"targets":["A@X","a@x"]})").value()).value(), R"({"targets":["a@x"]})");
  EXPECT_EQ(change_account("", json::parse(R"({"quota_octets":"1G"})").value()).value(), R"({"quota_octets":1073741824})");
}

TEST(Documents, CredentialsComeBackAsTheyWereMade) {
  const auto made = sasl::make_credentials("secret", "0123456789abcdef", 4096);
  dir::document d;
  d.kind = dir::document_kind::account;
  d.key = "ann@x";
  d.id = 1;
  d.content = with_keys("{\"admin\":true}", {made, {}});
  const auto a = read_account(d, {});
  ASSERT_TRUE(a);
  EXPECT_TRUE(a->admin);
  const auto back = a->credentials();
  EXPECT_EQ(back.salt, made.salt);
  EXPECT_EQ(back.stored_key, made.stored_key);
  EXPECT_EQ(back.server_key, made.server_key);
  EXPECT_TRUE(sasl::verify("secret", back));
  EXPECT_EQ(json::to_text(show_account(d, {})).find("stored_key"), std::string::npos);
}

TEST(Documents, KeysForSha1GoWithTheNextPassword) {
  settings values;
  values.password_iterations = 4096;
  values.password_scram_sha_1 = true;
  dir::document d;
  d.kind = dir::document_kind::account;
  d.key = "ann@x";
  d.id = 1;
  d.content = with_keys("{}", make_keys("first", values));
  const auto a = read_account(d, {}).value();
  ASSERT_TRUE(a.further && a.further->sha_1);
  const auto& sha_1 = *a.further->sha_1;
  EXPECT_EQ(sasl::make_credentials("first", sha_1.salt, sha_1.iterations, sasl::scram_digest::sha_1).stored_key, sha_1.stored_key);
  EXPECT_NE(sha_1.salt, a.credentials().salt);
  EXPECT_EQ(show_account(d, {}).get_bool("scram_sha_1"), true);
  values.password_scram_sha_1 = false;
  d.content = with_keys(d.content, make_keys("second", values));
  EXPECT_FALSE(read_account(d, {}).value().further);
  EXPECT_FALSE(show_account(d, {}).find("scram_sha_1"));
}

TEST(Documents, CertificatesComeAndGo) {
  const std::string one(32, '\1'), two(32, '\2');
  std::string content = "{}";
  content = with_certificate(content, one, "phone").value();
  content = with_certificate(content, two, "").value();
  EXPECT_EQ(with_certificate(content, one, "again").error().kind, base::error_kind::exists);
  EXPECT_FALSE(with_certificate(content, std::string(32, '\3'), "a\nb"));
  dir::document d;
  d.kind = dir::document_kind::account;
  d.key = "ann@x";
  d.id = 1;
  d.content = content;
  EXPECT_EQ(read_account(d, {}).value().further->certificates, (std::vector{one, two}));
  EXPECT_EQ(json::to_text(show_certificates(d)),
            R"([{"sha256":"0101010101010101010101010101010101010101010101010101010101010101","note":"phone"},)"
            R"({"sha256":"0202020202020202020202020202020202020202020202020202020202020202"}])");
  content = without_certificate(content, one).value();
  EXPECT_EQ(without_certificate(content, one).error().kind, base::error_kind::not_found);
  EXPECT_EQ(without_certificate(content, two).value(), "{}");
  for (std::size_t i = 1; i < routing::certificates_max; ++i) content = with_certificate(content, std::string(32, static_cast<char>('A' + i)), "").value();
  EXPECT_EQ(with_certificate(content, one, "").error().kind, base::error_kind::over_limit);
  // What cannot be read must not lock out silently, nor let in.
  d.content = R"({"certificates":[{"sha256":"12"}]})";
  EXPECT_FALSE(read_account(d, {}));
}

TEST(Documents, FingerprintsAreReadInEveryForm) {
  const std::string octets(32, '\xab');
  std::string plain, colons;
  for (int i = 0; i < 32; ++i) plain += "ab", colons += i == 0 ? "AB" : ":AB";
  EXPECT_EQ(read_fingerprint(plain), octets);
  EXPECT_EQ(read_fingerprint(colons), octets);
  for (const auto& text : {std::string(), plain + "ab", plain.substr(2), "zz" + plain.substr(2)}) EXPECT_FALSE(read_fingerprint(text)) << text;
}

TEST_F(following, ALostCertificateEndsSessions) {
  const auto with = [](std::initializer_list<char> which) {
    std::string content = "{}";
    for (const char c : which) content = with_certificate(content, std::string(32, c), "").value();
    return content;
  };
  put(dir::document_kind::domain, "x", "{}");
  put(dir::document_kind::account, "ann@x", with({'a', 'b'}), 7);
  put(dir::document_kind::account, "bob@x", with({'b'}), 8);
  auto directory = follow().directory;
  EXPECT_EQ(directory->with_certificate(std::string(32, 'a')).size(), 1u);
  EXPECT_EQ(directory->with_certificate(std::string(32, 'b')).size(), 2u);
  EXPECT_TRUE(directory->with_certificate(std::string(32, 'c')).empty());
  put(dir::document_kind::account, "ann@x", with({'a', 'b', 'c'}), 7);
  directory = follow().directory;
  EXPECT_TRUE(follower_.closed().empty());
  EXPECT_EQ(directory->with_certificate(std::string(32, 'c')).at(0)->address, "ann@x");
  put(dir::document_kind::account, "ann@x", with({'a', 'c'}), 7);
  directory = follow().directory;
  EXPECT_EQ(follower_.closed(), (std::vector{directory->account("ann@x")->id}));
  ASSERT_EQ(directory->with_certificate(std::string(32, 'b')).size(), 1u);
  EXPECT_EQ(directory->with_certificate(std::string(32, 'b')).at(0)->address, "bob@x");
}

} // namespace
} // namespace rookery::config
