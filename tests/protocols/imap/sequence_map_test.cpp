// Message numbers against a model that keeps what the client would.
#include "protocols/imap/sequence_map.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::imap {
namespace {

std::shared_ptr<const uid_list> uids(std::vector<std::uint32_t> list) { return std::make_shared<uid_vector>(std::move(list)); }

TEST(ImapSequenceMap, GhostsKeepTheirNumbers) {
  sequence_map map;
  map.reset(uids({10, 20, 30, 40}));
  map.update(uids({10, 30, 40, 50}));
  EXPECT_EQ(map.size(), 4u);
  EXPECT_TRUE(map.has_ghosts());
  EXPECT_TRUE(map.has_new());
  EXPECT_EQ(map.uid_of(2), 20u);
  EXPECT_EQ(map.number_of(30), 3u);
  EXPECT_EQ(map.number_of(50), std::nullopt);
  const auto chosen = map.select(*parse_sequence_set("2:3"), false);
  EXPECT_TRUE(chosen.ghosts);
  EXPECT_EQ(chosen.rows, (std::vector<row_range>{{1, 2}}));
  EXPECT_EQ(map.take_expunged(), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(map.number_of(30), 2u);
  EXPECT_TRUE(map.announce());
  EXPECT_FALSE(map.announce());
  EXPECT_EQ(map.number_of(50), 4u);
}

TEST(ImapSequenceMap, SetsOutOfRangeAreSeen) {
  sequence_map map;
  map.reset(uids({}));
  EXPECT_TRUE(map.select(*parse_sequence_set("1:*"), false).out_of_range);
  EXPECT_FALSE(map.select(*parse_sequence_set("1:*"), true).out_of_range);
  map.reset(uids({5, 9}));
  EXPECT_TRUE(map.select(*parse_sequence_set("3"), false).out_of_range);
  EXPECT_FALSE(map.select(*parse_sequence_set("1:*"), false).out_of_range);
  EXPECT_EQ(map.select(*parse_sequence_set("100:*"), true).rows, (std::vector<row_range>{{1, 2}})); // the last always
  const number_ranges saved{{9, 9}};
  EXPECT_EQ(map.select(*parse_sequence_set("$"), false, saved).rows, (std::vector<row_range>{{1, 2}}));
  EXPECT_EQ(map.select(*parse_sequence_set("1,$"), false, saved).rows, (std::vector<row_range>{{0, 2}}));
}

TEST(ImapSequenceMap, AMillionMessagesAreOneRange) {
  std::vector<std::uint32_t> many(1000000);
  for (std::uint32_t i = 0; i < many.size(); ++i) many[i] = i * 2 + 1;
  sequence_map map;
  map.reset(uids(many));
  const auto all = map.select(*parse_sequence_set("1:*"), false);
  EXPECT_EQ(all.count, 1000000u);
  EXPECT_EQ(print(map.uids_of(all.rows)), "1:1999999");
  EXPECT_EQ(map.uid_of(500000), 999999u);
}

TEST(ImapSequenceMap, AgreesWithAClientThatCounts) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::uint32_t> mailbox, client; // UIDs in the store; UIDs as the client counts them
    std::uint32_t next = 1;
    for (int i = 0; i < 8; ++i) mailbox.push_back(next++);
    client = mailbox;
    sequence_map map;
    map.reset(uids(mailbox));
    for (int step = 0; step < 200; ++step) {
      switch (random() % 6) {
        case 0:
        case 1:
          for (auto n = random() % 3; n > 0; --n) mailbox.push_back(next++);
          break;
        case 2: {
          std::vector<std::uint32_t> gone;
          std::erase_if(mailbox, [&](std::uint32_t uid) {
            if (random() % 5 != 0) return false;
            gone.push_back(uid);
            return true;
          });
          if (random() % 2 == 0) map.update(uids(mailbox), gone);
          break;
        }
        case 3:
          map.update(uids(mailbox));
          if (map.announce() )
            for (const auto uid : mailbox)
              if (client.empty() || uid > client.back()) client.push_back(uid);
          break;
        case 4:
          map.update(uids(mailbox));
          for (const auto number : map.take_expunged()) client.erase(client.begin() + number - 1);
          break;
        case 5: {
          map.update(uids(mailbox));
          const auto vanished = map.take_vanished();
          std::erase_if(client, [&](std::uint32_t uid) { return contains(vanished, uid); });
          break;
        }
      }
      map.update(uids(mailbox));
      ASSERT_EQ(map.size(), client.size()) << "seed " << seed << " step " << step;
      ASSERT_EQ(map.largest_uid(), client.empty() ? 0 : client.back());
      for (std::uint32_t n = 1; n <= client.size(); ++n) {
        ASSERT_EQ(map.uid_of(n), client[n - 1]) << "seed " << seed << " step " << step;
        ASSERT_EQ(map.number_of(client[n - 1]), n);
      }
      for (std::uint32_t r = 0; r < map.announced_rows(); ++r) ASSERT_EQ(client[map.number_of_row(r) - 1], mailbox[r]);
      // A random set of numbers means the client's messages that still exist.
      if (!client.empty()) {
        const auto a = static_cast<std::uint32_t>(random() % client.size() + 1);
        const auto b = static_cast<std::uint32_t>(random() % client.size() + 1);
        const auto chosen = map.select(*parse_sequence_set(std::to_string(a) + ":" + std::to_string(b)), false);
        std::vector<std::uint32_t> got, want;
        for (const auto& r : chosen.rows)
          for (auto k = r.first; k < r.end; ++k) got.push_back(mailbox[k]);
        bool ghost = false;
        for (auto n = std::min(a, b); n <= std::max(a, b); ++n) {
          if (std::find(mailbox.begin(), mailbox.end(), client[n - 1]) != mailbox.end()) want.push_back(client[n - 1]);
          else ghost = true;
        }
        ASSERT_EQ(got, want);
        ASSERT_EQ(chosen.ghosts, ghost);
        ASSERT_EQ(chosen.count, want.size());
      }
    }
  }
}

} // namespace
} // namespace rookery::imap
