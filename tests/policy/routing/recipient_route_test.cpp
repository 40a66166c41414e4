#include "policy/routing/recipient_route.hpp"
#include "small_directory.hpp"

#include <gtest/gtest.h>

namespace rookery::routing {
namespace {

std::string print(const recipient_route& r) {
  if (!r.accepted()) return std::to_string(r.reason.code) + ' ' + std::string(r.reason.enhanced);
  std::string out;
  for (const auto& l : r.local) out += l.account->address + ':' + l.folder + (l.create_folder ? "! " : " ");
  for (const auto& a : r.remote) out += '>' + a + ' ';
  out.pop_back();
  return out;
}

TEST(RecipientRoute, MailForUsIsDeliveredAndRelayingNeedsALogin) {
  struct row {
    std::string_view address;
    std::string_view stranger, submitter, lmtp;
  };
  const row rows[] = {
      {"ann@example.test", "ann@example.test:INBOX", "ann@example.test:INBOX", "ann@example.test:INBOX"},
      {"ann+x@example.test", "ann@example.test:INBOX", "ann@example.test:INBOX", "ann@example.test:INBOX"},
      {"bob+Lists@example.test", "bob@example.test:Lists!", "bob@example.test:Lists!", "bob@example.test:Lists!"},
      {"dee+Lists@example.test", "dee@example.test:Lists", "dee@example.test:Lists", "dee@example.test:Lists"},
      {"dee+a%b@example.test", "dee@example.test:INBOX", "dee@example.test:INBOX", "dee@example.test:INBOX"},
      {"cem@example.test", "550 5.2.1", "550 5.2.1", "550 5.2.1"},
      {"dead@example.test", "550 5.2.1", "550 5.2.1", "550 5.2.1"},
      {"team@example.test", "ann@example.test:INBOX bob@example.test:INBOX >ext@else.example",
       "ann@example.test:INBOX bob@example.test:INBOX >ext@else.example",
       "ann@example.test:INBOX bob@example.test:INBOX >ext@else.example"},
      {"away@example.test", ">me@else.example", ">me@else.example", ">me@else.example"},
      {"you@else.example", "550 5.7.1", ">you@else.example", "550 5.7.1"},
      {"you%else.example@example.test", "550 5.1.1", "550 5.1.1", "550 5.1.1"},
      {"nobody@example.test", "550 5.1.1", "550 5.1.1", "550 5.1.1"},
      {"x@example.test", "550 5.4.6", "550 5.4.6", "550 5.4.6"},
      {"ann@off.test", "450 4.3.2", "450 4.3.2", "450 4.3.2"},
      {"ann@", "553 5.1.3", "553 5.1.3", "553 5.1.3"},
  };
  const auto directory = small_directory();
  for (const auto& r : rows) {
    SCOPED_TRACE(r.address);
    recipient_facts submitter, lmtp;
    submitter.authenticated = true;
    lmtp.lmtp = true;
    EXPECT_EQ(print(route(*directory, r.address, {})), r.stranger);
    EXPECT_EQ(print(route(*directory, r.address, submitter)), r.submitter);
    EXPECT_EQ(print(route(*directory, r.address, lmtp)), r.lmtp);
  }
}

TEST(RecipientRoute, TheSystemAccountObeysThoseWhoHaveLoggedInAndHasNoMailbox) {
  struct row {
    std::string_view address, name;
    bool obeyed = false;
    std::string_view outcome;
  };
  const row rows[] = {
      {"rookery@example.test", "rookery", true, "system"},
      {"Rookery+anything@example.test", "rookery", true, "system"},
      {"rookery@example.test", "Rookery", true, "system"},
      {"\"rookery\"@example.test", "rookery", true, "system"},
      {"rookery@example.test", "rookery", false, "550 5.7.1"},
      {"rookery@example.test", "", true, "550 5.1.1"},          // switched off
      {"rookery@else.example", "rookery", true, "550 5.7.1"},   // not ours: relaying, which this sender may not
      {"rookery@off.test", "rookery", true, "450 4.3.2"},
      {"rookeries@example.test", "rookery", true, "550 5.1.1"},
      {"ann@example.test", "ann", true, "system"},              // wins over an account of that name
      {"ann@example.test", "ann", false, "550 5.7.1"},
      {"team@example.test", "rookery", true, "ann@example.test:INBOX bob@example.test:INBOX >ext@else.example"},
  };
  const auto directory = small_directory();
  for (const auto& r : rows) {
    SCOPED_TRACE(r.address);
    recipient_facts facts;
    facts.system_name = r.name;
    facts.obeyed = r.obeyed;
    const auto got = route(*directory, r.address, facts);
    EXPECT_EQ(got.what == recipient_route::kind::system ? "system" : print(got), r.outcome);
    EXPECT_TRUE(got.what != recipient_route::kind::system || (got.local.empty() && got.remote.empty()));
  }
}

TEST(RecipientRoute, AGatewayTakesMailOfStrangersForItsRecipients) {
  delivery::delivery_builder b{delivery::delivery_view{}};
  delivery::gateway_record g;
  g.domain = "open.example";
  b.put(g);
  g.domain = "list.example";
  g.check = delivery::recipient_check::list;
  g.recipients = {"zoe", "ann"};
  b.put(g);
  g.domain = "asked.example";
  g.check = delivery::recipient_check::call_forward;
  b.put(g);
  g.domain = "example.test"; // ours: the mailboxes here count
  b.put(g);
  const auto view = b.finish(1);
  const struct { std::string_view address, stranger, lmtp; } rows[] = {
      {"any@open.example", ">any@open.example", "550 5.7.1"},
      {"Any@OPEN.example", ">any@open.example", "550 5.7.1"},
      {"any@sub.open.example", "550 5.7.1", "550 5.7.1"},
      {"any@else.example", "550 5.7.1", "550 5.7.1"},
      {"any%else.example@open.example", ">any%else.example@open.example", "550 5.7.1"},
      {"ann@list.example", ">ann@list.example", "550 5.7.1"},
      {"ANN@list.example", ">ann@list.example", "550 5.7.1"},
      {"zoe+x@list.example", ">zoe+x@list.example", "550 5.7.1"},
      {"eve@list.example", "550 5.1.1", "550 5.7.1"},
      {"postmaster@list.example", ">postmaster@list.example", "550 5.7.1"},
      {"any@asked.example", ">any@asked.example", "550 5.7.1"},
      {"ann@example.test", "ann@example.test:INBOX", "ann@example.test:INBOX"},
      {"nobody@example.test", "550 5.1.1", "550 5.1.1"}};
  const auto directory = small_directory();
  for (const auto& r : rows) {
    SCOPED_TRACE(r.address);
    recipient_facts stranger, lmtp;
    stranger.delivery = lmtp.delivery = view.get();
    lmtp.lmtp = true;
    EXPECT_EQ(print(route(*directory, r.address, stranger)), r.stranger);
    EXPECT_EQ(print(route(*directory, r.address, lmtp)), r.lmtp);
  }
  recipient_facts submitter;
  submitter.delivery = view.get();
  submitter.authenticated = true;
  EXPECT_EQ(print(route(*directory, "eve@list.example", submitter)), "550 5.1.1");
  EXPECT_EQ(print(route(*directory, "any@else.example", submitter)), ">any@else.example");
  EXPECT_EQ(route(*directory, "any@asked.example", submitter).gateway->check, delivery::recipient_check::call_forward);
}

TEST(RecipientRoute, ADetailNamesAFolderOnlyIfItIsFitForOne) {
  struct row {
    std::string_view detail, folder;
  };
  const row rows[] = {{"lists", "lists"}, {"a/b", "a/b"},  {"", ""},    {"/a", ""},   {"a/", ""},     {"a//b", ""},
                      {"a*", ""},         {"a%b", ""},     {"a\x01", ""}, {"a\\b", ""}, {"\xff", ""}, {" a", ""},
                      {"\xc3\xbc", "\xc3\xbc"}};
  for (const auto& r : rows) EXPECT_EQ(folder_of_detail(r.detail), r.folder) << r.detail;
  EXPECT_EQ(folder_of_detail(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(folder_of_detail(std::string(65, 'a')), "");
}

TEST(QuotaRefusal, CountsOctetsAndMessages) {
  struct row {
    std::uint64_t quota_octets, quota_messages;
    mailbox_use use;
    std::uint64_t octets;
    int code;
  };
  const row rows[] = {
      {0, 0, {1u << 30, 1000}, 5000, 0},  {1000, 0, {0, 0}, 1000, 0},    {1000, 0, {1, 0}, 1000, 452},
      {1000, 0, {0, 0}, 1001, 552},       {1000, 0, {2000, 0}, 1, 452}, {0, 10, {0, 9}, 1, 0},
      {0, 10, {0, 10}, 1, 452},
  };
  for (const auto& r : rows) {
    auto account = make_account(1, "a@x");
    account.quota_octets = r.quota_octets;
    account.quota_messages = r.quota_messages;
    const auto* refused = quota_refusal(account, r.use, r.octets);
    EXPECT_EQ(refused == nullptr ? 0 : refused->code, r.code);
  }
}

} // namespace
} // namespace rookery::routing
