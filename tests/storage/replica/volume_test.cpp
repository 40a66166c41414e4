// A volume is copied while it is in use, followed, and taken over: the store that opens then is the leader's.
#include "pair.hpp"

#include "storage/log/log_copy.hpp"
#include "storage/mail/command.hpp"
#include "storage/node/node_store.hpp"
#include "storage/replica/folder_copy.hpp"
#include "storage/replica/log_feed.hpp"
#include "storage/replica/volume_folder.hpp"
#include "storage/replica/volume_replica.hpp"
#include "storage/tree/tree_copy.hpp"

#include <algorithm>
#include <filesystem>
#include <future>

#include <unistd.h>

namespace rookery::storage {
namespace {

namespace fs = std::filesystem;
using testing::body_of;

struct Volume : ::testing::Test {
  const std::string folder = (fs::temp_directory_path() / ("rookery-volume-test-" + std::to_string(::getpid()))).string();
  const std::string here = folder + "/here", there = folder + "/there";
  file_system& files = posix_file_system();
  std::unique_ptr<node_store> leader;
  std::unique_ptr<log_feed> feed;
  std::unique_ptr<volume_replica> replica;
  int backups = 0;

  Volume() {
    fs::remove_all(folder);
    fs::create_directories(folder);
    leader = open(here, true);
    EXPECT_TRUE(leader->log->start_tap());
  }
  ~Volume() override {
    replica.reset();
    leader.reset();
    fs::remove_all(folder);
  }

  static node_store_settings settings() {
    node_store_settings s;
    s.log.segment_octets = 1u << 17;
    s.log.reserve_octets = s.log.floor_octets = 0;
    return s;
  }
  /// `create`: the leader's own, with the configuration; else a copy.
  static std::unique_ptr<node_store> open(const std::string& where, bool create = false) {
    auto how = settings();
    how.configuration = create;
    auto opened = node_store::open(where, create, how);
    EXPECT_TRUE(opened) << opened.error().log.value;
    return opened ? std::move(*opened) : nullptr;
  }
  /// So many messages for accounts 1 to 9, by one commit.
  void deliver(std::size_t count, std::size_t octets = 2000) {
    commit_group g;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto account = static_cast<std::uint32_t>(1 + ++number_ % 9);
      g.bodies.push_back(body_of("mail " + std::to_string(number_) + std::string(octets, 'x')));
      const base::shard_id shard{first_mail_shard + account % leader->identity.mail_shards};
      g.commands.push_back({shard, 1, mail::encode({base::account_id{account}, base::from_milliseconds(number_), mail::deliver{}}), {i}});
    }
    const auto done = leader->commit(g);
    ASSERT_TRUE(done) << done.error().log.value;
    ASSERT_EQ(done->front().what, outcome::done);
    told();
  }
  /// What the log's thread says to the feed.
  void told() {
    const auto batch = leader->log->take_written();
    if (feed) feed->offer(batch);
    if (feed) feed->durable(leader->log->end());
  }

