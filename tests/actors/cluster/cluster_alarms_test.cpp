#include "actors/cluster/cluster_alarms.hpp"

#include "actors/cluster/certificate_renewal.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

using kind = alarm::kind;
using namespace std::chrono_literals;
using std::chrono::days;

const base::wall_time now = base::from_milliseconds(1'800'000'000'000);
constexpr std::uint64_t gib = std::uint64_t{1} << 30;

node_condition well() { return {4, "mail1", 20ms, 100 * gib, 200 * gib, now + days(200)}; }

/// The kinds of the alarms, as letters.
std::string raised(const node_condition& n, const std::vector<alarm>& before = {}, base::wall_time authority = now + days(5000)) {
  std::string out;
  for (const auto& a : alarms_of({n}, authority, now, before)) out += "cdta"[static_cast<int>(a.what)];
  return out;
}

TEST(ClusterAlarms, AWellNodeHasNone) {
  EXPECT_EQ(raised(well()), "");
  EXPECT_EQ(raised({4, "mail1", {}, 0, 0, {}}, {}, {}), "") << "nothing is known";
}

TEST(ClusterAlarms, ClocksApartEitherWay) {
  auto n = well();
  n.clock_offset = 1001ms;
  EXPECT_EQ(raised(n), "c");
  n.clock_offset = -1001ms;
  EXPECT_EQ(raised(n), "c");
  n.clock_offset = 1000ms;
  EXPECT_EQ(raised(n), "");
  n.clock_offset = 700ms;
  EXPECT_EQ(raised(n, {{4, kind::clock, ""}}), "c") << "it ends below half of it";
  EXPECT_EQ(raised(n, {{5, kind::clock, ""}}), "") << "another node's";
  n.clock_offset = 500ms;
  EXPECT_EQ(raised(n, {{4, kind::clock, ""}}), "");
}

TEST(ClusterAlarms, ADiskIsLowByItsSize) {
  auto n = well();
  const auto with = [&](std::uint64_t free, std::uint64_t total) {
    n.disk_free = free;
    n.disk_total = total;
    return raised(n);
  };
  EXPECT_EQ(with(10 * gib - 1, 200 * gib), "d");
  EXPECT_EQ(with(10 * gib, 200 * gib), "");
  EXPECT_EQ(with(gib - 1, 4 * gib), "d") << "one at least";
  EXPECT_EQ(with(20 * gib, 100'000 * gib), "") << "twenty at most";
  n.disk_free = 10 * gib + gib / 2;
  n.disk_total = 200 * gib;
  EXPECT_EQ(raised(n, {{4, kind::disk, ""}}), "d");
}

TEST(ClusterAlarms, CertificatesNearTheirEnd) {
  auto n = well();
  n.certificate_ends = now + warned_before;
  EXPECT_EQ(raised(n), "");
  n.certificate_ends = now + warned_before - days(1);
  EXPECT_EQ(raised(n), "t");
  n.certificate_ends = now - days(1);
  EXPECT_NE(alarms_of({n}, {}, now, {}).at(0).text.find("has ended"), std::string::npos);
  EXPECT_EQ(raised(well(), {}, now + days(364)), "a");
}

TEST(ClusterAlarms, ACopyIsBehind) {
  const auto of = [](std::chrono::milliseconds behind) { return replica_condition{4, 6, "mail1", "mail2", behind, 17}; };
  EXPECT_TRUE(lag_alarms_of({of(10s)}, 10s, {}).empty());
  const auto raised = lag_alarms_of({of(12s)}, 10s, {});
  ASSERT_EQ(raised.size(), 1u);
  EXPECT_EQ(raised[0].text, "the copy of the mail of mail1 on mail2 is 12 s behind (17 records)");
  EXPECT_EQ(lag_alarms_of({of(6s)}, 10s, raised).size(), 1u) << "it ends below half of it";
  EXPECT_TRUE(lag_alarms_of({of(5s)}, 10s, raised).empty());
  auto other = of(6s);
  other.volume = 8;
  EXPECT_TRUE(lag_alarms_of({other}, 10s, raised).empty()) << "another volume's copy there";
  EXPECT_TRUE(lag_alarms_of({of(100s)}, 0s, raised).empty()) << "switched off";
}

} // namespace
} // namespace rookery::actors
