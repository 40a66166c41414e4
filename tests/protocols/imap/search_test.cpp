// Search programs over rows, in rounds.
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/search_matcher.hpp"
#include "protocols/imap/flag.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace rookery::imap {
namespace {

search parse(std::string_view keys) {
  static const server_limits limits;
  const std::string text = " " + std::string(keys);
  word_reader reader(text, {&limits, false});
  search out;
  EXPECT_TRUE(read_search(reader, out, {})) << keys << ": " << reader.fault_text();
  return out;
}

const std::vector<std::string> keywords{"$Junk", "work"};

search_context context() {
  search_context c;
  c.keywords = &keywords;
  c.largest_number = 10;
  c.largest_uid = 100;
  c.now = base::from_milliseconds(1'000'000'000'000);
  return c;
}

search_row row() {
  search_row r;
  r.number = 3;
  r.uid = 30;
  r.flags = flag::seen | flag::keyword_bit(0);
  r.modseq = 50;
  r.size = 1000;
  r.internal_date = 86400000LL * 100 + 5; // day 100: 11-Apr-1970
  r.save_date = 86400000LL * 200;
  r.email_id = "M1";
  r.thread_id = "T1";
  return r;
}

TEST(ImapSearch, ColumnsDecideWhatTheyCan) {
  struct expectation {
    std::string_view keys;
    int decided; ///< 1 yes, 0 no, -1 open
  };
  const expectation rows[] = {{"ALL", 1}, {"SEEN", 1}, {"UNSEEN", 0}, {"NOT SEEN", 0}, {"NOT UNSEEN", 1}, {"DELETED", 0}, {"NEW", 0}, {"OLD", 1},
                              {"KEYWORD $junk", 1}, {"KEYWORD work", 0}, {"UNKEYWORD nobody", 1}, {"KEYWORD nobody", 0},
                              {"LARGER 999", 1}, {"LARGER 1000", 0}, {"SMALLER 1000", 0}, {"SMALLER 1001", 1},
                              {"1:5", 1}, {"4:*", 0}, {"UID 30", 1}, {"UID 31:*", 0}, {"NOT 1:2", 1},
                              {"UIDAFTER 29", 1}, {"UIDAFTER 30", 0}, {"UIDBEFORE 31", 1}, {"UIDBEFORE 30", 0}, {"UIDBEFORE 1", 0},
                              {"UIDAFTER 4294967295", 0}, {"UIDAFTER 200", 0}, {"UIDAFTER 10 UIDBEFORE 40", 1},
                              {"ON 11-Apr-1970", 1}, {"BEFORE 11-Apr-1970", 0}, {"BEFORE 12-Apr-1970", 1}, {"SINCE 11-Apr-1970", 1},
                              {"SINCE 12-Apr-1970", 0}, {"SAVEDON 20-Jul-1970", 1}, {"SAVEDATESUPPORTED", 1}, {"YOUNGER 100", 0}, {"OLDER 100", 1},
                              {"MODSEQ 50", 1}, {"MODSEQ 51", 0}, {"EMAILID M1", 1}, {"THREADID T2", 0},
                              {"OR UNSEEN LARGER 5", 1}, {"OR UNSEEN DELETED", 0}, {"SEEN LARGER 5 UID 1:50", 1}, {"SEEN UNSEEN", 0},
                              {"(SEEN (OR DELETED 3))", 1}, {"SUBJECT x", -1}, {"SUBJECT x UNSEEN", 0}, {"OR SUBJECT x SEEN", 1},
                              {"NOT SUBJECT x", -1}, {"BODY \"\"", 1}, {"TEXT x LARGER 5000", 0}, {"SENTSINCE 1-Jan-2000", -1}};
  for (const auto& e : rows) {
    const auto s = parse(e.keys);
    const search_matcher matcher(s.program, context());
    const auto verdict = matcher.test(row());
    EXPECT_EQ(verdict.decided ? (verdict.match ? 1 : 0) : -1, e.decided) << e.keys;
    EXPECT_EQ(verdict.needs != 0, e.decided < 0) << e.keys;
  }
}

TEST(ImapSearch, WhatAnIndexSaysNeedsNoMessage) {
  using enum leaf_verdict;
  const auto s = parse("OR (SUBJECT x NOT BODY y) HEADER X-A z");
  const search_matcher matcher(s.program, context());
  ASSERT_EQ(matcher.leaves().size(), 3u);
  EXPECT_EQ(matcher.leaves()[0].field + "=" + matcher.leaves()[0].text, "Subject=X");
  EXPECT_EQ(matcher.leaves()[1].in, text_leaf::scope::body);
  EXPECT_EQ(matcher.leaves()[2].field + "=" + matcher.leaves()[2].text, "X-A=Z");
  struct expectation {
    std::array<leaf_verdict, 3> known;
    int decided; ///< 1 yes, 0 no, -1 open
  };
  const expectation rows[] = {{{yes, no, no}, 1}, {{yes, yes, no}, 0}, {{no, open, no}, 0}, {{no, no, yes}, 1}, {{open, yes, yes}, 1},
                              {{open, no, no}, -1}, {{yes, open, no}, -1}, {{no, no, open}, -1}, {{open, open, yes}, 1}};
  for (const auto& e : rows) {
    auto r = row();
    r.leaves = e.known;
    const auto verdict = matcher.test(r);
    EXPECT_EQ(verdict.decided ? (verdict.match ? 1 : 0) : -1, e.decided) << &e - rows;
  }
  EXPECT_FALSE(matcher.test(row()).decided);
}

TEST(ImapSearch, FlagTestsAreJoined) {
  const auto test = search_matcher(parse("UNSEEN UNDELETED KEYWORD work NOT FLAGGED").program, context()).flags_only();
  ASSERT_TRUE(test);
  EXPECT_EQ(test->mask, flag::seen | flag::deleted | flag::flagged | flag::keyword_bit(1));
  EXPECT_EQ(test->value, flag::keyword_bit(1));
  EXPECT_FALSE(search_matcher(parse("UNSEEN LARGER 5").program, context()).flags_only());
  EXPECT_EQ(search_matcher(parse("UNSEEN LARGER 5").program, context()).columns(), search_column::flags | search_column::size);
  EXPECT_EQ(print(*search_matcher(parse("UID 5:9 SEEN UID 7:20").program, context()).uid_bounds()), "7:9");
}

struct answers : search_answers {
  std::optional<std::int32_t> day;
  std::optional<bool> header, body, text;
  mutable std::string asked;
  std::optional<std::int32_t> sent_day() const override { return day; }
  std::optional<bool> header_contains(std::string_view field, std::string_view needle) const override {
    asked += std::string(field) + "=" + std::string(needle) + ";";
    return header;
  }
  std::optional<bool> body_contains(std::string_view) const override { return body; }
  std::optional<bool> text_contains(std::string_view) const override { return text; }
  std::vector<std::optional<std::uint8_t>> scores;
  std::optional<std::uint8_t> relevancy(std::size_t leaf) const override { return leaf < scores.size() ? scores[leaf] : std::nullopt; }
};

TEST(ImapSearch, FuzzyKeysHaveARelevancy) { // RFC 6203
  struct expectation {
    std::string_view keys;
    std::vector<std::optional<std::uint8_t>> scores; ///< of the leaves; nothing: not known
    int decided;                                     ///< 1 yes, 0 no, -1 open
    int relevancy;
  };
  const expectation rows[] = {{"FUZZY SUBJECT x", {70}, 1, 70},
                              {"FUZZY SUBJECT x", {0}, 0, 0},
                              {"FUZZY SUBJECT x", {{}}, -1, 0},
                              {"FUZZY (SUBJECT x BODY y)", {70, 30}, 1, 50},
                              {"FUZZY (SUBJECT x BODY y)", {70, 0}, 0, 0},
                              {"FUZZY OR TEXT x BODY y", {70, 0}, 1, 70},
                              {"OR FUZZY TEXT x FUZZY BODY y", {20, 90}, 1, 90},
                              {"NOT FUZZY TEXT x SEEN", {0}, 1, 100},
                              {"NOT FUZZY TEXT x", {7}, 0, 0},
                              {"FUZZY TEXT x UNSEEN", {{}}, 0, 0},
                              {"FUZZY SEEN", {}, 1, 100},
                              {"FUZZY ON 11-Apr-1970", {}, 1, 100},
                              {"FUZZY TEXT \"\"", {}, 1, 100},
                              {"FUZZY HEADER subject x LARGER 5", {44}, 1, 44},
                              {"FUZZY FUZZY TEXT x", {44}, 1, 44}};
  for (const auto& e : rows) {
    const auto s = parse(e.keys);
    EXPECT_TRUE(s.program.uses_fuzzy) << e.keys;
    const search_matcher matcher(s.program, context());
    answers a;
    a.scores = e.scores;
    const auto verdict = matcher.test(row(), &a);
    EXPECT_EQ(verdict.decided ? (verdict.match ? 1 : 0) : -1, e.decided) << e.keys;
    EXPECT_EQ(verdict.match ? matcher.relevancy(row(), &a) : 0, e.relevancy) << e.keys;
    EXPECT_EQ(verdict.needs, e.decided < 0 ? search_need::whole : 0) << e.keys;
  }
  // Exact keys stay exact, and so do fields whose words nobody keeps apart.
  for (const auto* keys : {"TEXT a FUZZY TEXT b", "HEADER X-A a FUZZY TEXT b", "FUZZY (HEADER X-A a TEXT b)", "FUZZY (HEADER Subject \"\" TEXT b)"}) {
    const auto s = parse(keys);
    const search_matcher matcher(s.program, context());
    ASSERT_EQ(matcher.leaves().size(), 2u) << keys;
    EXPECT_FALSE(matcher.leaves()[0].fuzzy) << keys;
    EXPECT_TRUE(matcher.leaves()[1].fuzzy) << keys;
  }
  EXPECT_FALSE(parse("TEXT x").program.uses_fuzzy);
}

TEST(ImapSearch, AnIndexGivesRelevancies) {
  const auto s = parse("FUZZY TEXT x BODY y");
  const search_matcher matcher(s.program, context());
  const std::array known{leaf_verdict::yes, leaf_verdict::yes};
  const std::array<std::uint8_t, 2> scores{61, 100};
  auto r = row();
  r.leaves = known;
  r.relevancies = scores;
  EXPECT_TRUE(matcher.test(r).match);
  EXPECT_EQ(matcher.relevancy(r), 61);
  const std::array not_there{leaf_verdict::no, leaf_verdict::yes};
  r.leaves = not_there;
  EXPECT_TRUE(matcher.test(r).decided);
  EXPECT_FALSE(matcher.test(r).match);
}

TEST(ImapSearch, AsksTheCheapestFirstAndOnlyWhatIsOpen) {
  const auto s = parse("BODY b FROM f SENTON 11-Apr-1970");
  const search_matcher matcher(s.program, context());
  answers known;
  auto verdict = matcher.test(row(), &known);
  EXPECT_FALSE(verdict.decided);
  EXPECT_EQ(verdict.needs, search_need::sort_keys | search_need::header | search_need::whole);
  known.day = 100;
  verdict = matcher.test(row(), &known);
  EXPECT_EQ(verdict.needs, search_need::header | search_need::whole);
  known.header = false;
  verdict = matcher.test(row(), &known);
  EXPECT_TRUE(verdict.decided);
  EXPECT_FALSE(verdict.match);
  EXPECT_NE(known.asked.find("From=F;"), std::string::npos); // folded for searching
  known.header = known.body = true;
  EXPECT_TRUE(matcher.test(row(), &known).match);
}

/// The tree read as RFC 9051 says, without any of the matcher's short ways.
bool plainly(const search_program& p, std::uint32_t at, const search_row& r) {
  const auto& n = p.nodes[at];
  switch (n.key) {
    case search_key::all: return true;
    case search_key::flag_set: return (r.flags & n.number) != 0;
    case search_key::flag_unset: return (r.flags & n.number) == 0;
    case search_key::larger: return r.size > n.number;
    case search_key::smaller: return r.size < n.number;
    case search_key::uids: return contains(n.set.resolve(100), r.uid);
    case search_key::negation: return !plainly(p, n.children[0], r);
    case search_key::either: return plainly(p, n.children[0], r) || plainly(p, n.children[1], r);
    case search_key::each:
      for (const auto c : n.children)
        if (!plainly(p, c, r)) return false;
      return true;
    default: ADD_FAILURE(); return false;
  }
}

TEST(ImapSearch, AgreesWithThePlainReading) {
  std::mt19937 random(3);
  const std::function<std::string(int)> make = [&](int depth) -> std::string {
    const char* leaves[] = {"SEEN", "UNSEEN", "DELETED", "UNDELETED", "LARGER 50", "SMALLER 70", "UID 10:60", "ALL", "FLAGGED"};
    switch (depth > 4 ? 3 : random() % 6) {
      case 0: return "NOT " + make(depth + 1);
      case 1: return "OR " + make(depth + 1) + " " + make(depth + 1);
      case 2: return "(" + make(depth + 1) + " " + make(depth + 1) + " " + make(depth + 1) + ")";
      default: return leaves[random() % std::size(leaves)];
    }
  };
  for (int round = 0; round < 500; ++round) {
    const auto keys = make(0);
    const auto s = parse(keys);
    const search_matcher matcher(s.program, context());
    for (int k = 0; k < 20; ++k) {
      search_row r;
      r.flags = random() & 31;
      r.size = random() % 100;
      r.uid = static_cast<std::uint32_t>(random() % 100 + 1);
      const auto verdict = matcher.test(r);
      ASSERT_TRUE(verdict.decided);
      ASSERT_EQ(verdict.match, plainly(s.program, s.program.root, r)) << keys;
    }
  }
}

} // namespace
} // namespace rookery::imap
