// SORT and THREAD, with the examples of RFC 5256.
#include "protocols/imap/sort.hpp"
#include "protocols/imap/thread.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace rookery::imap {
namespace {

TEST(ImapSort, ReverseTurnsOneKeyAndNotTheTies) {
  std::vector<sort_row> rows(4);
  const std::int64_t sizes[] = {30, 10, 30, 20};
  for (std::uint32_t i = 0; i < 4; ++i) {
    rows[i].number = rows[i].order = i + 1;
    rows[i].size = static_cast<std::uint64_t>(sizes[i]);
    rows[i].subject = i % 2 == 0 ? "A" : "B";
  }
  const auto order = [&](std::vector<sort_key> keys) {
    std::string out;
    for (const auto i : sorted_order(rows, keys)) out += std::to_string(rows[i].number);
    return out;
  };
  EXPECT_EQ(order({{sort_criterion::size, false}}), "2413");
  EXPECT_EQ(order({{sort_criterion::size, true}}), "1342");
  EXPECT_EQ(order({{sort_criterion::subject, true}, {sort_criterion::size, false}}), "2413");
  EXPECT_EQ(order({{sort_criterion::subject, false}, {sort_criterion::size, true}}), "1342");
}

// Beside a sort that compares whole values: texts with a common beginning, zeros and ends within it; numbers of both signs.
TEST(ImapSort, OrdersAsAComparisonOfWholeValuesDoes) {
  std::mt19937 random(5256);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> texts(1 + random() % 60);
    const std::string beginning(random() % 12, 's');
    for (auto& t : texts) {
      t = random() % 8 == 0 ? beginning.substr(0, beginning.size() / 2) : beginning;
      for (auto more = random() % 12; more > 0; --more) t.push_back("\0\x01az\xff"[random() % 5]);
    }
    std::vector<sort_row> rows(texts.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      rows[i].order = i + 1;
      rows[i].subject = texts[i];
      rows[i].display_from = texts[random() % texts.size()];
      rows[i].sent = static_cast<std::int64_t>(random() % 5) - 2;
      rows[i].relevancy = static_cast<std::uint8_t>(1 + random() % 100);
    }
    const sort_criterion criteria[] = {sort_criterion::subject, sort_criterion::display_from, sort_criterion::date, sort_criterion::relevancy};
    const std::vector<sort_key> keys{{criteria[random() % 4], random() % 2 == 0}, {criteria[random() % 4], random() % 2 == 0}};
    std::vector<std::uint32_t> wanted(rows.size());
    std::iota(wanted.begin(), wanted.end(), 0u);
    std::stable_sort(wanted.begin(), wanted.end(), [&](auto a, auto b) {
      for (const auto& key : keys) {
        const auto &x = rows[key.reverse ? b : a], &y = rows[key.reverse ? a : b];
        switch (key.by) {
          case sort_criterion::subject:
            if (x.subject != y.subject) return x.subject < y.subject;
            break;
          case sort_criterion::display_from:
            if (x.display_from != y.display_from) return x.display_from < y.display_from;
            break;
          case sort_criterion::date:
            if (x.sent != y.sent) return x.sent < y.sent;
            break;
          default:
            if (x.relevancy != y.relevancy) return x.relevancy > y.relevancy;
        }
      }
      return false;
    });
    ASSERT_EQ(sorted_order(rows, keys), wanted) << "round " << round;
  }
}

struct mail {
  std::uint32_t number;
  std::int64_t sent;
  std::string_view id;
  std::vector<std::string_view> references;
  std::string_view subject;
  bool reply = false;
};

std::string threads(const std::vector<mail>& mails, thread_algorithm how = thread_algorithm::references) {
  std::vector<thread_row> rows;
  for (const auto& m : mails) rows.push_back({m.number, m.number, m.sent, m.id, m.references, m.subject, m.reply});
  return thread_rows(rows, how);
}

