#include "actors/admin/trace.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace rookery::admin {
namespace {

class log_folder : public ::testing::Test {
protected:
  log_folder() {
    folder_ = ::testing::TempDir() + "trace_XXXXXX";
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    std::ofstream(folder_ + "/rookery.jsonl.1") << R"({"time":"1","event":"smtp.begin","session":"s1"})" "\n"
                                                << R"({"time":"2","event":"smtp.begin","session":"s2"})" "\n";
    std::ofstream(folder_ + "/rookery.jsonl") << R"({"time":"3","event":"message.accepted","message":"m1","session":"s1"})" "\n"
                                              << "no json \"m1\"\n"
                                              << R"({"time":"4","event":"message.delivered","message":"m1"})" "\n"
                                              << R"({"time":"5","event":"message.accepted","message":"m12","session":"s2"})" "\n";
  }
  ~log_folder() override { std::filesystem::remove_all(folder_); }
  std::vector<std::string> times(const std::string& id) {
    std::vector<std::string> out;
    const auto found = trace(folder_, id);
    if (!found) return {std::string(found.error().client.value)};
    for (const auto& line : *found->get_array("lines")) out.emplace_back(line.get_string("time").value_or(""));
    return out;
  }
  std::string folder_;
};

TEST_F(log_folder, AMessageIsFollowedFromItsSessionOn) {
  EXPECT_EQ(times("m1"), (std::vector<std::string>{"1", "3", "4"}));
  EXPECT_EQ(times("s1"), (std::vector<std::string>{"1", "3", "4"}));
  EXPECT_EQ(times("m12"), (std::vector<std::string>{"2", "5"}));
}

TEST_F(log_folder, WhatIsNoIdOrNotThereIsSaid) {
  EXPECT_EQ(trace(folder_, "m3").error().kind, base::error_kind::not_found);
  for (const auto* bad : {"", "a b", "a\"b", "../x/"}) EXPECT_EQ(trace(folder_, bad).error().kind, base::error_kind::invalid);
  EXPECT_EQ(trace(folder_, std::string(65, 'a')).error().kind, base::error_kind::invalid);
}

} // namespace
} // namespace rookery::admin
