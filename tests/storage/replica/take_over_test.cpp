// Three copies of a log with crashes, lags, cuts and take-overs under a seed: what was confirmed stays, octet by octet.
// Other seeds by hand: ROOKERY_SEED=FIRST ROOKERY_SEEDS=COUNT storage_replica_test --gtest_filter='TakeOver*'
#include "pair.hpp"

#include "storage/replica/log_feed.hpp"

#include <cstdlib>
#include <random>
#include <set>

namespace rookery::storage {
namespace {

using namespace testing;

class world {
public:
  explicit world(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < 3; ++i) nodes_.push_back(std::make_unique<node>(seed * 31 + i));
    lead(0);
  }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) step();
  }

  /// Everybody follows to the end; all must have the same octets then, and everything that was confirmed.
  void settle() {
    for (auto& n : nodes_) n->files.never_stop();
    if (!nodes_[leader_]->writer) take_over(); // a member of the set is always there
    guarded(leader_, [&] { write_something(), commit(); });
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i == leader_) continue;
      for (int rounds = 0; !nodes_[i]->feed || !nodes_[i]->follower || nodes_[i]->follower->end() < writer().end(); ++rounds) {
        ASSERT_LT(rounds, 10000);
        follow(i, true);
      }
      ASSERT_EQ(difference(nodes_[leader_]->files, nodes_[i]->files), "");
    }
    release();
    ASSERT_NO_FATAL_FAILURE(verify(leader_));
  }

  std::size_t take_overs() const { return epoch_; }
  std::size_t confirmed() const { return confirmed_.size(); }
  std::size_t cuts() const { return cuts_; }

