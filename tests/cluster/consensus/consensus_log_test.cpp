#include "cluster/consensus/consensus_log.hpp"

#include "cluster/consensus/engine.hpp"
#include "storage/file/faulty_file_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rookery::consensus {
namespace {

using storage::faulty_file_system;

std::vector<std::string> names_in(faulty_file_system& files) { return *files.list("raft"); }

std::string newest_journal(faulty_file_system& files) {
  std::string newest;
  for (const auto& name : names_in(files))
    if (name.starts_with("journal-")) newest = std::max(newest, name);
  return "raft/" + newest;
}

std::string describe(const durable_state& s) {
  auto out = "term " + std::to_string(s.term) + " vote " + std::to_string(s.vote) + " snapshot " +
             (s.last ? std::to_string(s.last->index) + ":" + s.last->octets : "-") + " first " + std::to_string(s.first_index);
  for (const auto& e : s.entries) out += " " + std::to_string(e.term) + e.octets;
  return out;
}

std::vector<durable_write> one(durable_write w) { return {std::move(w)}; }
durable_write put(std::uint64_t first, std::string octets, std::uint64_t term = 1) {
  return append_entries{first, {{term, entry_kind::command, std::move(octets)}}};
}

TEST(ConsensusLog, keeps_what_was_written) {
  faulty_file_system files;
  ASSERT_TRUE(consensus_log::create(files, "raft", 7, engine::found(7, "begin")));
  EXPECT_EQ(consensus_log::create(files, "raft", 7, {}).error().kind, base::error_kind::exists);
  auto log = *consensus_log::open(files, "raft");
  EXPECT_EQ(log->self(), 7u);
  const std::vector<durable_write> writes{keep_term{4}, keep_vote{2}, put(2, "a"), put(3, "b"), truncate_entries{3}, put(3, "c", 4)};
  ASSERT_TRUE(log->write(writes));
  const auto before = describe(log->state());
  EXPECT_EQ(before, "term 4 vote 2 snapshot 1:begin first 2 1a 4c");
  files.kill();
  EXPECT_EQ(describe((*consensus_log::open(files, "raft"))->state()), before);
}

TEST(ConsensusLog, a_snapshot_makes_it_shorter_and_takes_the_old_files_away) {
  faulty_file_system files;
  ASSERT_TRUE(consensus_log::create(files, "raft", 1, engine::found(1, "begin")));
  auto log = *consensus_log::open(files, "raft");
  for (std::uint64_t i = 2; i <= 20; ++i) ASSERT_TRUE(log->write(one(put(i, std::to_string(i)))));
  const auto s = std::make_shared<snapshot>(snapshot{20, 1, {{1, role::voter}}, 1, "twenty"});
  ASSERT_TRUE(log->write(one(keep_snapshot{s, 3})));
  const auto names = names_in(files);
  EXPECT_EQ(names.size(), 2u);
  EXPECT_EQ(describe((*consensus_log::open(files, "raft"))->state()), "term 1 vote 0 snapshot 20:twenty first 18 118 119 120");
  const auto newer = std::make_shared<snapshot>(snapshot{90, 3, {{1, role::voter}}, 1, "ninety"});
  ASSERT_TRUE(log->write(one(keep_snapshot{newer, 0})));
  EXPECT_EQ(describe((*consensus_log::open(files, "raft"))->state()), "term 1 vote 0 snapshot 90:ninety first 91");
}

TEST(ConsensusLog, a_torn_tail_is_cut_and_damage_before_a_whole_frame_is_refused) {
  faulty_file_system files;
  ASSERT_TRUE(consensus_log::create(files, "raft", 1, engine::found(1, "")));
  auto log = *consensus_log::open(files, "raft");
  ASSERT_TRUE(log->write(one(put(2, "aaaa"))));
  const auto whole = describe(log->state());
  const auto at = log->octets();
  ASSERT_TRUE(log->write(one(put(3, "bbbb"))));
  const auto path = newest_journal(files);
  // Any cut of the last frame.
  for (auto n = at; n < log->octets(); ++n) {
    faulty_file_system other;
    ASSERT_TRUE(other.make_directory("raft"));
    for (const auto& name : names_in(files)) ASSERT_TRUE(other.replace("raft/" + name, files.contents("raft/" + name)));
    ASSERT_TRUE((*other.open(path, storage::open_mode::write))->truncate(n));
    auto opened = consensus_log::open(other, "raft");
    ASSERT_TRUE(opened) << n << ": " << opened.error().log.value;
    EXPECT_EQ(describe((*opened)->state()), whole) << n;
    ASSERT_TRUE((*opened)->write(one(put(3, "again"))));
    EXPECT_EQ(describe((*consensus_log::open(other, "raft"))->state()), whole + " 1again") << n;
  }
  // Damage of the frame before.
  files.damage(path, at - 2, "X");
  const auto refused = consensus_log::open(files, "raft");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::error_kind::damaged);
}

