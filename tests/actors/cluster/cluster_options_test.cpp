#include "actors/cluster/cluster_options.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

TEST(ClusterOptions, AreTheirDefaultsUntilTheyAreSet) {
  EXPECT_EQ(read_options(""), cluster_options{});
  EXPECT_EQ(read_options("[1]"), cluster_options{});
  EXPECT_EQ(read_options(R"({"lag_alarm_seconds":"many","freeze_joining_queues":7,"copy_octets_a_second":-1})"), cluster_options{});
  const auto changed = change_option("", "lag_alarm_seconds", json::value("60"));
  ASSERT_TRUE(changed);
  EXPECT_EQ(read_options(*changed).lag_alarm_seconds, 60u);
  const auto both = change_option(*changed, "freeze_joining_queues", json::value(false));
  ASSERT_TRUE(both);
  EXPECT_EQ(*both, R"({"lag_alarm_seconds":60,"freeze_joining_queues":false})");
  EXPECT_EQ(change_option(*both, "lag_alarm_seconds", json::value()).value(), R"({"freeze_joining_queues":false})");
}

TEST(ClusterOptions, OfNewerProgramsStay) {
  EXPECT_EQ(change_option(R"({"colour":"red"})", "lag_alarm_seconds", json::value(5)).value(), R"({"colour":"red","lag_alarm_seconds":5})");
}

TEST(ClusterOptions, WhatDoesNotFitIsRefused) {
  for (const auto& [name, value] : {std::pair{"lag_alarm_seconds", json::value("x")}, {"lag_alarm_seconds", json::value(86401)}, {"lag_alarm_seconds", json::value(-1)},
                                    {"freeze_joining_queues", json::value("yes")}, {"freeze_joining_queues", json::value(1)}, {"copy_octets_a_second", json::value(true)}})
    EXPECT_EQ(change_option("", name, value).error().kind, base::error_kind::invalid) << name << json::to_text(value);
  EXPECT_EQ(change_option("", "colour", json::value("red")).error().kind, base::error_kind::not_found);
}

TEST(ClusterOptions, AreShownWithTheirDefaults) {
  const auto rows = show_options(R"({"lag_alarm_seconds":60})");
  ASSERT_EQ(rows.size(), all_options().size());
  for (const auto& r : rows) {
    EXPECT_FALSE(r.get_string("text")->empty());
    if (r.get_string("name") != "lag_alarm_seconds") continue;
    EXPECT_EQ(r.get_unsigned("value"), 60u);
    EXPECT_EQ(r.get_unsigned("default"), 10u);
  }
}

} // namespace
} // namespace rookery::actors
