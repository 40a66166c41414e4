#include "cluster/replication/lag_meter.hpp"

#include <gtest/gtest.h>

namespace rookery::replication {
namespace {

using std::chrono::milliseconds;
constexpr log_position at(std::uint32_t offset) { return {1, offset}; }
constexpr moment ms(std::int64_t n) { return moment(n); }

TEST(LagMeter, WhoHasEverythingIsNotBehind) {
  lag_meter m;
  EXPECT_EQ(m.of(at(0), ms(5)), lag{});
  m.begin(at(100), ms(0));
  EXPECT_EQ(m.of(at(100), ms(1000)), lag{});
  m.written(at(150), 50, 10, ms(2000));
  EXPECT_EQ(m.of(at(150), ms(9000)), lag{});
}

TEST(LagMeter, CountsFromTheFirstThatIsMissing) {
  lag_meter m;
  m.begin(at(100), ms(0));
  m.written(at(150), 50, 10, ms(1000));
  m.written(at(170), 20, 14, ms(2000));
  m.written(at(200), 30, 15, ms(3000));
  EXPECT_EQ(m.of(at(150), ms(3500)), (lag{50, 5, milliseconds(1500), false}));
  EXPECT_EQ(m.of(at(170), ms(3500)), (lag{30, 1, milliseconds(500), false}));
  EXPECT_EQ(m.of(at(160), ms(3500)), (lag{50, 5, milliseconds(1500), false})) << "a batch counts until it is whole";
  EXPECT_EQ(m.of(at(100), ms(3500)), (lag{100, 6, milliseconds(2500), false})) << "the first batch counts as one record";
}

TEST(LagMeter, BeforeItsBeginningItSaysAtLeast) {
  lag_meter m;
  m.begin(at(100), ms(1000));
  EXPECT_EQ(m.of(at(60), ms(4000)), (lag{0, 0, milliseconds(3000), true}));
  m.written(at(150), 50, 10, ms(2000));
  EXPECT_EQ(m.of(at(60), ms(4000)), (lag{50, 1, milliseconds(3000), true}));
}

TEST(LagMeter, ForgetsWhatEverybodyHas) {
  lag_meter m;
  m.begin(at(100), ms(0));
  m.written(at(150), 50, 10, ms(1000));
  m.written(at(170), 20, 14, ms(2000));
  m.forget(at(160));
  EXPECT_EQ(m.of(at(160), ms(2500)), (lag{20, 4, milliseconds(500), false}));
  EXPECT_TRUE(m.of(at(120), ms(2500)).at_least);
}

TEST(LagMeter, RemembersABoundedNumberAndErrsUpwards) {
  lag_meter m;
  m.begin(at(0), ms(0));
  const std::uint32_t batches = 5000;
  for (std::uint32_t i = 1; i <= batches; ++i) m.written(at(i * 10), 10, i + 1, ms(i));
  const auto now = ms(batches);
  for (std::uint32_t have = 0; have <= batches; have += 13) {
    const auto l = m.of(at(have * 10), now);
    const auto missing = batches - have;
    EXPECT_GE(l.records, missing) << have;
    EXPECT_LE(l.records, missing + 16) << have;
    EXPECT_GE(l.octets, missing * 10u) << have;
    EXPECT_GE(l.time.count(), missing == 0 ? 0 : missing - 1) << have;
    EXPECT_FALSE(l.at_least);
  }
  EXPECT_EQ(m.of(at(batches * 10), now), lag{});
}

} // namespace
} // namespace rookery::replication
