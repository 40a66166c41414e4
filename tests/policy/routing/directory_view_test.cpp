#include "policy/routing/address_form.hpp"
#include "small_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <malloc.h>
#include <map>
#include <random>

namespace rookery::routing {
namespace {

TEST(AddressForm, HasOneSpelling) {
  struct row {
    std::string_view in;
    std::string_view out; ///< empty: no address
  };
  const row rows[] = {
      {"ann@example.test", "ann@example.test"},
      {"Ann.Lee@EXAMPLE.Test", "ann.lee@example.test"},
      {"ann@example.test.", "ann@example.test"},
      {"eva@B\xc3\xbc"
       "cher.example",
       "eva@xn--bcher-kva.example"},
      {"\"ann lee\"@x", "ann lee@x"},
      {"\"ann\\\"q\"@x", "ann\"q@x"},
      {"\"a@b\"@x", "a@b@x"},
      {"ann@[192.0.2.1]", "ann@[192.0.2.1]"},
      {"ann@[IPv6:2001:DB8::1]", "ann@[ipv6:2001:db8::1]"},
      {"user+De@x", "user+de@x"},
      {"ann", ""},
      {"@x", ""},
      {"ann@", ""},
      {"ann@.", ""},
      {"ann@x..y", ""},
      {"ann@x y", ""},
      {"an\x01n@x", ""},
      {"ann@[x y]", ""},
      {"\"ann\\\"@x", ""},
      {"\xff@x", ""},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.in);
    EXPECT_EQ(canonical_address(r.in).value_or(""), r.out);
  }
  EXPECT_FALSE(canonical_address(std::string(400, 'a') + "@x"));
  EXPECT_FALSE(canonical_address("a@" + std::string(64, 'a') + ".x"));
  EXPECT_TRUE(canonical_address("a@" + std::string(63, 'a') + ".x"));
  EXPECT_EQ(canonical_address("\xc3\x89va@x"), canonical_address("\xc3\xa9VA@x"));
}

struct expectation {
  std::string_view address;
  resolved what;
  std::vector<std::string> accounts; ///< "address" or "address+detail" as "address|detail"
  std::vector<std::string> remote = {};
};

TEST(DirectoryView, ResolvesWhateverAnAddressNames) {
  const auto directory = small_directory();
  const expectation rows[] = {
      {"ann@example.test", resolved::found, {"ann@example.test"}},
      {"ANN@Example.TEST", resolved::found, {"ann@example.test"}},
      {"ann+Lists@example.test", resolved::found, {"ann@example.test|Lists"}},
      {"ann+@example.test", resolved::found, {"ann@example.test"}},
      {"eva@b\xc3\xbc"
       "cher.example",
       resolved::found,
       {"eva@xn--bcher-kva.example"}},
      {"a+b@example.test", resolved::found, {"dee@example.test"}},
      {"info@example.test", resolved::found, {"ann@example.test"}},
      {"info+x@example.test", resolved::found, {"ann@example.test|x"}},
      {"team@example.test", resolved::found, {"ann@example.test", "bob@example.test"}, {"ext@else.example"}},
      {"away@example.test", resolved::found, {}, {"me@else.example"}},
      {"x@example.test", resolved::loop, {}},
      {"gone@example.test", resolved::unknown_user, {}},
      {"nobody@example.test", resolved::unknown_user, {}},
      {"nobody+x@example.test", resolved::unknown_user, {}},
      {"who@all.test", resolved::found, {"dee@example.test"}},
      {"postmaster", resolved::found, {"dee@example.test"}},
      {"PostMaster@example.test", resolved::found, {"dee@example.test"}},
      {"abuse@example.test", resolved::found, {"dee@example.test"}},
      {"abuse+x@example.test", resolved::found, {"dee@example.test"}},
      {"postmaster@all.test", resolved::found, {"ann@example.test"}},
      {"postmaster@xn--bcher-kva.example", resolved::found, {"eva@xn--bcher-kva.example"}},
      {"postmaster@aliases.test", resolved::found, {"dee@example.test"}},
      {"ann@off.test", resolved::domain_off, {}},
      {"ann@else.example", resolved::foreign_domain, {}},
      {"ann@[127.0.0.1]", resolved::foreign_domain, {}},
      {"ann", resolved::malformed, {}},
      {"", resolved::malformed, {}},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.address);
    const auto found = directory->resolve(r.address);
    EXPECT_EQ(found.what, r.what);
    std::vector<std::string> accounts;
    for (const auto& t : found.accounts) accounts.push_back(t.account->address + (t.detail.empty() ? "" : "|" + t.detail));
    EXPECT_EQ(accounts, r.accounts);
    EXPECT_EQ(found.remote, r.remote);
  }
}

