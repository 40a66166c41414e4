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
  std::vector<std::uint32_t> ranked(std::string text, const std::string& language = "none") {
    const auto found = rank(*store_.open(account), {question::scope::text, "", std::move(text)}, language);
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
  const auto none = rank(*store_.open(account), {question::scope::text, "", "HAUS"}, "klingon");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, base::error_kind::invalid);
}

} // namespace
} // namespace rookery::storage::search
