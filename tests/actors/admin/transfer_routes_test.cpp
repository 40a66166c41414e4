// What is asked of imports, exports and migrations, and what is shown of them.
#include "tests/actors/admin/administration.hpp"

namespace rookery::admin {
namespace {

using actors::transfer_kind;

class transfers : public administration {
protected:
  transfers() { ask("POST", "/v1/accounts", R"({"address":"ann@example.test","password":"a long enough one"})"); }
  response begin(std::string_view members) {
    return ask("POST", "/v1/transfers", "{\"account\":\"Ann@example.test\"," + std::string(members) + "}");
  }
};

TEST_F(transfers, AnOrderIsReadWhole) {
  auto got = begin(R"("what":"migrate","host":"IMAP.Old.example","login":"ann","password":"secret","tls":"required",
                      "only":["INBOX","a/%"],"except":["Trash"],"rename":{"Sent Items":"Sent"},"prefix":"Old/","dry_run":true,"expunge":true)");
  ASSERT_EQ(got.status, 202u) << text(got);
  const auto& order = node_->runs.front()->order();
  EXPECT_EQ(order.kind, transfer_kind::migrate);
  EXPECT_EQ(order.address, "ann@example.test");
  EXPECT_EQ(order.host, "imap.old.example");
  EXPECT_EQ(order.port, 143);
  EXPECT_EQ(order.tls, tls_use::required);
  EXPECT_TRUE(order.certificate_checked && !order.plaintext_allowed && order.dry_run && order.expunge && !order.again);
  EXPECT_EQ(order.rules.only.size(), 2u);
  EXPECT_EQ(order.rules.except.size(), 1u);
  EXPECT_EQ(order.rules.renamed.front().second, "Sent");
  EXPECT_EQ(order.rules.prefix, "Old/");
  EXPECT_EQ(json::to_text(got.body).find("secret"), std::string::npos);

  got = begin(R"("what":"import-mbox","path":"/srv/ann.mbox/","mailbox":"inbox","dialect":"mboxcl2","again":true)");
  ASSERT_EQ(got.status, 202u) << text(got);
  const auto& files = node_->runs.back()->order();
  EXPECT_EQ(files.path, "/srv/ann.mbox");
  EXPECT_EQ(files.mailbox, "INBOX");
  EXPECT_EQ(files.dialect, mbox::dialect::mboxcl2);
  EXPECT_TRUE(files.again);

  got = begin(R"("what":"export-maildir","path":"/srv/ann","layout":"fs","crlf":true)");
  ASSERT_EQ(got.status, 202u) << text(got);
  EXPECT_EQ(node_->runs.back()->order().layout, maildir::layout::fs);
  EXPECT_TRUE(node_->runs.back()->order().crlf);
}

TEST_F(transfers, AWrongOrderIsNamed) {
  struct row {
    const char* members;
    const char* part;
  };
  for (const auto& [members, part] : {
           row{R"("what":"copy")", "what is"},
           row{R"("what":"import-mbox")", "path is"},
           row{R"("what":"import-mbox","path":"ann.mbox")", "absolute"},
           row{R"("what":"import-mbox","path":"/a","mailbox":"a//b")", "mailbox"},
           row{R"("what":"import-mbox","path":"/a","dialect":"mmdf")", "mboxo"},
           row{R"("what":"export-mbox","path":"/a","dialect":"mboxo")", "mboxrd or mboxcl2"},
           row{R"("what":"import-maildir","path":"/a","layout":"flat")", "layout"},
           row{R"("what":"import-maildir","path":"/a","only":"x")", "only is a list"},
           row{R"("what":"import-maildir","path":"/a","except":[1])", "except is a list"},
           row{R"("what":"import-maildir","path":"/a","rename":{"a":1})", "rename"},
           row{R"("what":"migrate","login":"a","password":"b")", "host"},
           row{R"("what":"migrate","host":"h","password":"b")", "login"},
           row{R"("what":"migrate","host":"h","login":"a")", "password"},
           row{R"("what":"migrate","host":"h","login":"a","password":"b","tls":"perhaps")", "tls is"},
           row{R"("what":"migrate","host":"h","login":"a","password":"b","port":70000)", "port"},
       }) {
    const auto got = begin(members);
    EXPECT_EQ(got.status, 422u) << members;
    EXPECT_NE(text(got).find(part), std::string::npos) << text(got);
  }
  EXPECT_EQ(ask("POST", "/v1/transfers", R"({"account":"bob@example.test","what":"import-mbox","path":"/a"})").status, 404u);
  EXPECT_TRUE(node_->runs.empty());
}

TEST_F(transfers, AreShownListedAndStopped) {
  for (int i = 0; i < 3; ++i) begin(R"("what":"import-maildir","path":"/a")");
  node_->runs[1]->change([](actors::transfer_state& s) { s.messages = 7, s.folder = "INBOX", s.left_out = 1, s.reason = "x"; });
  const auto one = ask("GET", "/v1/transfers/2");
  EXPECT_EQ(one.body.get_integer("messages"), 7);
  EXPECT_EQ(one.body.get_string("status"), "running");
  EXPECT_EQ(one.body.get_string("what"), "import-maildir");
  const auto first = ask("GET", "/v1/transfers?limit=2");
  EXPECT_EQ(first.body.get_array("items")->size(), 2u);
  EXPECT_EQ(ask("GET", "/v1/transfers?limit=2&after=" + std::string(*first.body.get_string("next"))).body.get_array("items")->size(), 1u);
  EXPECT_EQ(ask("DELETE", "/v1/transfers/3").status, 202u);
  EXPECT_TRUE(node_->runs[2]->stopped());
  EXPECT_FALSE(node_->runs[1]->stopped());
  EXPECT_EQ(ask("GET", "/v1/transfers/4").status, 404u);
  EXPECT_EQ(ask("DELETE", "/v1/transfers/x").status, 404u);
}

} // namespace
} // namespace rookery::admin
