#include "search_support.hpp"
#include "storage/search/ranking.hpp"

#include <gtest/gtest.h>

#include <map>

namespace rookery::storage::search {
namespace {

constexpr base::account_id account{1};

class SearchRanking : public ::testing::Test {
protected:
  /// Each text is a document, numbered from 1; two documents a segment.
  void put(const std::vector<std::string>& texts) {
    for (std::size_t i = 0; i < texts.size();) {
      auto b = store_.begin(account, {});
      for (std::size_t n = 0; n < 2 && i < texts.size(); ++n, ++i) {
        document d;
        d.feed(text_source::plain, texts[i]);
        d.end_text();
        ASSERT_TRUE(b.add(key(static_cast<std::uint32_t>(i + 1)), d));
      }
      const auto done = store_.commit(account, std::move(b), {1, 1});
      ASSERT_TRUE(done) << done.error().log.value;
    }
  }
  /// Documents by relevance, the best first.
  std::vector<std::uint32_t> ranked(std::string text, const std::string& languages = "") {
    const auto found = rank(*store_.open(account), fuzzy_question({question::scope::text, "", std::move(text)}, languages));
    if (!found) {
      ADD_FAILURE() << found.error().log.value;
      return {};
    }
    std::multimap<int, std::uint32_t> by_score;
    for (std::uint32_t d = 0; d < found->size(); ++d)
      if ((*found)[d] != 0) by_score.emplace(-(*found)[d], d);
    std::vector<std::uint32_t> out;
    for (const auto& [score, d] : by_score) out.push_back(d);
    return out;
  }

  temporary_folder folder_;
  index_store store_{posix_file_system(), folder_.path, "one", {9, 9}};
};

using documents = std::vector<std::uint32_t>;

TEST_F(SearchRanking, TheMessageThatSaysItMoreOftenComesFirst) {
  put({"APPLE PEAR PLUM CHERRY", "APPLE APPLE APPLE PEAR", "PLUM", "CHERRY", "GRAPE"});
  EXPECT_EQ(ranked("APPLE"), (documents{2, 1}));
  EXPECT_EQ(ranked("APPLE PEAR"), (documents{2, 1}));
  EXPECT_EQ(ranked("APPLE GRAPE"), documents{});
  EXPECT_EQ(ranked("NOTHING"), documents{});
  EXPECT_EQ(ranked("--"), documents{});
}

TEST_F(SearchRanking, MisspelledWordsAreFoundBehindTheRightOnes) {
  put({"RECIEVE IT", "RECEIVE IT", "RECEIVED IT", "DECEIVE", "ITS"});
  EXPECT_EQ(ranked("RECEIVE"), (documents{2, 1, 3}));
  EXPECT_EQ(ranked("IT").size(), 3u); // short words have too many neighbours
}

TEST_F(SearchRanking, FormsOfAWordAreTheSameInTheirLanguage) {
  put({"WALKING HOME", "THE WALKS", "WALNUT", "HA\xcc\x88USER", "HAUS"});
  EXPECT_EQ(ranked("WALK").size(), 0u);
  EXPECT_EQ(ranked("WALK", "english").size(), 2u);
  EXPECT_EQ(ranked("HAUS", "german").size(), 2u);
  EXPECT_EQ(ranked("WALK", "german english").size(), 2u);
  EXPECT_EQ(ranked("HAUS", "english german").size(), 2u);
  EXPECT_EQ(ranked("HAUS", "klingon").size(), 1u);
}

TEST(SearchLanguages, AreKnownByNameOrCode) {
  EXPECT_TRUE(language_known("english"));
  EXPECT_TRUE(language_known("de"));
  for (const auto* name : {"", "klingon", "none", "English", "../english"}) EXPECT_FALSE(language_known(name)) << name;
  EXPECT_NE((" " + known_languages() + " ").find(" german "), std::string::npos);
}

TEST(SearchRankingOfOne, ComparesWithoutAnIndex) {
  document d;
  const auto put = [&d](text_source s, std::string_view text) {
    d.feed(s, text);
    d.end_text();
  };
  put(text_source::subject, "QUARTERLY REPORTS");
  put(text_source::visible, "THE HARBOUR WALLS ARE WALKED");
  put(text_source::markup, "TITLE WALLS");
  put(text_source::header, "SUBJECT X MAILER PIGEON");
  struct row {
    question::scope in;
    std::string text, languages;
    bool met;
  };
  using enum question::scope;
  const row rows[] = {{text, "HARBOUR", "", true},    {body, "HARBOUR", "", true},        {subject, "HARBOUR", "", false}, {text, "HARBOUR REPORTS", "", true},
                      {text, "HARBOUR SHIP", "", false}, {text, "HARBUOR", "", true},      {text, "HARBR", "", false},      {text, "WALK", "", false},
                      {text, "WALK", "english", true}, {subject, "REPORT", "en", true},    {text, "TITLE", "", false},      {text, "PIGEON", "", false},
                      {text, "", "", false},           {text, "--", "", false},            {body, "REPORTS", "", false}};
  for (const auto& r : rows) EXPECT_EQ(rank(d, fuzzy_question({r.in, "", r.text}, r.languages)) != 0, r.met) << r.text << " " << r.languages;
  const auto score = [&d](const char* needle) { return rank(d, fuzzy_question({question::scope::text, "", needle}, "english")); };
  EXPECT_GT(score("HARBOUR"), score("HARBOR"));
  EXPECT_GT(score("WALKED"), score("WALKS"));
  put(text_source::plain, "HARBOUR HARBOUR");
  EXPECT_GT(score("HARBOUR"), score("WALKED"));
}

} // namespace
} // namespace rookery::storage::search
