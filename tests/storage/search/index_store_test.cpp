#include "search_support.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace rookery::storage::search {
namespace {

constexpr base::account_id account{7};
constexpr base::mailbox_id inbox{1}, archive{2};
constexpr log_position log_end{5, 1000};

class SearchIndexStore : public ::testing::Test {
protected:
  index_store make(std::string store = "one", log_position end = log_end) {
    return index_store(posix_file_system(), folder_.path + "/search", std::move(store), end);
  }
  /// One message a UID from `first` to `last`, whose text is its UID in words.
  static void put(index_store& s, std::uint32_t first, std::uint32_t last, base::mailbox_id mailbox = inbox, log_position at = {1, 1}) {
    std::vector<content_key> keys;
    for (auto uid = first; uid <= last; ++uid) keys.push_back(key(uid));
    auto b = s.begin(account, keys);
    for (auto uid = first; uid <= last; ++uid) {
      auto number = b.find(key(uid));
      if (!number) {
        document d;
        d.feed(text_source::plain, "MESSAGE NUMBER" + std::to_string(uid) + (uid % 2 ? " ODD" : " EVEN"));
        d.end_text();
        auto added = b.add(key(uid), d);
        ASSERT_TRUE(added) << added.error().log.value;
        number = *added;
      }
      b.place(mailbox, uid, *number);
    }
    b.reached(mailbox, last + 1);
    const auto done = s.commit(account, std::move(b), at);
    ASSERT_TRUE(done) << done.error().log.value;
  }
  static std::vector<std::uint32_t> found(index_store& s, std::string text, base::mailbox_id mailbox = inbox) {
    std::vector<std::uint32_t> uids;
    const auto index = s.open(account);
    if (!index) return uids;
    const auto answers = index->ask({question::scope::body, "", std::move(text)});
    if (!answers) {
      ADD_FAILURE() << answers.error().log.value;
      return uids;
    }
    if (const auto* all = index->places_of(mailbox))
      for (const auto& p : *all)
        if (answers->of(p.document) == verdict::yes) uids.push_back(p.uid);
    return uids;
  }
  std::size_t files() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(folder_.path + "/search/0000000000000007")) ++n;
    return n;
  }

  temporary_folder folder_;
};

using uids = std::vector<std::uint32_t>;

TEST_F(SearchIndexStore, IsThereAfterItWasOpenedAgain) {
  {
    auto s = make();
    EXPECT_EQ(s.open(account), nullptr);
    put(s, 1, 20);
    EXPECT_EQ(found(s, "BER7"), (uids{7}));
  }
  auto s = make();
  EXPECT_EQ(found(s, "BER1"), (uids{1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}));
  EXPECT_EQ(found(s, "EVEN"), (uids{2, 4, 6, 8, 10, 12, 14, 16, 18, 20}));
  EXPECT_EQ(found(s, "nothing"), uids{});
  EXPECT_EQ(s.open(account)->reached(inbox), 21u);
  EXPECT_EQ(s.open(account)->reached(archive), 1u);
  EXPECT_EQ(s.open(base::account_id{8}), nullptr);
  EXPECT_EQ((*s.accounts()).size(), 1u);
}

TEST_F(SearchIndexStore, MergesSegmentsAndForgetsTheOldOnes) {
  auto s = make();
  for (std::uint32_t i = 0; i < 25; ++i) put(s, i * 3 + 1, i * 3 + 3);
  EXPECT_LE(s.open(account)->segments().size(), 9u);
  EXPECT_EQ(s.open(account)->documents(), 75u);
  EXPECT_EQ(found(s, "NUMBER7"), (uids{7, 70, 71, 72, 73, 74, 75}));
  EXPECT_LE(files(), 1u + 9 * 3 + 16);
  auto again = make();
  EXPECT_EQ(found(again, "NUMBER75"), (uids{75}));
  EXPECT_EQ(found(again, "ODD").size(), 38u);
}

TEST_F(SearchIndexStore, ACopyIsAPlaceNotADocument) {
  auto s = make();
  put(s, 1, 10);
  put(s, 5, 6, archive);
  EXPECT_EQ(s.open(account)->documents(), 10u);
  EXPECT_EQ(s.open(account)->placed(), 12u);
  EXPECT_EQ(found(s, "ODD", archive), (uids{5}));
}

TEST_F(SearchIndexStore, TidyingForgetsPlacesAndSaysWhenLittleIsLeft) {
  auto s = make();
  put(s, 1, 10);
  put(s, 11, 20);
  auto rebuild = s.tidy(account, [](base::mailbox_id, std::uint32_t uid) { return uid > 8; });
  ASSERT_TRUE(rebuild) << rebuild.error().log.value;
  EXPECT_FALSE(*rebuild);
  EXPECT_EQ(s.open(account)->segments().size(), 1u);
  EXPECT_EQ(s.open(account)->placed(), 12u);
  EXPECT_EQ(found(s, "NUMBER1"), (uids{10, 11, 12, 13, 14, 15, 16, 17, 18, 19}));
  rebuild = s.tidy(account, [](base::mailbox_id, std::uint32_t uid) { return uid > 18; });
  ASSERT_TRUE(rebuild);
  EXPECT_TRUE(*rebuild);
  put(s, 21, 21);
  EXPECT_EQ(found(s, "NUMBER21"), (uids{21}));
}

