#include "actors/config/documents.hpp"
#include "actors/config/mailbox_documents.hpp"

#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

json::value patch(std::string_view text) { return *json::parse(text); }

class MailboxDocuments : public testing::Test {
protected:
  void put(dir::document_kind kind, std::string key, std::string content) {
    dir::document d;
    d.kind = kind;
    d.key = std::move(key);
    d.content = std::move(content);
    dir::config_table::editor e(table);
    e.put(std::make_shared<const dir::document>(std::move(d)));
    table = *e.finish(table.version() + 1);
  }
  void put_template(const char* name, const char* members) {
    const auto content = change_template({}, patch(members));
    ASSERT_TRUE(content) << content.error().client.value;
    put(dir::document_kind::mailbox_template, name, *content);
  }
  std::string mailboxes_of(const char* address) {
    const auto found = template_of_account(table, address, values);
    if (!found) return "no template";
    std::string out;
    for (const auto& m : found->mailboxes) out += print(m) + ' ';
    return out;
  }
  dir::config_table table;
  settings values;
};

TEST_F(MailboxDocuments, AnAccountsTemplateIsItsOwnItsDomainsOrTheServers) {
  put_template("staff", R"({"mailboxes":["Sent=\\Sent","Projects","!Reports/old"]})");
  put_template("guests", R"({})");
  EXPECT_EQ(mailboxes_of("ann@a.example"), "Archive=\\Archive Drafts=\\Drafts Junk=\\Junk Sent=\\Sent Trash=\\Trash ");
  values.mailboxes_template = "none";
  EXPECT_EQ(mailboxes_of("ann@a.example"), "");
  put(dir::document_kind::domain, "a.example", *change_domain({}, patch(R"({"template":"Staff"})")));
  EXPECT_EQ(mailboxes_of("ann@a.example"), "Projects !Reports/old Sent=\\Sent ");
  put(dir::document_kind::account, "ann@a.example", *change_account({}, patch(R"({"template":"guests"})")));
  EXPECT_EQ(mailboxes_of("ann@a.example"), "");
  EXPECT_EQ(mailboxes_of("bob@a.example"), "Projects !Reports/old Sent=\\Sent ");
  values.mailboxes_template = "gone";
  EXPECT_EQ(mailboxes_of("eve@b.example"), "no template");
}

TEST_F(MailboxDocuments, AWrittenStandardTakesThePlaceOfTheBuiltInOne) {
  put_template("standard", R"({"mailboxes":["Only"]})");
  EXPECT_EQ(mailboxes_of("ann@a.example"), "Only ");
}

TEST_F(MailboxDocuments, ANewAccountHasTheQuotasOfItsTemplate) {
  put_template("small", R"({"quota_octets":"10M","quota_messages":100})");
  auto p = patch(R"({"template":"small","quota_messages":7})");
  ASSERT_TRUE(begin_with_template(table, "ann@a.example", values, p));
  EXPECT_EQ(p.get_unsigned("quota_octets"), 10u << 20);
  EXPECT_EQ(p.get_unsigned("quota_messages"), 7u);
  auto other = patch(R"({"template":"gone"})");
  const auto refused = begin_with_template(table, "ann@a.example", values, other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::error_kind::not_found);
  auto plain = patch("{}");
  ASSERT_TRUE(begin_with_template(table, "ann@a.example", values, plain));
  EXPECT_EQ(json::to_text(plain), "{}");
}

TEST_F(MailboxDocuments, RefuseWhatCannotBe) {
  const std::pair<const char*, const char*> templates[] = {
      {R"({"mailboxes":"x"})", "mailboxes is a list of at most 100 mailboxes"},
      {R"({"mailboxes":[1]})", "mailboxes has an entry that is no text"},
      {R"({"mailboxes":["inbox"]})", "mailboxes has an entry whose name no mailbox besides INBOX may have"},
      {R"({"mailboxes":["a//b"]})", "mailboxes has an entry whose name no mailbox besides INBOX may have"},
      {R"({"mailboxes":["a*"]})", "mailboxes has an entry whose name no mailbox besides INBOX may have"},
      {R"({"mailboxes":["a","a"]})", "mailboxes has a name or a special use twice"},
      {R"({"mailboxes":["a=\\Sent","b=\\Sent"]})", "mailboxes has a name or a special use twice"},
      {R"({"mailboxes":["a=\\Seen"]})", "mailboxes has a special use that is none of"},
      {R"({"colour":"red"})", "colour is not known here"},
  };
  for (const auto& [text, why] : templates) {
    const auto r = change_template({}, patch(text));
    ASSERT_FALSE(r) << text;
    EXPECT_EQ(r.error().client.value.substr(0, std::string_view(why).size()), why);
  }
  const std::pair<const char*, const char*> rules[] = {
      {R"({"of":"*","mailbox":"Trash"})", "days is missing"},
      {R"({"of":"*","days":3})", "mailbox is missing"},
      {R"({"mailbox":"Trash","days":3})", "of is missing"},
      {R"({"of":"x y","mailbox":"Trash","days":3})", "of is an account's address, a domain, or *"},
      {R"({"of":"*","mailbox":"a//b","days":3})", "mailbox is the name of a mailbox"},
      {R"({"of":"*","mailbox":"Trash","days":0})", "days is a number from 1 to 36500"},
      {R"({"of":"*","mailbox":"Trash","days":3,"age":"born"})", "age is saved or arrived"},
  };
  for (const auto& [text, why] : rules) {
    const auto r = change_expiry({}, patch(text));
    ASSERT_FALSE(r) << text;
    EXPECT_EQ(r.error().client.value, why);
  }
}

TEST_F(MailboxDocuments, ExpiryRulesAreReadAsTheyWereWritten) {
  const auto content = change_expiry({}, patch(R"({"of":"A.example","mailbox":"Trash","days":14,"children":true,"age":"arrived","flagged":true,"unseen":false})"));
  ASSERT_TRUE(content) << content.error().client.value;
  put(dir::document_kind::expiry, "trash", *content);
  put(dir::document_kind::expiry, "off", *change_expiry({}, patch(R"({"of":"*","mailbox":"*","days":1,"enabled":false})")));
  put(dir::document_kind::expiry, "broken", "{}");
  const auto all = expiry_rules(table);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "trash");
  EXPECT_EQ(all[0].scope, "a.example");
  EXPECT_EQ(all[0].mailbox, "Trash");
  EXPECT_EQ(all[0].after, std::chrono::days(14));
  EXPECT_TRUE(all[0].children && all[0].by_arrival && all[0].flagged && !all[0].unseen);
}

} // namespace
} // namespace rookery::config