private:
  struct node {
    explicit node(std::uint64_t seed) : files(seed) {}
    faulty_file_system files;
    std::unique_ptr<log_writer> writer;
    std::unique_ptr<follower_log> follower;
    std::unique_ptr<log_feed> feed; ///< the leader's, for this one
    log_position acknowledged;      ///< in this epoch
  };
  struct pending {
    log_position end;
    std::vector<committed_command> commands;
  };

  log_writer& writer() { return *nodes_[leader_]->writer; }
  std::size_t any_node() { return random_() % nodes_.size(); }
  /// False: the node's power went. It is off then, and its disk as the crash left it.
  template <class Work>
  bool guarded(std::size_t who, Work work) {
    try {
      work();
      return true;
    } catch (const power_lost&) {
      switch_off(who);
      return false;
    }
  }
  void switch_off(std::size_t who) {
    auto& n = *nodes_[who];
    n.writer.reset();
    n.follower.reset();
    n.feed.reset();
    if (random_() % 4 == 0) n.files.kill(); else n.files.crash();
    if (who != leader_) return;
    for (auto& other : nodes_) other->feed.reset();
    pending_.clear(); // nobody knows what became of it
  }

  void step() {
    const auto who = any_node();
    switch (random_() % 16) {
      case 0: // the power will go soon
        if (random_() % 3 == 0) nodes_[who]->files.stop_at(random_() % 12);
        break;
      case 1:
        if (random_() % 8 == 0) switch_off(who);
        break;
      case 2: // as planned, or for no reason
        if (random_() % 6 == 0 && nodes_[leader_]->writer) switch_off(leader_);
        break;
      case 3:
        if (who != leader_ && random_() % 3 == 0) in_sync_.erase(who);
        break;
      case 4: grow(who); break;
      case 5:
      case 6:
      case 7:
        if (nodes_[leader_]->writer) guarded(leader_, [&] { write_something(); if (random_() % 2 == 0) commit(); });
        break;
      default:
        if (who != leader_) follow(who, random_() % 3 == 0);
    }
    if (!nodes_[leader_]->writer) take_over();
    release();
  }

  void write_something() {
    auto& log = writer();
    switch (random_() % 12) {
      case 0:
        ASSERT_TRUE(log.seal());
        break;
      case 1:
        log.set_needed_from(log.end());
        break;
      default: {
        auto made = log.append(group_of("e" + std::to_string(epoch_) + "g" + std::to_string(number_++), 1 + random_() % 2, {random_() % 4000}));
        ASSERT_TRUE(made) << made.error().log.value;
        written_.insert(written_.end(), made->begin(), made->end());
      }
    }
    const bool write = random_() % 3 == 0;
    ASSERT_TRUE(!write || log.write());
    offer();
  }
  void offer() {
    const auto batch = writer().take_written();
    for (auto& n : nodes_)
      if (n->feed) n->feed->offer(batch);
  }
  void commit() {
    ASSERT_TRUE(writer().write());
    offer();
    ASSERT_TRUE(writer().commit());
    offer();
    for (auto& n : nodes_)
      if (n->feed) n->feed->durable(writer().end());
    pending_.push_back({writer().end(), std::move(written_)});
    written_.clear();
  }

  /// Everybody in sync has it: it was acknowledged to clients.
  void release() {
    if (!nodes_[leader_]->writer) return;
    auto reached = writer().end();
    for (const auto i : in_sync_)
      if (i != leader_) reached = std::min(reached, nodes_[i]->acknowledged);
    while (!pending_.empty() && pending_.front().end <= reached) {
      for (auto& c : pending_.front().commands) confirmed_.push_back(std::move(c));
      pending_.erase(pending_.begin());
    }
  }

  void grow(std::size_t who) {
    auto& n = *nodes_[who];
    if (who == leader_ || !n.follower || !n.feed || in_sync_.count(who) > 0) return;
    if (n.acknowledged < writer().end()) return;
    in_sync_.insert(who);
  }

  void follow(std::size_t who, bool sync) {
    auto& n = *nodes_[who];
    guarded(who, [&] {
      if (!n.follower) {
        auto opened = follower_log::open(n.files, "log", {.zero_ahead_octets = 4096});
        ASSERT_TRUE(opened) << opened.error().log.value;
        n.follower = std::move(*opened);
      }
      if (!nodes_[leader_]->writer) return;
      if (!n.feed) {
        auto cut = log_position{0xffffffff, 0};
        for (const auto& [epoch, start] : starts_)
          if (epoch > n.follower->epoch()) cut = std::min(cut, start);
        if (n.follower->end() > cut) ++cuts_;
        ASSERT_TRUE(n.follower->truncate_to(cut));
        ASSERT_TRUE(n.follower->follow(epoch_));
        n.acknowledged = {};
        n.feed = std::make_unique<log_feed>(nodes_[leader_]->files, "log", n.follower->end(), writer().end(),
                                            log_feed_settings{.queue_octets_max = 9000, .frame_octets = 1u << (9 + random_() % 6)});
      }
      base::result<std::string> frame{std::string()};
      if (!guarded(leader_, [&] { frame = n.feed->take(); })) return;
      ASSERT_TRUE(frame) << frame.error().log.value;
      const auto pieces = read_pieces(*frame);
      ASSERT_TRUE(pieces);
      for (const auto& p : *pieces) {
        const auto done = n.follower->take(p);
        ASSERT_TRUE(done) << done.error().log.value;
      }
      if (!sync) return;
      const auto durable = n.follower->sync();
      ASSERT_TRUE(durable);
      n.acknowledged = *durable;
      n.follower->look_ahead();
    });
  }

  void take_over() {
    std::vector<std::size_t> may(in_sync_.begin(), in_sync_.end());
    lead(may[random_() % may.size()]);
  }
  void lead(std::size_t who) {
    auto& n = *nodes_[who];
    leader_ = who;
    for (auto& other : nodes_) other->feed.reset();
    pending_.clear();
    written_.clear();
    n.follower.reset();
    guarded(who, [&] {
      auto opened = follower_log::open(n.files, "log", {});
      ASSERT_TRUE(opened) << opened.error().log.value;
      const auto start = (*opened)->end();
      // First it is agreed: an epoch that a log has seen without its being agreed would hide a cut.
      starts_[++epoch_] = start;
      in_sync_ = {who};
      ASSERT_TRUE((*opened)->follow(epoch_));
      opened->reset();
      auto writer = log_writer::open(n.files, "log", small_log(12000));
      ASSERT_TRUE(writer) << writer.error().log.value;
      ASSERT_GE((*writer)->end(), start);
      n.writer = std::move(*writer);
      ASSERT_NO_FATAL_FAILURE(verify(who));
      ASSERT_TRUE(n.writer->seal());
      ASSERT_TRUE(n.writer->start_tap());
    });
  }

  void verify(std::size_t who) {
    auto& n = *nodes_[who];
    std::map<log_position, std::string> there;
    for (const auto& c : for_each_command(n.files)) there.emplace(c.at, c.payload);
    for (const auto& c : confirmed_) {
      const auto found = there.find(c.at);
      ASSERT_NE(found, there.end()) << c.payload << " was confirmed and is missing on node " << who;
      ASSERT_EQ(found->second, c.payload);
    }
    ASSERT_EQ(faults_of(n.files, "log"), "");
  }
  /// All of them, whatever the log says of who needs what.
  static std::vector<committed_command> for_each_command(file_system& files) {
    std::vector<committed_command> all;
    const auto numbers = list_segments(files, "log");
    EXPECT_TRUE(numbers);
    for (const auto number : *numbers) {
      const auto read = for_each_record(files, "log", number, [&](const record_place& place, std::string_view payload) {
        if (place.head.type != record_type::command) return true;
        committed_command c;
        c.at = place.at;
        c.payload = read_command_payload(payload)->payload;
        all.push_back(std::move(c));
        return true;
      });
      EXPECT_TRUE(read) << read.error().log.value;
    }
    return all;
  }

  std::mt19937_64 random_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::size_t leader_ = 0;
  std::uint64_t epoch_ = 0;
  std::set<std::size_t> in_sync_{0};
  std::map<std::uint64_t, log_position> starts_;
  std::vector<committed_command> written_;   ///< and not yet synced by the leader
  std::vector<pending> pending_;             ///< synced by the leader
  std::vector<committed_command> confirmed_;
  std::uint64_t number_ = 0;
  std::size_t cuts_ = 0;
};

TEST(TakeOver, NothingConfirmedIsLostAndNothingDiffers) {
  std::uint64_t first = 1, count = 12;
  if (const char* text = std::getenv("ROOKERY_SEED")) first = std::strtoull(text, nullptr, 10);
  if (const char* text = std::getenv("ROOKERY_SEEDS")) count = std::strtoull(text, nullptr, 10);
  std::size_t take_overs = 0, confirmed = 0, cuts = 0;
  for (auto seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    world w(seed);
    w.run(1500);
    if (HasFatalFailure()) return;
    ASSERT_NO_FATAL_FAILURE(w.settle());
    take_overs += w.take_overs();
    confirmed += w.confirmed();
    cuts += w.cuts();
  }
  EXPECT_GT(take_overs, count * 20);
  EXPECT_GT(confirmed, count * 100);
  EXPECT_GT(cuts, count * 3);
  RecordProperty("take_overs", static_cast<int>(take_overs));
  std::printf("%zu take-overs, %zu confirmed commands, %zu cuts\n", take_overs, confirmed, cuts);
}

} // namespace
} // namespace rookery::storage