TEST_F(SearchIndexStore, IsRemovedWithItsFolder) {
  auto s = make();
  put(s, 1, 3);
  const auto held = s.open(account);
  ASSERT_TRUE(s.remove(account));
  EXPECT_EQ(s.open(account), nullptr);
  EXPECT_FALSE(std::filesystem::exists(folder_.path + "/search/0000000000000007"));
  EXPECT_TRUE((*s.accounts()).empty());
  EXPECT_TRUE(s.remove(account));
  put(s, 1, 3);
  EXPECT_EQ(found(s, "NUMBER3"), (uids{3}));
}

TEST_F(SearchIndexStore, OfAnotherStoreOrOfALaterTimeIsNotUsed) {
  {
    auto s = make();
    put(s, 1, 3, inbox, {5, 900});
  }
  auto other = make("two");
  EXPECT_EQ(other.open(account), nullptr);
  EXPECT_EQ(other.take_damaged().size(), 1u);
  auto older = make("one", {5, 899});
  EXPECT_EQ(older.open(account), nullptr);
  EXPECT_EQ(older.take_damaged().size(), 1u);
  put(older, 1, 2, inbox, {5, 100}); // made anew in its place
  EXPECT_EQ(found(older, "NUMBER2"), (uids{2}));
  EXPECT_EQ(found(older, "NUMBER3"), uids{});
}

TEST_F(SearchIndexStore, DamageIsTakenForNone) {
  {
    auto s = make();
    put(s, 1, 3);
  }
  for (const std::string name : {"manifest", "1.docs", "2.places"}) {
    const auto path = folder_.path + "/search/0000000000000007/" + name;
    const auto good = *posix_file_system().read_all(path, 1u << 20);
    auto bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 4);
    std::ofstream(path, std::ios::binary) << bad;
    auto s = make();
    EXPECT_EQ(s.open(account), nullptr) << name;
    EXPECT_EQ(s.take_damaged().size(), 1u) << name;
    std::ofstream(path, std::ios::binary) << good;
  }
  // What is read later is found later.
  for (const std::string name : {"1.words", "1.terms"}) {
    const auto path = folder_.path + "/search/0000000000000007/" + name;
    const auto good = *posix_file_system().read_all(path, 1u << 20);
    std::filesystem::remove(path);
    auto s = make();
    const auto index = s.open(account);
    ASSERT_NE(index, nullptr);
    const auto answers = index->ask({question::scope::body, "", "NUMBER"});
    ASSERT_FALSE(answers) << name;
    s.tell_damage(account, nullptr, answers.error()); // of an older picture: nothing happens
    EXPECT_NE(s.open(account), nullptr);
    s.tell_damage(account, index, answers.error());
    EXPECT_EQ(s.open(account), nullptr);
    EXPECT_EQ(s.take_damaged().size(), 1u);
    std::ofstream(path, std::ios::binary) << good;
  }
}

TEST_F(SearchIndexStore, WhatACrashLeftBehindIsRemoved) {
  auto s = make();
  put(s, 1, 3);
  const auto folder = folder_.path + "/search/0000000000000007/";
  std::ofstream(folder + "9.terms") << "half";
  std::filesystem::create_directory(folder + "scratch");
  std::ofstream(folder + "scratch/iamglass") << "half";
  put(s, 4, 6);
  EXPECT_FALSE(std::filesystem::exists(folder + "9.terms"));
  EXPECT_FALSE(std::filesystem::exists(folder + "scratch"));
  EXPECT_EQ(found(s, "NUMBER").size(), 6u);
}

TEST_F(SearchIndexStore, KeepsABoundedNumberInMemory) {
  index_store s(posix_file_system(), folder_.path + "/search", "one", log_end, {1, 8});
  for (std::uint64_t a = 1; a <= 5; ++a) {
    auto b = s.begin(base::account_id{a}, {});
    document d;
    d.feed(text_source::plain, "WORD");
    d.end_text();
    ASSERT_TRUE(b.add(key(1), d));
    b.place(inbox, 1, 1);
    ASSERT_TRUE(s.commit(base::account_id{a}, std::move(b), {1, 1}));
  }
  for (std::uint64_t a = 1; a <= 5; ++a) EXPECT_NE(s.open(base::account_id{a}), nullptr) << a;
  std::weak_ptr<const account_index> first = s.open(base::account_id{1});
  (void)s.open(base::account_id{2});
  EXPECT_TRUE(first.expired());
}

} // namespace
} // namespace rookery::storage::search
