#include "policy/queueing/index_heap.hpp"
#include "policy/queueing/recipient_numbers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rookery::queueing {
namespace {

using numbers = std::vector<std::uint32_t>;

TEST(RecipientNumbers, AreKeptInOrderAndOnce) {
  const recipient_numbers n({7, 3, 4, 5, 3});
  EXPECT_EQ(n.to_vector(), (numbers{3, 4, 5, 7}));
  EXPECT_EQ(n.size(), 4u);
  for (const std::uint32_t i : {3u, 4u, 5u, 7u}) EXPECT_TRUE(n.contains(i)) << i;
  for (const std::uint32_t i : {0u, 2u, 6u, 8u, 0xffffffffu}) EXPECT_FALSE(n.contains(i)) << i;
  EXPECT_FALSE(recipient_numbers().contains(0));
}

TEST(RecipientNumbers, OneRunCostsNothingMore) {
  EXPECT_EQ(sizeof(recipient_numbers), 16u);
  EXPECT_EQ(recipient_numbers({1, 2, 3}).heap_octets(), 0u);
  EXPECT_GT(recipient_numbers({1, 3}).heap_octets(), 0u);
}

TEST(RecipientNumbers, AreSplitAnywhere) {
  const numbers all{0, 1, 2, 5, 8, 9, 20};
  for (std::size_t cut = 0; cut <= all.size() + 1; ++cut) {
    recipient_numbers rest(all);
    const auto front = rest.split_front(cut);
    const auto at = static_cast<std::ptrdiff_t>(std::min(cut, all.size()));
    EXPECT_EQ(front.to_vector(), numbers(all.begin(), all.begin() + at)) << cut;
    EXPECT_EQ(rest.to_vector(), numbers(all.begin() + at, all.end())) << cut;
    EXPECT_EQ(front.size() + rest.size(), all.size());
    EXPECT_TRUE(rest == recipient_numbers(numbers(all.begin() + at, all.end())));
  }
  recipient_numbers run({4, 5, 6});
  EXPECT_EQ(run.split_front(2).to_vector(), (numbers{4, 5}));
  EXPECT_EQ(run.to_vector(), (numbers{6}));
}

TEST(IndexHeap, KeepsOrderThroughAllChanges) {
  std::mt19937 random(11);
  std::vector<int> keys(200);
  std::vector<std::uint32_t> places(200, not_in_heap);
  const auto before = [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; };
  const auto place = [&](std::uint32_t n) -> std::uint32_t& { return places[n]; };
  index_heap heap;
  for (int step = 0; step < 20000; ++step) {
    const auto n = static_cast<std::uint32_t>(random() % keys.size());
    if (places[n] == not_in_heap) {
      keys[n] = static_cast<int>(random() % 1000);
      heap.push(n, before, place);
    } else if (random() % 2 == 0) {
      heap.remove(n, before, place);
      ASSERT_EQ(places[n], not_in_heap);
    } else {
      keys[n] = static_cast<int>(random() % 1000);
      heap.moved(n, before, place);
    }
    if (heap.empty()) continue;
    int least = 1000;
    for (std::uint32_t i = 0; i < keys.size(); ++i)
      if (places[i] != not_in_heap) {
        ASSERT_EQ(heap.items()[places[i]], i);
        least = std::min(least, keys[i]);
      }
    ASSERT_EQ(keys[heap.top()], least);
  }
}

} // namespace
} // namespace rookery::queueing
