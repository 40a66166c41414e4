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
  sort_columns columns;
  columns.messages = 4;
  columns.size = {30, 10, 30, 20};
  columns.subject = {"A", "B", "A", "B"};
  const auto order = [&](std::vector<sort_key> keys) {
    std::string out;
    for (const auto i : sorted_order(columns, keys)) out += std::to_string(i + 1);
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
    sort_columns in;
    in.messages = texts.size();
    for (const auto& t : texts) {
      in.subject.push_back(t);
      in.display_from.push_back(texts[random() % texts.size()]);
      in.sent.push_back(static_cast<std::int64_t>(random() % 5) - 2);
      in.relevancy.push_back(static_cast<std::uint8_t>(1 + random() % 100));
    }
    const sort_criterion criteria[] = {sort_criterion::subject, sort_criterion::display_from, sort_criterion::date, sort_criterion::relevancy};
    const std::vector<sort_key> keys{{criteria[random() % 4], random() % 2 == 0}, {criteria[random() % 4], random() % 2 == 0}};
    std::vector<std::uint32_t> wanted(in.messages);
    std::iota(wanted.begin(), wanted.end(), 0u);
    std::stable_sort(wanted.begin(), wanted.end(), [&](auto a, auto b) {
      for (const auto& key : keys) {
        const auto x = key.reverse ? b : a, y = key.reverse ? a : b;
        switch (key.by) {
          case sort_criterion::subject:
            if (in.subject[x] != in.subject[y]) return in.subject[x] < in.subject[y];
            break;
          case sort_criterion::display_from:
            if (in.display_from[x] != in.display_from[y]) return in.display_from[x] < in.display_from[y];
            break;
          case sort_criterion::date:
            if (in.sent[x] != in.sent[y]) return in.sent[x] < in.sent[y];
            break;
          default:
            if (in.relevancy[x] != in.relevancy[y]) return in.relevancy[x] > in.relevancy[y];
        }
      }
      return false;
    });
    ASSERT_EQ(sorted_order(in, keys), wanted) << "round " << round;
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
