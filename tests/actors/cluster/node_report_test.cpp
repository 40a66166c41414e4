#include "actors/cluster/node_report.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

node_report some() {
  node_report r;
  r.volumes.push_back({4, true, {{6, true, true, false, 1200, 3, 400, false}, {8, false, false, true, 0, 0, 0, true}}});
  r.volumes.push_back({6, false, {}});
  return r;
}

TEST(NodeReport, IsReadAsItWasPrinted) {
  EXPECT_EQ(read_node_report(print(some())), some());
  EXPECT_EQ(read_node_report(print(node_report{})), node_report{});
}

TEST(NodeReport, OfANewerProgramIsReadWithoutWhatIsNew) {
  EXPECT_EQ(read_node_report(R"({"volumes":[{"volume":4,"colour":"red","replicas":[{"node":6,"x":[]}]}],"weather":{}})"), (node_report{{{4, false, {{6}}}}}));
  EXPECT_EQ(read_node_report("{}"), node_report{});
}

TEST(NodeReport, ThatIsNoneIsRefused) {
  for (const auto* text : {"", "[]", "7", "{", R"({"volumes":[{}]})", R"({"volumes":[{"volume":-4}]})", R"({"volumes":[{"volume":4,"replicas":[{"node":0}]}]})"})
    EXPECT_FALSE(read_node_report(text)) << text;
  EXPECT_FALSE(read_node_report("{" + std::string(report_octets_max, ' ') + "}"));
}

TEST(NodeReport, HasABound) {
  node_report many;
  for (std::uint64_t i = 1; i <= 5000; ++i) many.volumes.push_back({i, false, {{6, true, true, false, i, i, i, false}}});
  const auto text = print(many);
  EXPECT_LE(text.size(), report_octets_max);
  const auto read = read_node_report(text);
  ASSERT_TRUE(read);
  EXPECT_GT(read->volumes.size(), 1000u);
  EXPECT_LT(read->volumes.size(), 5000u);
}

} // namespace
} // namespace rookery::actors
