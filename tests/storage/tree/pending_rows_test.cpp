#include "storage/tree/pending_rows.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace rookery::storage {
namespace {

std::string name(std::uint64_t n) {
  auto text = std::to_string(n);
  return std::string(4 - text.size(), '0') + text;
}

TEST(PendingRows, ScansAreThoseOfOneMapInBothDirections) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = tree::in_memory();
    pending_rows rows(*below);
    std::map<std::string, std::string> model;
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 600; ++i) {
        const auto key = name(random() % 1000);
        if (random() % 3 == 0) {
          rows.remove(key);
          model.erase(key);
        } else {
          rows.put(key, std::to_string(i));
          model[key] = std::to_string(i);
        }
      }
      for (int look = 0; look < 40; ++look) {
        const auto from = name(random() % 1000), to = name(random() % 1000);
        const std::size_t max = 1 + random() % 700;
        std::vector<std::string> wanted, got, back;
        if (from < to)
          for (auto at = model.lower_bound(from); at != model.lower_bound(to); ++at) wanted.push_back(at->first + "=" + at->second);
        rows.scan(from, to, [&](std::string_view k, std::string_view v) {
          got.push_back(std::string(k) + "=" + std::string(v));
          return got.size() < max;
        });
        rows.scan_back(from, to, [&](std::string_view k, std::string_view v) {
          back.push_back(std::string(k) + "=" + std::string(v));
          return back.size() < max;
        });
        ASSERT_EQ(got, std::vector<std::string>(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(std::min(max, wanted.size())))) << seed;
        ASSERT_EQ(back, std::vector<std::string>(wanted.rbegin(), wanted.rbegin() + static_cast<std::ptrdiff_t>(std::min(max, wanted.size())))) << seed;
      }
      if (round % 2 == 0) {
        tree::batch batch;
        rows.collect(batch);
        ASSERT_TRUE(below->write(batch, false));
        rows.written();
      }
    }
  }
}

} // namespace
} // namespace rookery::storage
