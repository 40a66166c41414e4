#include "tests/actors/admin/administration.hpp"

namespace rookery::admin {
namespace {

class folders : public administration {
protected:
  folders() {
    ask("POST", "/v1/accounts", R"({"address":"folders@example.test"})");
    ask("POST", "/v1/accounts", R"({"address":"bob@example.test"})");
    ask("PATCH", "/v1/domains/example.test", R"({"public_account":"folders@example.test"})");
  }
};

TEST_F(folders, AreMadeGivenListedAndRemoved) {
  auto r = ask("POST", "/v1/domains/Example.test/folders", R"({"folder":"Projects/Minutes","rights":{"anyone":"lr","Bob":"lrsip"}})");
  EXPECT_EQ(r.status, 201u) << text(r);
  EXPECT_EQ(r.body.get_string("/rights/anyone"), "lr");
  EXPECT_EQ(r.body.get_string("/rights/bob@example.test"), "lrsip");
  EXPECT_EQ(r.body.get_bool("own_seen"), true);
  const auto one = "/v1/domains/example.test/folders/Projects%2FMinutes";
  EXPECT_EQ(ask("PATCH", one, R"({"rights":{"anyone":"+s","bob":"-ip"},"own_seen":false})").body.get_string("/rights/anyone"), "lrs");
  r = ask("GET", one);
  EXPECT_EQ(r.body.get_string("/rights/bob@example.test"), "lrs");
  EXPECT_EQ(r.body.get_bool("own_seen"), false);
  EXPECT_FALSE(ask("PATCH", one, R"({"rights":{"bob":""}})").body.find("/rights/bob@example.test"));
  EXPECT_EQ(ask("PATCH", one, "{}").status, 200u);
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(ask("POST", "/v1/domains/example.test/folders", std::string(R"({"own_seen":false,"folder":")") + name + "\"}").status, 201u);
  r = ask("GET", "/v1/domains/example.test/folders?limit=2");
  EXPECT_EQ(r.body.get_string("/items/0/folder"), "Projects/Minutes");
  EXPECT_EQ(r.body.get_string("next"), "a");
  EXPECT_EQ(r.body.get_integer("total"), 4);
  r = ask("GET", "/v1/domains/example.test/folders?limit=2&after=a");
  EXPECT_EQ(r.body.get_string("/items/1/folder"), "c");
  EXPECT_FALSE(r.body.get_string("next"));
  EXPECT_EQ(ask("POST", "/v1/aliases", R"({"address":"min@example.test","folder":"Projects/Minutes"})").status, 201u);
  EXPECT_EQ(ask("GET", one).body.get_string("/addresses/0"), "min@example.test");
  EXPECT_EQ(ask("DELETE", one).status, 409u);
  EXPECT_EQ(ask("DELETE", "/v1/aliases/min@example.test").status, 200u);
  EXPECT_EQ(ask("DELETE", one).status, 200u);
  EXPECT_EQ(ask("GET", one).status, 404u);
}

TEST_F(folders, RefusalsSayWhatIsWrong) {
  ask("POST", "/v1/domains", R"({"name":"bare.test"})");
  ask("POST", "/v1/domains/example.test/folders", R"({"folder":"News"})");
  struct row {
    const char* method;
    const char* target;
    const char* body;
    unsigned status;
    const char* part;
  };
  const row rows[] = {
      {"GET", "/v1/domains/else.test/folders", "", 404, "no domain else.test"},
      {"GET", "/v1/domains/bare.test/folders", "", 409, "bare.test has no public folders"},
      {"POST", "/v1/domains/example.test/folders", "{}", 422, "folder is missing"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"INBOX"})", 422, "no name of a mailbox"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"a*b"})", 422, "no name of a mailbox"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"News"})", 409, "News exists"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"x","rights":{"nobody":"lr"}})", 422, "nobody is no user"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"x","rights":{"anyone":"lq"}})", 422, "letters of"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"x","rights":{"anyone":7}})", 422, "letters of"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"x","rights":{"folders":"l"}})", 422, "owns the folders"},
      {"POST", "/v1/domains/example.test/folders", R"({"folder":"x","colour":"red"})", 422, "colour"},
      {"PATCH", "/v1/domains/example.test/folders/News", R"({"folder":"x"})", 422, "folder"},
      {"PATCH", "/v1/domains/example.test/folders/News", R"({"own_seen":"yes"})", 422, "own_seen"},
      {"PATCH", "/v1/domains/example.test/folders/News", R"([])", 422, "no object"},
      {"PATCH", "/v1/domains/example.test/folders/none", R"({"own_seen":true})", 404, "no folder none"},
      {"DELETE", "/v1/domains/example.test/folders/INBOX", "", 404, "no folder INBOX"},
      {"PUT", "/v1/domains/example.test/folders/News", "", 405, "method"},
      {"POST", "/v1/aliases", R"({"address":"x@example.test","folder":"News","targets":["bob@example.test"]})", 422, "without targets"},
      {"POST", "/v1/aliases", R"({"address":"x@example.test","folder":"a//b"})", 422, "folder"},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(std::string(r.method) + ' ' + r.target + ' ' + r.body);
    const auto got = ask(r.method, r.target, r.body);
    EXPECT_EQ(got.status, r.status);
    EXPECT_NE(text(got).find(r.part), std::string::npos) << text(got);
  }
  EXPECT_EQ(ask("GET", "/v1/domains/example.test/folders").body.get_integer("total"), 1) << "what was refused made nothing";
}

} // namespace
} // namespace rookery::admin