  std::string back_up() {
    const auto to = here + "/copy-" + std::to_string(++backups);
    EXPECT_TRUE(files.make_directory(to));
    const auto machines = leader->machines();
    for (std::uint32_t shard = 0; shard < machines.size(); ++shard) {
      if (machines[shard] == nullptr) continue;
      EXPECT_TRUE(machines[shard]->flush(true));
      EXPECT_TRUE(copy_tree(machines[shard]->records(), machine_directory(to, leader->identity, shard)));
    }
    const auto plan = plan_log_copy(files, here + "/log", leader->log->end());
    EXPECT_TRUE(plan);
    EXPECT_TRUE(copy_log(files, here + "/log", *plan, to + "/log", true));
    EXPECT_TRUE(files.replace(to + "/store.json", *files.read_all(here + "/store.json", 4096)));
    return to;
  }
  /// Sends it; breaks off after so many frames (0: never). The octets that went.
  std::uint64_t send(const std::string& from, std::size_t frames_most = 0) { return send_to(there, from, frames_most); }
  std::uint64_t send_to(const std::string& target, const std::string& from, std::size_t frames_most = 0) {
    auto sender = copy_sender::open(files, from, [](const std::string& name) { return name.starts_with("config"); });
    auto receiver = copy_receiver::open(files, target);
    EXPECT_TRUE(sender) << sender.error().log.value;
    EXPECT_TRUE(receiver) << receiver.error().log.value;
    for (;;) {
      const auto have = (*receiver)->have();
      EXPECT_TRUE(have);
      if (have->empty()) break;
      EXPECT_TRUE((*sender)->take_have(*have));
    }
    for (std::size_t i = 0; frames_most == 0 || i < frames_most; ++i) {
      const auto frame = (*sender)->next(8192);
      EXPECT_TRUE(frame) << frame.error().log.value;
      if (frame->empty()) break;
      const auto done = (*receiver)->take(*frame);
      EXPECT_TRUE(done) << done.error().log.value;
    }
    if (frames_most == 0) {
      EXPECT_TRUE((*receiver)->complete());
      EXPECT_EQ((*sender)->octets_done(), (*sender)->octets_total());
      const auto done = (*receiver)->finish();
      EXPECT_TRUE(done) << done.error().log.value;
    }
    return (*receiver)->octets();
  }
  inline static const volume_replica_settings busy{.apply_octets = 20000, .unflushed_octets_max = 10000, .replay_octets_max = 300000};
  void join(const volume_replica_settings& how = busy) {
    const auto backup = back_up();
    send(backup);
    fs::remove_all(backup);
    reopen(how);
  }
  void reopen(const volume_replica_settings& how = busy) {
    replica.reset();
    auto opened = volume_replica::open(there, how);
    ASSERT_TRUE(opened) << opened.error().log.value;
    replica = std::move(*opened);
    feed = std::make_unique<log_feed>(files, here + "/log", replica->end(), leader->log->end());
  }
  /// Takes what there is; `released`: also hears that it was.
  void follow(bool released = true) {
    for (;;) {
      const auto frame = feed->take();
      ASSERT_TRUE(frame) << frame.error().log.value;
      if (frame->empty()) break;
      const auto done = replica->take(*frame);
      ASSERT_TRUE(done) << done.error().log.value;
    }
    ASSERT_TRUE(replica->sync());
    if (!released) return;
    replica->committed(leader->log->end());
    if (!replica->behind()) return;
    const auto done = replica->work();
    ASSERT_TRUE(done) << done.error().log.value;
  }
  /// What its clients would see: each account's messages, and where their bodies lie.
  static std::string state_of(node_store& store) {
    std::string out;
    for (const auto& m : store.mail) {
      std::vector<std::string> bodies;
      for (const auto& s : store.log->segments())
        m->for_each_body(s.segment, [&](const body_ref& b, base::account_id a) {
          bodies.push_back(std::to_string(a.value) + "@" + std::to_string(b.segment) + ":" + std::to_string(b.offset) + " ");
        });
      std::sort(bodies.begin(), bodies.end());
      for (const auto& b : bodies) out += b;
      for (std::uint32_t account = 1; account <= 9; ++account) {
        if (first_mail_shard + account % store.identity.mail_shards != m->shard().value) continue;
        const auto view = m->open_account(base::account_id{account})->view();
        out += "\n" + std::to_string(account) + " has " + std::to_string(view->messages) + " of " + std::to_string(view->octets) + " octets\n";
      }
      EXPECT_EQ(m->check(), std::vector<std::string>());
    }
    return out;
  }

private:
  std::int64_t number_ = 0;
};

TEST_F(Volume, IsCopiedFollowedAndTakenOver) {
  for (int i = 0; i < 10; ++i) deliver(20);
  join();
  for (int i = 0; i < 30; ++i) {
    deliver(10);
    if (i % 3 == 0) follow();
  }
  follow();
  ASSERT_TRUE(replica->work());
  EXPECT_EQ(replica->applied(), leader->log->end());
  EXPECT_GT(replica->flushed(), log_position{}); // it has made checkpoints of its own
  EXPECT_EQ(replica->commands_applied(), 300u);
  ASSERT_TRUE(replica->close());
  replica.reset();
  const auto next = open(there);
  EXPECT_EQ(next->replayed, 0u);
  EXPECT_EQ(state_of(*next), state_of(*leader));
}

// Flushing trees may take a second: the leader's answers do not wait for it.
TEST_F(Volume, TheLogGoesOnWhileMachinesWork) {
  deliver(1);
  std::promise<void> at_work, go_on;
  auto going_on = go_on.get_future();
  bool first = true;
  join({.apply_octets = 1, .working = [&] {
          if (!std::exchange(first, false)) return;
          at_work.set_value();
          going_on.wait();
        }});
  deliver(10);
  follow(false);
  replica->committed(leader->log->end());
  EXPECT_TRUE(replica->behind());
  auto work = std::async(std::launch::async, [&] { return replica->work(); });
  at_work.get_future().wait();
  const auto before = replica->applied();
  deliver(10);
  auto goes_on = std::async(std::launch::async, [&] {
    follow(false);
    replica->committed(leader->log->end());
    return std::pair(replica->durable(), replica->applied());
  });
  EXPECT_EQ(goes_on.wait_for(std::chrono::minutes(1)), std::future_status::ready) << "it waits for the machines";
  go_on.set_value();
  EXPECT_EQ(goes_on.get(), std::pair(leader->log->end(), before));
  ASSERT_TRUE(work.get());
  ASSERT_TRUE(replica->work());
  EXPECT_EQ(replica->applied(), leader->log->end());
}

TEST_F(Volume, MachinesNeverSeeWhatWasNotReleased) {
  deliver(1);
  join();
  const auto released = leader->log->end();
  for (int i = 0; i < 10; ++i) deliver(10);
  follow(false);
  replica->committed(released);
  ASSERT_TRUE(replica->work());
  EXPECT_EQ(replica->end(), leader->log->end());
  EXPECT_EQ(replica->applied(), released);
  EXPECT_EQ(replica->commands_applied(), 0u);
  // The next leader began there: it can be cut.
  ASSERT_TRUE(replica->truncate_to(released));
  EXPECT_EQ(replica->end(), released);
  ASSERT_TRUE(replica->close());
  replica.reset();
  const auto next = open(there);
  EXPECT_EQ(next->mail[0]->open_account(base::account_id{2})->view()->messages, 1u);
  EXPECT_EQ(next->mail[1]->open_account(base::account_id{3})->view()->messages, 0u);
}

TEST_F(Volume, WhatIsAppliedCannotBeCutOff) {
  deliver(1);
  join();
  const auto before = leader->log->end();
  for (int i = 0; i < 10; ++i) deliver(1);
  follow();
  ASSERT_TRUE(replica->work());
  EXPECT_EQ(replica->truncate_to(before).error().kind, base::error_kind::damaged);
}

// The log's notes say what the leader's trees have; those of the replica may be behind.
TEST_F(Volume, AKilledReplicaReplaysFromItsOwnTrees) {
  deliver(1);
  join({}); // it flushes little
  for (int i = 0; i < 12; ++i) deliver(10);
  ASSERT_TRUE(leader->checkpoint()); // "no machine needs a command before"
  told();
  deliver(5);
  follow();
  replica.reset(); // killed
  {
    const auto next = open(there);
    EXPECT_EQ(next->replayed, 125u);
    EXPECT_EQ(state_of(*next), state_of(*leader));
  }
  const auto again = open(there); // its own trees are flushed now, its own notes not yet made
  EXPECT_EQ(state_of(*again), state_of(*leader));
}

TEST_F(Volume, SegmentsGoWhenTheReplicaNeedsThemNoMore) {
  for (int i = 0; i < 8; ++i) deliver(20);
  join();
  ASSERT_TRUE(leader->log->seal());
  deliver(5);
  ASSERT_TRUE(leader->checkpoint());
  ASSERT_TRUE(leader->log->remove_segment(1));
  told();
  follow(false);
  ASSERT_TRUE(replica->work());
  EXPECT_TRUE(fs::exists(there + "/log/00000001.log"));
  replica->committed(leader->log->end());
  ASSERT_TRUE(replica->work());
  EXPECT_FALSE(fs::exists(there + "/log/00000001.log"));
  replica.reset();
  const auto next = open(there); // nothing that is gone is wanted
  EXPECT_EQ(state_of(*next), state_of(*leader));
}

TEST_F(Volume, ABrokenCopyGoesOnWhereItWas) {
  for (int i = 0; i < 15; ++i) deliver(20);
  const auto first = back_up();
  const auto whole = [&] {
    std::uint64_t octets = 0;
    for (const auto& e : fs::recursive_directory_iterator(first))
      if (e.is_regular_file()) octets += e.file_size();
    return octets;
  }();
  const auto sent = send(first, 60);
  EXPECT_GT(sent, whole / 3);
  EXPECT_FALSE(fs::exists(there));
  fs::remove_all(first);
  deliver(20);
  fs::resize_file(there + ".copy/log/00000001.log", 70000); // a file of it is wrong: its length, …
  const auto rest = send(back_up());
  EXPECT_LT(rest, whole * 3 / 4);
  EXPECT_TRUE(fs::exists(there));
  EXPECT_FALSE(fs::exists(there + ".copy"));
  reopen();
  follow();
  ASSERT_TRUE(replica->close());
  replica.reset();
  EXPECT_EQ(state_of(*open(there)), state_of(*leader));
}

TEST_F(Volume, AReplicaIsOpenOnce) {
  deliver(1);
  join();
  EXPECT_EQ(volume_replica::open(there).error().kind, base::error_kind::conflict);
  EXPECT_EQ(copy_receiver::open(files, there).error().kind, base::error_kind::exists);
  replica.reset();
  fs::remove_all(there + "/mail-0002");
  EXPECT_EQ(volume_replica::open(there).error().kind, base::error_kind::damaged);
}

// A node whose own volume was led elsewhere for too long gets it anew, and keeps what is its own.
TEST_F(Volume, ANodesOwnVolumeIsMadeAnewBesideItsConfiguration) {
  for (int i = 0; i < 4; ++i) deliver(20);
  fs::create_directories(there + "/config");
  fs::create_directories(there + "/mail-0002");
  fs::create_directories(there + "/log");
  ASSERT_TRUE(files.replace(there + "/config/CURRENT", "the configuration"));
  ASSERT_TRUE(files.replace(there + "/mail-0002/old", "x"));
  ASSERT_TRUE(files.replace(there + "/log/00000009.log", "x"));
  ASSERT_TRUE(files.replace(there + "/sealing.key", "a key"));
  ASSERT_TRUE(files.replace(there + "/store.json", *files.read_all(here + "/store.json", 4096)));
  const auto backup = back_up();
  send_to(arriving_volume(there), backup, 5); // and the process is killed
  ASSERT_TRUE(settle_volume(there));          // nothing is whole yet
  EXPECT_TRUE(fs::exists(there + "/mail-0002/old"));
  send_to(arriving_volume(there), backup);
  ASSERT_TRUE(begin_arrival(there)); // whole, and not yet known to be: nothing of it is sent again
  EXPECT_EQ(send_to(arriving_volume(there), backup), 0u);
  // Killed again, in the middle of putting it in its place.
  fs::remove_all(there + "/log");
  fs::rename(arriving_volume(there) + "/log", there + "/log");
  fs::remove_all(there + "/mail-0002");
  reopen({.lock = false});
  follow();
  ASSERT_TRUE(replica->close());
  replica.reset();
  EXPECT_FALSE(fs::exists(arriving_volume(there)));
  EXPECT_FALSE(fs::exists(there + "/log/00000009.log"));
  EXPECT_EQ(*files.read_all(there + "/config/CURRENT", 100), "the configuration");
  EXPECT_EQ(*files.read_all(there + "/sealing.key", 100), "a key");
  EXPECT_EQ(state_of(*open(there)), state_of(*leader));
  ASSERT_TRUE(remove_volume(there));
  ASSERT_TRUE(remove_volume(there + "/nowhere"));
  const auto blank = folder + "/blank"; // a volume of another node, in a folder that is not there yet
  send_to(arriving_volume(blank), backup);
  ASSERT_TRUE(settle_volume(blank));
  EXPECT_EQ(state_of(*open(blank)), state_of(*leader));
  EXPECT_FALSE(fs::exists(there + "/log"));
  EXPECT_FALSE(fs::exists(there + "/mail-0002"));
  EXPECT_TRUE(fs::exists(there + "/config/CURRENT"));
}

} // namespace
} // namespace rookery::storage
