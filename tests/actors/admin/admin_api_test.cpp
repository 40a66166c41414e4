#include "tests/actors/admin/administration.hpp"

namespace rookery::admin {
namespace {

TEST_F(administration, AnAccountLivesFromAddToRemove) {
  auto r = ask("POST", "/v1/accounts", R"({"address":"Ann@Example.test","password":"correct horse","quota_octets":"1G"})");
  EXPECT_EQ(r.status, 201u) << text(r);
  EXPECT_EQ(r.body.get_string("address"), "ann@example.test");
  EXPECT_EQ(r.body.get_bool("password"), true);
  EXPECT_EQ(r.body.get_integer("quota_octets"), 1 << 30);
  const auto id = r.body.get_integer("id");
  EXPECT_EQ(ask("POST", "/v1/accounts", R"({"address":"ann@example.test"})").status, 409u);
  EXPECT_EQ(ask("POST", "/v1/accounts/ann@example.test/freeze").body.get_string("state"), "frozen");
  EXPECT_EQ(ask("POST", "/v1/accounts/ann%40example.test/enable").body.get_string("state"), "enabled");
  EXPECT_EQ(ask("PATCH", "/v1/accounts/ann@example.test", R"({"display_name":"Ann Lee"})").body.get_string("display_name"), "Ann Lee");
  r = ask("POST", "/v1/accounts/ann@example.test/rename", R"({"address":"anna@example.test"})");
  EXPECT_EQ(r.status, 200u);
  EXPECT_EQ(r.body.get_integer("id"), id);
  EXPECT_EQ(r.body.get_bool("password"), true);
  EXPECT_EQ(ask("GET", "/v1/accounts/ann@example.test").status, 404u);
  EXPECT_EQ(ask("DELETE", "/v1/accounts/anna@example.test").status, 200u);
  ASSERT_EQ(node_->dropped.size(), 1u);
  EXPECT_EQ(static_cast<std::int64_t>(node_->dropped[0].value), id);
  EXPECT_EQ(ask("DELETE", "/v1/accounts/anna@example.test").status, 404u);
}

TEST_F(administration, CollectionsBelongToAnAccountWhateverItsAddress) {
  ask("POST", "/v1/accounts", R"({"address":"ann@example.test"})");
  auto r = ask("POST", "/v1/collections", R"({"account":"Ann@example.test","name":"Work","protocol":"imap","host":"h.test","login":"a","password":"secret word"})");
  EXPECT_EQ(r.status, 201u) << text(r);
  EXPECT_EQ(r.body.get_string("account"), "ann@example.test");
  EXPECT_EQ(r.body.get_string("name"), "work");
  EXPECT_EQ(json::to_text(r.body).find("secret word"), std::string::npos);
  EXPECT_EQ(ask("POST", "/v1/collections", R"({"account":"ann@example.test","name":"work","protocol":"imap","host":"h.test","login":"a","password":"p"})").status, 409u);
  EXPECT_EQ(ask("POST", "/v1/collections", R"({"account":"bob@example.test","name":"work"})").status, 404u);
  EXPECT_EQ(ask("POST", "/v1/accounts/ann@example.test/rename", R"({"address":"anna@example.test"})").status, 200u);
  r = ask("PATCH", "/v1/collections/anna@example.test/work", R"({"keep":"forever"})");
  EXPECT_EQ(r.status, 200u) << text(r);
  EXPECT_EQ(r.body.get_string("keep"), "forever");
  EXPECT_EQ(r.body.get_bool("password"), true);
  ask("POST", "/v1/accounts", R"({"address":"bob@example.test"})");
  ask("POST", "/v1/collections", R"({"account":"bob@example.test","name":"x","protocol":"pop3","host":"h.test","login":"a","password":"p"})");
  EXPECT_EQ(ask("GET", "/v1/collections").body.get_integer("/items/1/id").has_value(), true);
  r = ask("GET", "/v1/collections?account=bob@example.test");
  EXPECT_EQ(r.body.get_string("/items/0/name"), "x");
  EXPECT_FALSE(r.body.get_string("/items/1/name"));
  EXPECT_EQ(ask("POST", "/v1/collections/bob@example.test/x/run").status, 501u) << "nothing runs here";
  // With its account a collection goes too.
  EXPECT_EQ(ask("DELETE", "/v1/accounts/anna@example.test").status, 200u);
  EXPECT_EQ(node_->table()->count(dir::document_kind::collection), 1u);
  EXPECT_EQ(ask("DELETE", "/v1/collections/bob@example.test/x").status, 200u);
  EXPECT_EQ(ask("GET", "/v1/collections/bob@example.test/x").status, 404u);
}

TEST_F(administration, AnAccountHasABoundedNumberOfCollections) {
  ask("POST", "/v1/accounts", R"({"address":"ann@example.test"})");
  for (int i = 0; i <= 20; ++i)
    EXPECT_EQ(ask("POST", "/v1/collections", R"({"account":"ann@example.test","protocol":"imap","host":"h.test","login":"a","password":"p","name":"c)" + std::to_string(i) + "\"}").status == 201u, i < 20) << i;
}

TEST_F(administration, ArchivesAreAddedListedChangedAndRemoved) {
  auto r = ask("POST", "/v1/archives", R"({"name":"Legal","of":"example.test","to":"Archive@example.test","folder":"{direction}"})");
  EXPECT_EQ(r.status, 201u) << text(r);
  EXPECT_EQ(r.body.get_string("name"), "legal");
  EXPECT_EQ(r.body.get_string("to"), "archive@example.test");
  EXPECT_EQ(r.body.get_bool("lists"), false);
  EXPECT_EQ(ask("POST", "/v1/archives", R"({"name":"legal","of":"*","to":"a@b.test"})").status, 409u);
  EXPECT_EQ(ask("POST", "/v1/archives", R"({"name":"a b","of":"*","to":"a@b.test"})").status, 422u);
  EXPECT_EQ(ask("POST", "/v1/archives", R"({"name":"more","of":"*","to":"a@b.test","folder":"{who}"})").status, 422u);
  EXPECT_EQ(ask("GET", "/v1/archives").body.get_string("/items/0/folder"), "{direction}");
  EXPECT_EQ(ask("PATCH", "/v1/archives/legal", R"({"lists":true,"folder":null})").body.get_bool("lists"), true);
  EXPECT_EQ(ask("GET", "/v1/archives/legal").body.get_string("folder"), "INBOX");
  EXPECT_EQ(ask("PATCH", "/v1/archives/legal?version=1", R"({"lists":true})").status, 409u);
  EXPECT_EQ(ask("DELETE", "/v1/archives/legal").status, 200u);
  EXPECT_EQ(ask("GET", "/v1/archives/legal").status, 404u);
}

TEST_F(administration, RefusalsSayWhatIsWrong) {
  node_->spool_open = false;
  ask("POST", "/v1/accounts", R"({"address":"ann@example.test"})");
  ask("POST", "/v1/aliases", R"({"address":"info@example.test","targets":["ann@example.test"]})");
  struct row {
    const char* method;
    const char* target;
    const char* body;
    unsigned status;
    const char* part;
  };
  const row rows[] = {
      {"GET", "/v2/status", "", 404, "/v1/"},
      {"GET", "/v1/nothing", "", 404, "nothing of this name"},
      {"DELETE", "/v1/status", "", 405, "method"},
      {"POST", "/v1/domains", "", 422, "name is missing"},
      {"POST", "/v1/domains", R"({"name":"a b"})", 422, "no domain name"},
      {"POST", "/v1/domains", R"({"name":"example.test"})", 409, "exists"},
      {"DELETE", "/v1/domains/example.test", "", 409, "still has ann@example.test; remove"},
      {"DELETE", "/v1/domains/other.test", "", 404, "no domain other.test"},
      {"POST", "/v1/accounts", R"({"address":"bob"})", 422, "no address"},
      {"POST", "/v1/accounts", R"({"address":"bob@other.test"})", 404, "no domain other.test"},
      {"POST", "/v1/accounts", R"({"address":"bob@example.test","password":"short"})", 422, "fewer characters"},
      {"POST", "/v1/accounts", R"({"address":"info@example.test"})", 409, "exists"},
      {"POST", "/v1/accounts", R"({"address":"bob@example.test","colour":"red"})", 422, "colour"},
      {"POST", "/v1/accounts", R"([])", 422, "address is missing"},
      {"PATCH", "/v1/accounts/ann@example.test?version=1", R"({"admin":true})", 409, "meanwhile"},
      {"POST", "/v1/accounts/ann@example.test/password", "{}", 422, "password is missing"},
      {"POST", "/v1/aliases", R"({"address":"ann@example.test","targets":["x@y"]})", 409, "exists"},
      {"POST", "/v1/aliases", R"({"address":"b@example.test"})", 422, "targets"},
      {"PUT", "/v1/settings/smtp.recipients_max", R"({"value":5})", 422, "from 100"},
      {"PUT", "/v1/settings/no.such", R"({"value":5})", 404, "no setting"},
      {"PUT", "/v1/settings/directory.default_domain", R"({"value":"else.test"})", 404, "no domain"},
      {"GET", "/v1/queue", "", 501, "queue"},
      {"POST", "/v1/queue/xyz/hold", "", 404, "message id"},
      {"POST", "/v1/backup", R"({"directory":"relative"})", 422, "absolute"},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(std::string(r.method) + ' ' + r.target + ' ' + r.body);
    const auto got = ask(r.method, r.target, r.body);
    EXPECT_EQ(got.status, r.status);
    EXPECT_NE(text(got).find(r.part), std::string::npos) << text(got);
  }
}

TEST_F(administration, ListingsArePagedAndStable) {
  std::string many = R"({"accounts":[)";
  for (int i = 100; i < 350; ++i) many += (i > 100 ? "," : "") + std::string(R"({"address":"u)") + std::to_string(i) + R"(@example.test"})";
  EXPECT_EQ(ask("POST", "/v1/accounts/import", many + "]}").body.get_integer("made"), 250);
  std::string after;
  int seen = 100;
  for (;;) {
    const auto page = ask("GET", "/v1/accounts?limit=60&after=" + percent_encoded(after));
    EXPECT_EQ(page.body.get_integer("total"), 250);
    for (const auto& item : *page.body.get_array("items"))
      EXPECT_EQ(item.get_string("address"), "u" + std::to_string(seen++) + "@example.test");
    const auto next = page.body.get_string("next");
    if (!next) break;
    after = *next;
    ask("DELETE", "/v1/accounts/u100@example.test"); // a row that was shown goes: no other is skipped
    ask("POST", "/v1/accounts", R"({"address":"u100@example.test"})");
  }
  EXPECT_EQ(seen, 350);
}

TEST_F(administration, AnImportIsAllOrNothingAndHashesAPasswordOnce) {
  node_->tasks = 0;
  const auto accounts = std::string(R"({"accounts":[{"address":"a@example.test","password":"one for all"},)") +
                        R"({"address":"b@example.test","password":"one for all"}],"existing":"skip"})";
  EXPECT_EQ(ask("POST", "/v1/accounts/import", accounts).body.get_integer("made"), 2);
  EXPECT_EQ(node_->tasks, 1);
  EXPECT_EQ(ask("POST", "/v1/accounts/import", accounts).body.get_integer("skipped"), 2);
  const auto checked = ask("POST", "/v1/accounts/import", R"({"accounts":[{"address":"e@example.test"}],"check":true})");
  EXPECT_EQ(checked.body.get_integer("made"), 1);
  EXPECT_EQ(ask("GET", "/v1/accounts/e%40example.test").status, 404u) << "only checked";
  const auto twice = ask("POST", "/v1/accounts/import", R"({"accounts":[{"address":"e@example.test"},{"address":"E@Example.test"}]})");
  EXPECT_EQ(twice.status, 409u);
  EXPECT_EQ(ask("GET", "/v1/accounts/e%40example.test").status, 404u);
  const auto bad = ask("POST", "/v1/accounts/import", R"({"accounts":[{"address":"c@example.test"},{"address":"d@else.test"}]})");
  EXPECT_EQ(bad.status, 404u);
  EXPECT_NE(text(bad).find("account 2 of the list"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/accounts/c@example.test").status, 404u);
  const auto changed = ask("POST", "/v1/accounts/import", R"({"accounts":[{"address":"a@example.test","admin":true}],"existing":"change"})");
  EXPECT_EQ(changed.body.get_integer("changed"), 1);
  const auto a = ask("GET", "/v1/accounts/a@example.test");
  EXPECT_EQ(a.body.get_bool("admin"), true);
  EXPECT_EQ(a.body.get_bool("password"), true);
}

TEST_F(administration, SettingsShowTheirDefaultAndGoBackToIt) {
  EXPECT_EQ(ask("PUT", "/v1/settings/smtp.message_octets_max", R"({"value":"10M"})").body.get_integer("value"), 10 << 20);
  const auto shown = ask("GET", "/v1/settings/smtp.message_octets_max");
  EXPECT_EQ(shown.body.get_integer("default"), 52428800);
  EXPECT_EQ(shown.body.get_bool("set"), true);
  EXPECT_EQ(ask("DELETE", "/v1/settings/smtp.message_octets_max").body.get_integer("value"), 52428800);
  EXPECT_EQ(ask("GET", "/v1/settings").body.get_array("items")->size(), config::schema().size());
}

TEST_F(administration, StatusAndHistoryTellWhatHappened) {
  const auto status = ask("GET", "/v1/status");
  EXPECT_EQ(status.body.get_string("state"), "serving");
  EXPECT_EQ(status.body.get_integer("domains"), 1);
  EXPECT_EQ(status.body.get_integer("uptime_seconds"), 1);
  const auto history = ask("GET", "/v1/history?limit=1");
  EXPECT_EQ(history.body.get_string("/items/0/lines/0/key"), "example.test");
  EXPECT_EQ(history.body.get_string("/items/0/author"), "local");
}

TEST(RequestTarget, IsCutAndDecoded) {
  request r;
  ASSERT_TRUE(parse_target("/v1/accounts/a%2Fb%40x?after=a%2Bb+c&limit=5", r));
  EXPECT_EQ(r.path, (std::vector<std::string>{"v1", "accounts", "a/b@x"}));
  EXPECT_EQ(r.query["after"], "a+b c");
  EXPECT_EQ(r.query["limit"], "5");
  for (const auto* bad : {"", "v1", "/%", "/%4", "/%zz", "/a%00b", "/a?b=%0a"}) {
    request other;
    EXPECT_FALSE(parse_target(bad, other)) << bad;
  }
  EXPECT_EQ(percent_encoded("a/b@x y"), "a%2Fb@x%20y");
}

} // namespace
} // namespace rookery::admin