TEST(ConsensusLog, damage_of_the_snapshot_or_the_first_frame_is_refused) {
  faulty_file_system files;
  ASSERT_TRUE(consensus_log::create(files, "raft", 1, engine::found(1, "state")));
  for (const auto& name : names_in(files)) {
    const auto path = "raft/" + name;
    const auto content = files.contents(path);
    for (std::size_t i = 0; i < content.size(); ++i) {
      if (name.starts_with("journal-") && i >= 6 && i < 14) continue; // its own number is its name's
      if (name.starts_with("journal-") && i >= 14 && i < 22) continue; // whose it is, the caller compares
      faulty_file_system other;
      ASSERT_TRUE(other.make_directory("raft"));
      for (const auto& n : names_in(files)) ASSERT_TRUE(other.replace("raft/" + n, files.contents("raft/" + n)));
      other.damage(path, i, std::string(1, static_cast<char>(content[i] ^ 0x55)));
      EXPECT_FALSE(consensus_log::open(other, "raft")) << name << " octet " << i;
    }
  }
}

TEST(ConsensusLog, after_a_failed_sync_nothing_is_written_any_more) {
  faulty_file_system files;
  ASSERT_TRUE(consensus_log::create(files, "raft", 1, engine::found(1, "")));
  auto log = *consensus_log::open(files, "raft");
  files.fail_sync_at(0);
  EXPECT_FALSE(log->write(one(put(2, "a"))));
  EXPECT_FALSE(log->write(one(put(2, "a"))));
}

/// The power goes at every change of a run: what was acknowledged is there, and nothing else but the last write.
TEST(ConsensusLog, loses_nothing_when_the_power_goes) {
  const auto runs_to_its_end = [](faulty_file_system& files, std::vector<std::string>& states) {
    try {
      if (!consensus_log::create(files, "raft", 1, engine::found(1, "begin"))) return false;
      auto log = *consensus_log::open(files, "raft");
      states.push_back(describe(log->state()));
      std::uint64_t next = 2;
      std::mt19937_64 random(5);
      for (int i = 0; i < 25; ++i) {
        std::vector<durable_write> w;
        if (i % 7 == 6) {
          const auto index = next - 1;
          w = one(keep_snapshot{std::make_shared<snapshot>(snapshot{index, 1, {{1, role::voter}}, 1, "s" + std::to_string(i)}), 2});
        } else if (i % 5 == 4 && next > 3) {
          w = {truncate_entries{next - 1}, put(next - 1, "t" + std::to_string(i))};
        } else {
          w = {keep_term{static_cast<std::uint64_t>(i + 2)}, put(next++, std::string(random() % 6000, 'a'))};
        }
        // What it may become, if the power goes now.
        consensus_log& l = *log;
        const auto tried = [&] { return l.write(w); };
        states.push_back("?");
        if (!tried()) return false;
        states.back() = describe(l.state());
      }
    } catch (const storage::power_lost&) {
      return false;
    }
    return true;
  };
  std::vector<std::string> expected;
  faulty_file_system sound;
  ASSERT_TRUE(runs_to_its_end(sound, expected));
  const auto changes = sound.changes();
  for (std::uint64_t n = 0; n < changes; ++n)
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      faulty_file_system files(n * 100 + seed);
      files.stop_at(n);
      std::vector<std::string> states;
      ASSERT_FALSE(runs_to_its_end(files, states));
      files.crash();
      files.never_stop();
      auto opened = consensus_log::open(files, "raft");
      if (states.empty()) { // it may not be there yet
        if (opened) { EXPECT_EQ(describe((*opened)->state()), expected.front()); }
        continue;
      }
      ASSERT_TRUE(opened) << "change " << n << " seed " << seed << ": " << opened.error().log.value;
      const auto found = describe((*opened)->state());
      if (states.back() == "?") {
        EXPECT_TRUE(found == expected[states.size() - 1] || found == expected[states.size() - 2]) << n << ' ' << seed;
      } else {
        EXPECT_EQ(found, states.back()) << n << ' ' << seed;
      }
    }
}

} // namespace
} // namespace rookery::consensus