TEST(ImapThread, FollowsReferences) {
  struct row {
    const char* name;
    std::vector<mail> mails;
    std::string_view tree;
  };
  const row rows[] = {
      {"nothing", {}, ""},
      {"alone", {{1, 1, "a", {}, "x"}}, "(1)"},
      {"a chain", {{1, 1, "a", {}, "x"}, {2, 2, "b", {"a"}, "x", true}, {3, 3, "c", {"a", "b"}, "x", true}}, "(1 2 3)"},
      {"two answers", {{1, 1, "a", {}, "x"}, {2, 2, "b", {"a"}, "x", true}, {3, 3, "c", {"a"}, "x", true}}, "(1 (2)(3))"},
      {"by date, not by number", {{1, 9, "a", {}, "x"}, {2, 3, "b", {"a"}, "x", true}, {3, 2, "c", {"a"}, "x", true}, {4, 1, "d", {}, "y"}},
       "(4)(1 (3)(2))"},
      {"a missing parent of two stays as a root", {{1, 1, "b", {"a"}, "x", true}, {2, 2, "c", {"a"}, "x", true}}, "((1)(2))"},
      {"a missing parent of one goes", {{1, 1, "b", {"a"}, "x", true}}, "(1)"},
      {"missing ones in the middle give up their children",
       {{1, 1, "a", {}, "x"}, {2, 2, "d", {"a", "b", "c"}, "x", true}, {3, 3, "e", {"a", "b"}, "x", true}}, "(1 (2)(3))"},
      {"a loop is not made", {{1, 1, "a", {"b"}, "x"}, {2, 2, "b", {"a"}, "x", true}}, "(2 1)"},
      {"own references win over hearsay",
       {{1, 1, "a", {}, "x"}, {2, 2, "c", {"a", "b"}, "x", true}, {3, 3, "b", {}, "y"}}, "(1)(3 2)"},
      {"the same id twice", {{1, 1, "a", {}, "x"}, {2, 2, "a", {}, "y"}, {3, 3, "b", {"a"}, "x", true}}, "(1 3)(2)"},
      {"replies are gathered by subject", {{1, 1, "a", {}, "x"}, {2, 2, "b", {}, "x", true}}, "(1 2)"},
      {"equals are gathered under nobody", {{1, 1, "a", {}, "x"}, {2, 2, "b", {}, "x"}}, "((1)(2))"},
      {"three of one subject", {{1, 1, "a", {}, "x"}, {2, 2, "b", {}, "x"}, {3, 3, "c", {}, "x", true}}, "((1)(2)(3))"},
      {"the original may come later", {{1, 1, "a", {}, "x", true}, {2, 2, "b", {}, "x"}}, "(2 1)"},
      {"without a subject nothing is gathered", {{1, 1, "a", {}, ""}, {2, 2, "b", {}, ""}}, "(1)(2)"},
      {"self reference", {{1, 1, "a", {"a"}, "x"}}, "(1)"},
  };
  for (const auto& r : rows) EXPECT_EQ(threads(r.mails), r.tree) << r.name;
}

TEST(ImapThread, OrderedSubjectHangsAllUnderTheFirst) {
  const std::vector<mail> mails{{1, 5, "", {}, "b"}, {2, 1, "", {}, "a"}, {3, 2, "", {}, "a", true}, {4, 3, "", {}, "a", true}, {5, 6, "", {}, "b", true}, {6, 0, "", {}, "c"}};
  EXPECT_EQ(threads(mails, thread_algorithm::ordered_subject), "(6)(2 (3)(4))(1 5)");
}

TEST(ImapThread, VeryDeepConversationsAreNoTrouble) {
  std::vector<std::string> ids;
  for (int i = 0; i < 20000; ++i) ids.push_back("m" + std::to_string(i));
  std::vector<thread_row> rows(ids.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    rows[i].number = rows[i].order = i + 1;
    rows[i].sent = i;
    rows[i].message_id = ids[i];
    if (i > 0) rows[i].references = {ids[i - 1]};
  }
  const auto tree = thread_rows(rows, thread_algorithm::references);
  EXPECT_TRUE(tree.starts_with("(1 2 3 4"));
  EXPECT_TRUE(tree.ends_with(" 19999 20000)"));
}

} // namespace
} // namespace rookery::imap
