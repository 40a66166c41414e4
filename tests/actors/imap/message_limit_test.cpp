#include "actors/imap/message_limit.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

using rows = std::vector<imap::row_range>;

TEST(MessageLimit, TheNewestRowsStay) { // RFC 9738 §3.1
  struct row {
    rows before;
    std::uint32_t most;
    rows after;
    bool cut;
  };
  const row table[] = {{{}, 3, {}, false},
                       {{{0, 3}}, 3, {{0, 3}}, false},
                       {{{0, 4}}, 3, {{1, 4}}, true},
                       {{{0, 2}, {5, 7}}, 4, {{0, 2}, {5, 7}}, false},
                       {{{0, 2}, {5, 7}}, 3, {{1, 2}, {5, 7}}, true},
                       {{{0, 2}, {5, 7}}, 2, {{5, 7}}, true},
                       {{{0, 2}, {5, 7}}, 1, {{6, 7}}, true},
                       {{{0, 1}, {2, 3}, {4, 5}, {6, 7}}, 2, {{4, 5}, {6, 7}}, true}};
  for (const auto& r : table) {
    auto all = r.before;
    EXPECT_EQ(keep_newest(all, r.most), r.cut) << &r - table;
    EXPECT_EQ(all, r.after) << &r - table;
  }
}

} // namespace
} // namespace rookery::actors