TEST(DirectoryView, LogsInByAddressAliasOrLocalPart) {
  const auto directory = small_directory();
  EXPECT_EQ(directory->login("ann@example.test")->id.value, 1u);
  EXPECT_EQ(directory->login("Ann")->id.value, 1u);
  EXPECT_EQ(directory->login("info@example.test")->id.value, 1u);
  EXPECT_EQ(directory->login("team@example.test"), nullptr);
  EXPECT_EQ(directory->login("eva"), nullptr);
  EXPECT_EQ(directory->login(""), nullptr);
}

TEST(DirectoryView, TheFirstAccountIsFoundAgainWhenItGoes) {
  const auto before = small_directory();
  directory_builder b(*before);
  b.remove_account("dee@example.test");
  const auto without_admin = b.finish(2);
  EXPECT_EQ(without_admin->resolve("postmaster@example.test").accounts.front().account->address, "ann@example.test");
  directory_builder c(*without_admin);
  c.remove_account("ann@example.test");
  const auto without_first = c.finish(3);
  EXPECT_EQ(without_first->resolve("abuse@example.test").accounts.front().account->address, "bob@example.test");
  EXPECT_EQ(before->resolve("postmaster@example.test").accounts.front().account->address, "dee@example.test");
  EXPECT_EQ(without_first->account_count(), 3u);
}

TEST(DirectoryView, ARenamedAccountKeepsItsIdWhicheverChangeComesFirst) {
  for (const bool removal_first : {true, false}) {
    directory_builder b(*small_directory());
    if (removal_first) b.remove_account("ann@example.test");
    b.put_account(make_account(1, "anna@example.test"));
    if (!removal_first) b.remove_account("ann@example.test");
    const auto view = b.finish(2);
    EXPECT_EQ(view->account("ann@example.test"), nullptr);
    ASSERT_NE(view->account(base::account_id{1}), nullptr);
    EXPECT_EQ(view->account(base::account_id{1})->address, "anna@example.test");
  }
}

TEST(DirectoryView, AnAliasNeverHidesAnAccount) {
  directory_builder b(*small_directory());
  b.put_alias(make_alias("ann@example.test", {"bob@example.test"}));
  b.remove_alias("bob@example.test");
  const auto view = b.finish(2);
  EXPECT_NE(view->account("ann@example.test"), nullptr);
  EXPECT_NE(view->account("bob@example.test"), nullptr);
}

TEST(DirectoryView, DeepAliasesAreBounded) {
  directory_builder b(*small_directory());
  for (int i = 0; i < 30; ++i)
    b.put_alias(make_alias("c" + std::to_string(i) + "@example.test", {"c" + std::to_string(i + 1) + "@example.test"}));
  b.put_alias(make_alias("c30@example.test", {"ann@example.test"}));
  const auto view = b.finish(2);
  EXPECT_EQ(view->resolve("c0@example.test").what, resolved::loop);
  EXPECT_EQ(view->resolve("c25@example.test").what, resolved::found);
}

TEST(DirectoryView, APictureStaysAsItWasWhileTheNextIsMade) {
  std::mt19937 random(3);
  std::map<std::string, std::uint64_t> expected;
  auto view = std::make_shared<const directory_view>();
  for (int round = 0; round < 40; ++round) {
    const auto before = view;
    const auto expected_before = expected;
    directory_builder b(*view);
    if (round == 0) b.put_domain(make_domain(1, "x"));
    for (int i = 0; i < 50; ++i) {
      const auto number = random() % 500 + 1;
      const auto address = "u" + std::to_string(number) + "@x";
      if (random() % 3 == 0) {
        b.remove_account(address);
        expected.erase(address);
      } else {
        b.put_account(make_account(number, address));
        expected[address] = number;
      }
    }
    view = b.finish(static_cast<std::uint64_t>(round) + 1);
    for (const auto& [v, e] : {std::pair(before, expected_before), std::pair(view, expected)}) {
      ASSERT_EQ(v->account_count(), e.size());
      for (int number = 1; number <= 500; ++number) {
        const auto address = "u" + std::to_string(number) + "@x";
        const auto found = v->account(address);
        ASSERT_EQ(found != nullptr, e.contains(address)) << address;
        ASSERT_EQ(v->account(base::account_id{static_cast<std::uint64_t>(number)}), found);
      }
    }
  }
}

TEST(DirectoryView, AnAccountTakesAtMostFourHundredAndFortyOctets) {
  const auto heap = [] { return ::mallinfo2().uordblks; };
  const auto before = heap();
  directory_builder b{directory_view{}};
  b.put_domain(make_domain(1, "example.test"));
  constexpr std::size_t count = 50000;
  for (std::size_t i = 1; i <= count; ++i) b.put_account(make_account(i, "user" + std::to_string(i) + "@example.test"));
  const auto view = b.finish(1);
  const auto octets = heap() - before;
  if (octets != 0) {
    EXPECT_LE(octets / count, 440u);
  }
  EXPECT_EQ(view->account_count(), count);
}

} // namespace
} // namespace rookery::routing
