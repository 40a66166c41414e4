#include "storage/body/body_window.hpp"

#include "storage/file/faulty_file_system.hpp"
#include "tests/storage/log/log_workload.hpp"

#include <algorithm>
#include <random>

namespace rookery::storage {
namespace {

using namespace testing;
using base::error_kind;

struct stored {
  faulty_file_system files;
  std::vector<body_ref> refs;
  std::vector<std::string> octets;

  explicit stored(const std::vector<std::size_t>& lengths) {
    const auto log = open_log(files);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      auto g = group_of("body" + std::to_string(i), 1, {lengths[i]});
      octets.push_back(*g.bodies[0].octets);
      refs.push_back(log->append(g)->front().bodies[0]);
      EXPECT_TRUE(log->commit());
    }
  }
};

// Small and large ones over several segments, in their order, backwards, and anyhow.
TEST(BodyWindow, GivesEachBodyInAnyOrder) {
  std::vector<std::size_t> lengths;
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) lengths.push_back(i % 40 == 17 ? 150'000 : 1 + random() % 6000);
  const stored s(lengths);
  std::vector<std::size_t> order(s.refs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  auto& files = const_cast<stored&>(s).files;
  for (int round = 0; round < 3; ++round) {
    body_window window(std::make_shared<body_reader>(files, "log"));
    for (const auto i : order) {
      const auto wanted = round == 1 ? static_cast<std::uint32_t>(lengths[i] / 2) : static_cast<std::uint32_t>(lengths[i] + 10);
      const auto found = window.octets(s.refs[i], wanted);
      ASSERT_TRUE(found) << i;
      EXPECT_EQ(*found, std::string_view(s.octets[i]).substr(0, wanted)) << i;
    }
    if (round == 0) std::reverse(order.begin(), order.end());
    else std::shuffle(order.begin(), order.end(), random);
  }
}

TEST(BodyWindow, ReadsNeighboursAtOnce) {
  const stored s(std::vector<std::size_t>(8, 1000));
  auto& files = const_cast<stored&>(s).files;
  body_window window(std::make_shared<body_reader>(files, "log"));
  ASSERT_EQ(s.refs[2].segment, s.refs[0].segment);
  ASSERT_TRUE(window.octets(s.refs[0], 1000));
  ASSERT_TRUE(window.octets(s.refs[1], 1000)); // and what is behind it in the segment
  files.damage("log/00000001.log", s.refs[2].offset, "#");
  EXPECT_EQ(*window.octets(s.refs[2], 1000), s.octets[2]);
  EXPECT_NE(*window.octets(s.refs[0], 1000), "");
  EXPECT_NE(*window.octets(s.refs[2], 1000), s.octets[2]) << "the window had moved";
}

TEST(BodyWindow, WhatIsNotThereIsAnErrorAndNothingIsKept) {
  const stored s({1000, 1000, 1000});
  auto& files = const_cast<stored&>(s).files;
  body_window window(std::make_shared<body_reader>(files, "log"));
  ASSERT_TRUE(window.octets(s.refs[0], 1000));
  auto beyond = s.refs[1];
  beyond.offset = 1'000'000;
  EXPECT_EQ(window.octets(beyond, 1000).error().kind, error_kind::damaged);
  beyond = s.refs[1];
  beyond.length = 1u << 20; // begins near, and ends behind the segment
  ASSERT_TRUE(window.octets(s.refs[0], 1000));
  EXPECT_EQ(window.octets(beyond, 1u << 20).error().kind, error_kind::damaged);
  beyond.segment = 77;
  EXPECT_EQ(window.octets(beyond, 10).error().kind, error_kind::not_found);
  EXPECT_EQ(*window.octets(s.refs[2], 1000), s.octets[2]);
}

} // namespace
} // namespace rookery::storage
