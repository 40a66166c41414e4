#include "policy/rights/posting.hpp"

#include "policy/rights/people.hpp"
#include "tests/policy/routing/small_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rookery::rights {
namespace {

using routing::make_account;
using routing::make_alias;
using routing::make_domain;

/// example.test with the public account folders@ (9), ann (1), bob (2), the group crew@ (bob), news@ for "News",
/// both@ for bob and news@; bare.test without public folders.
std::shared_ptr<const routing::directory_view> directory(const std::string& owner = "folders@example.test") {
  routing::directory_builder b{routing::directory_view{}};
  auto domain = make_domain(1, "example.test");
  domain.public_account = owner;
  b.put_domain(domain);
  b.put_domain(make_domain(2, "bare.test"));
  b.put_account(make_account(1, "ann@example.test"));
  b.put_account(make_account(2, "bob@example.test"));
  b.put_account(make_account(9, "folders@example.test"));
  b.put_alias(make_alias("crew@example.test", {"bob@example.test"}));
  const auto folder = [&b](const char* address, const char* name) {
    auto a = make_alias(address, {});
    a.folder = name;
    b.put_alias(std::move(a));
  };
  folder("news@example.test", "News");
  folder("more@example.test", "Sub/More");
  folder("news@bare.test", "News");
  b.put_alias(make_alias("both@example.test", {"bob@example.test", "news@example.test", "news@example.test", "more@example.test"}));
  b.put_alias(make_alias("round@example.test", {"both@example.test", "news@example.test"}));
  return b.finish(1);
}

TEST(Posting, WantsTheRightP) {
  constexpr base::account_id owner{9}, ann{1}, bob{2}, elsewhere{};
  using right::lookup, right::post, right::read;
  struct row {
    std::vector<entry> access;
    base::account_id sender;
    bool may;
  };
  const row rows[] = {
      {{}, ann, false},
      {{}, elsewhere, false},
      {{}, owner, true},
      {{{"#1", lookup | read}}, ann, false},
      {{{"#1", post}}, ann, true},
      {{{"#1", post}}, bob, false},
      {{{"#1", post}}, elsewhere, false},
      {{{"anyone", post}}, elsewhere, true},
      {{{"anyone", post}}, ann, true},
      {{{"authenticated", post}}, elsewhere, false},
      {{{"authenticated", post}}, ann, true},
      {{{"$crew@example.test", post}}, bob, true},
      {{{"$crew@example.test", post}}, ann, false},
      {{{"$nobody@example.test", post}}, ann, false},
      {{{"anyone", post}, {"-#2", post}}, bob, false},
      {{{"anyone", post}, {"-$crew@example.test", post}}, bob, false},
      {{{"anyone", post}, {"-authenticated", post}}, elsewhere, true},
      {{{"-anyone", post}}, owner, true},
  };
  const auto all = directory();
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    const auto* why = posting_refusal(*all, rows[i].access, owner, rows[i].sender);
    EXPECT_EQ(why == nullptr, rows[i].may) << "row " << i;
    if (why != nullptr) {
      EXPECT_EQ(why->enhanced, "5.7.1");
    }
  }
  EXPECT_EQ(no_folder_refusal()->enhanced, "5.1.1");
}

TEST(PublicFolder, IsReachedByItsAddress) {
  struct row {
    const char* address;
    const char* to; ///< "account|folder|delivered to|right" for each; "": refused
  };
  const row rows[] = {
      {"news@example.test", "folders@example.test|News|news@example.test|p "},
      {"News+x@example.test", "folders@example.test|News|news@example.test|p "},
      {"more@example.test", "folders@example.test|Sub/More|more@example.test|p "},
      {"both@example.test", "bob@example.test|INBOX|bob@example.test| folders@example.test|News|news@example.test|p "
                            "folders@example.test|Sub/More|more@example.test|p "},
      {"round@example.test", "bob@example.test|INBOX|bob@example.test| folders@example.test|News|news@example.test|p "
                             "folders@example.test|Sub/More|more@example.test|p "},
      {"folders@example.test", "folders@example.test|INBOX|folders@example.test| "},
      {"news@bare.test", ""},
  };
  const auto told = [](const routing::directory_view& d, const char* address) {
    std::string out;
    for (const auto& l : routing::route(d, address, {}).local)
      out += l.account->address + "|" + l.folder + "|" + l.delivered_to + "|" + (l.by_right ? "p " : " ");
    return out;
  };
  const auto all = directory();
  for (const auto& r : rows) EXPECT_EQ(told(*all, r.address), r.to) << r.address;
  for (const auto* owner : {"", "nobody@example.test"}) {
    const auto none = directory(owner);
    EXPECT_EQ(routing::route(*none, "news@example.test", {}).reason.enhanced, "5.1.1") << owner;
    EXPECT_EQ(told(*none, "both@example.test"), "bob@example.test|INBOX|bob@example.test| ") << owner;
  }
}

TEST(PublicFolder, HasANameThatCanBeAMailboxs) {
  for (const char* fits : {"News", "a/b/c", "Projects 2026", "J\xc3\xbcrgen", "INBOX"}) EXPECT_TRUE(routing::is_folder_name(fits)) << fits;
  for (const char* not_fit : {"", "/a", "a/", "a//b", " a", "a ", "a*", "a%", "a\"", "a\\b", "a\tb", "a\x7f", "\xff"})
    EXPECT_FALSE(routing::is_folder_name(not_fit)) << not_fit;
  EXPECT_TRUE(routing::is_folder_name(std::string(routing::public_folder_octets_max, 'a')));
  EXPECT_FALSE(routing::is_folder_name(std::string(routing::public_folder_octets_max + 1, 'a')));
}

TEST(People, HaveOneNameInTheStore) {
  struct row {
    const char* text;
    const char* stored; ///< "": nobody
    const char* shown;
  };
  const row rows[] = {
      {"ann@example.test", "#1", "ann@example.test"},
      {"Bob", "#2", "bob@example.test"},
      {"-bob", "-#2", "-bob@example.test"},
      {"crew", "#2", "bob@example.test"}, // an alias of one account is another name of it
      {"$crew", "$crew@example.test", "$crew@example.test"},
      {"-$Crew@Example.test", "-$crew@example.test", "-$crew@example.test"},
      {"$ann@example.test", "", ""},
      {"$nobody", "", ""},
      {"anyone", "anyone", "anyone"},
      {"-authenticated", "-authenticated", "-authenticated"},
      {"nobody@example.test", "", ""},
      {"", "", ""},
      {"-", "", ""},
      {"ann@ex\x01.test", "", ""},
  };
  const auto all = directory();
  for (const auto& r : rows) {
    const auto stored = stored_identifier(*all, "example.test", r.text);
    EXPECT_EQ(stored.value_or(""), r.stored) << r.text;
    if (stored) {
      EXPECT_EQ(shown_identifier(*all, *stored), r.shown) << r.text;
    }
  }
  EXPECT_FALSE(shown_identifier(*all, "#77"));
  EXPECT_FALSE(shown_identifier(*all, "#x"));
  EXPECT_TRUE(is_member(*all, "crew@example.test", base::account_id{2}));
  EXPECT_FALSE(is_member(*all, "bob@example.test", base::account_id{2})) << "an account is no group";
}

} // namespace
} // namespace rookery::rights
