#include "protocols/imap/result_update.hpp"

#include "protocols/imap/response_writer.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

using numbers = std::vector<std::uint32_t>;

/// What a client does with the steps (RFC 5267 §4.3.3, §4.3.4).
numbers without(numbers list, const std::vector<result_step>& steps) {
  for (const auto& s : steps) {
    EXPECT_EQ(list.at(s.position - 1), s.number);
    list.erase(list.begin() + s.position - 1);
  }
  return list;
}
numbers with(numbers list, const std::vector<result_step>& steps) {
  for (const auto& s : steps) list.insert(list.begin() + s.position - 1, s.number);
  return list;
}

TEST(ImapResultUpdate, AClientThatFollowsTheStepsHasTheSameList) {
  struct row {
    numbers before, gone, after;
  };
  const row rows[] = {{{}, {}, {}},
                      {{}, {5}, {7, 3}},
                      {{1, 2, 3}, {1, 2, 3}, {}},
                      {{5, 3, 9, 1}, {3, 1, 77}, {8, 5, 9, 2, 4}},
                      {{5, 3, 9, 1}, {9}, {5, 3, 1}},
                      {{2734, 2735}, {}, {2731, 2732, 2733, 2734, 2735}}};
  for (const auto& r : rows) {
    auto list = r.before;
    const auto removed = remove_results(list, r.gone);
    EXPECT_EQ(without(r.before, removed), list);
    EXPECT_EQ(with(list, add_results(list, r.after)), r.after);
  }
}

std::string line(std::string_view item, const std::vector<result_step>& steps) {
  base::buffer out;
  response_writer w(out, {});
  w.update_begin("B01", true);
  w.update_item(item, steps);
  w.update_end();
  return std::string(out.view());
}

TEST(ImapResultUpdate, IsWrittenInRangesWherePlacesFollowEachOther) {
  EXPECT_EQ(line("ADDTO", {{0, 32768}, {0, 32769}, {0, 40000}}), "* ESEARCH (TAG \"B01\") UID ADDTO (0 32768:32769,40000)\r\n");
  EXPECT_EQ(line("ADDTO", {{1, 2731}, {2, 2732}, {3, 2733}}), "* ESEARCH (TAG \"B01\") UID ADDTO (1 2731:2733)\r\n");
  EXPECT_EQ(line("ADDTO", {{1, 9}, {2, 7}, {5, 8}}), "* ESEARCH (TAG \"B01\") UID ADDTO (1 9,7 5 8)\r\n");
  EXPECT_EQ(line("REMOVEFROM", {{2, 9}, {2, 10}, {4, 8}}), "* ESEARCH (TAG \"B01\") UID REMOVEFROM (2 9:10 4 8)\r\n");
}

} // namespace
} // namespace rookery::imap
