#include "log_workload.hpp"

#include "storage/file/faulty_file_system.hpp"
#include "storage/file/spill_file.hpp"

#include <filesystem>
#include <random>

namespace rookery::storage {
namespace {

using namespace testing;

/// A life of a log: groups of all shapes, commits, checkpoints, seals, removed segments.
class life {
public:
  life(faulty_file_system& files, std::uint64_t seed, const spill_file& spill, const body_source& spilled)
    : files_(files), random_(seed), spill_(spill), spilled_(spilled) {}

  /// Works until done or until the power goes; true when it was done.
  bool run(int groups) {
    try {
      auto opened = log_writer::open(files_, "log", small_log(12000));
      if (!opened) {
        ADD_FAILURE() << opened.error().log.value;
        return true;
      }
      auto& log = **opened;
      for (int i = 0; i < groups; ++i) step(log);
      if (log.commit()) acknowledge(log);
      return true;
    } catch (const power_lost&) {
      return false;
    }
  }

  /// After the crash: opens, and compares what is there with what was promised.
  void verify() {
    auto opened = log_writer::open(files_, "log", small_log(12000));
    ASSERT_TRUE(opened) << opened.error().log.value;
    const auto floor = (*opened)->needed_from();
    std::vector<committed_command> there;
    for (auto& c : replayed(files_, "log", {}, (*opened)->end())) there.push_back(std::move(c));
    // Only whole groups, in order, none of the acknowledged missing.
    auto expected = appended_.begin();
    while (expected != appended_.end() && expected->back().at < floor) ++expected;
    std::size_t at = 0;
    std::size_t groups = static_cast<std::size_t>(expected - appended_.begin());
    for (; expected != appended_.end() && at < there.size(); ++expected, ++groups)
      for (const auto& c : *expected) {
        ASSERT_LT(at, there.size()) << "half a group: " << c.payload;
        ASSERT_TRUE(same(there[at], c)) << there[at].payload << " instead of " << c.payload;
        ++at;
      }
    ASSERT_EQ(at, there.size()) << "more than was ever appended: " << there[at].payload;
    ASSERT_GE(groups, acknowledged_) << "acknowledged groups are missing";
    ASSERT_EQ(faults_of(files_, "log"), "");
    // What never came to be is forgotten; what is there now counts as acknowledged.
    appended_.resize(groups);
    acknowledged_ = groups;
  }

private:
  void step(log_writer& log) {
    const auto name = "g" + std::to_string(number_++);
    switch (random_() % 8) {
      case 0: (void)log.append_checkpoint(base::shard_id(2), log.end()); break;
      case 1:
        if (random_() % 4 == 0 && log.seal()) acknowledge(log);
        break;
      case 2: keep(log.append(group_of(name, 1 + random_() % 3))); break;
      case 3:
        if (random_() % 3 == 0) {
          auto g = group_of(name, 2, {100});
          g.bodies.push_back(spilled_);
          g.commands[1].bodies.push_back(1);
          keep(log.append(g));
        } else {
          keep(log.append(group_of(name, 1, {random_() % 9000, random_() % 5000})));
        }
        break;
      default: keep(log.append(group_of(name, 1 + random_() % 2, {random_() % 6000}))); break;
    }
    if (random_() % 3 == 0 && log.commit()) {
      acknowledge(log);
      if (random_() % 2 == 0) log.look_ahead();
    }
    if (random_() % 16 == 0) {
      log.set_needed_from(log.end());
      for (const auto& s : log.segments())
        if (s.sealed && s.segment < log.needed_from().segment) {
          (void)log.remove_segment(s.segment);
          break;
        }
    }
  }
  void keep(base::result<std::vector<committed_command>> made) {
    if (made) appended_.push_back(std::move(*made));
  }
  void acknowledge(const log_writer&) { acknowledged_ = appended_.size(); }

  faulty_file_system& files_;
  std::mt19937_64 random_;
  const spill_file& spill_;
  const body_source& spilled_;
  std::vector<std::vector<committed_command>> appended_;
  std::size_t acknowledged_ = 0;
  int number_ = 0;
};

TEST(LogCrash, StoppedAtEveryWriteEveryAcknowledgedGroupIsThereAndNoneIsHalf) {
  auto spill = spill_file::open(std::filesystem::temp_directory_path().string());
  ASSERT_TRUE(spill);
  std::string octets;
  while (octets.size() < 7000) octets += "spilled " + std::to_string(octets.size()) + "\n";
  ASSERT_TRUE((*spill)->append(octets));
  body_source spilled;
  spilled.spill_fd = (*spill)->descriptor();
  spilled.length = static_cast<std::uint32_t>(octets.size());
  spilled.id = base::sha256(octets);

  std::uint64_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    for (std::uint64_t stop = 0;; ++stop) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", stopped at change " + std::to_string(stop));
      faulty_file_system files(seed * 100003 + stop);
      life l(files, seed, **spill, spilled);
      files.stop_at(stop);
      const bool done = l.run(40);
      ++crashes;
      if (stop % 5 == 4) files.kill(); else files.crash();
      ASSERT_NO_FATAL_FAILURE(l.verify());
      // It lives on, and dies again: while recovering, or later.
      files.stop_at(stop % 37);
      (void)l.run(10);
      files.crash();
      ASSERT_NO_FATAL_FAILURE(l.verify());
      if (done) break;
      ASSERT_LT(stop, 2000u);
    }
  }
  EXPECT_GT(crashes, 300u);
}

} // namespace
} // namespace rookery::storage
