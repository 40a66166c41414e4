// Nodes with real disks and streams, and what they agree on in memory: a volume is copied, taken over and given back.
#include "actors/cluster/volume_runner.hpp"

#include "actors/cluster/cluster_certificates.hpp"
#include "actors/cluster/volume_inside.hpp"
#include "cluster/replication/placement.hpp"
#include "cluster/stream/stream_listener.hpp"
#include "storage/log/log_copy.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/mail/command.hpp"
#include "storage/node/node_store.hpp"
#include "storage/tree/tree_copy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <set>

#include <unistd.h>

namespace rookery::actors {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using replication::node_number;
using replication::volume;
using storage::log_position;

constexpr node_number the_volume = 1;
constexpr auto patience = 90s; ///< for what must come; far beyond what it takes

storage::node_store_settings store_settings(bool configuration) {
  storage::node_store_settings s;
  s.log.segment_octets = 1u << 17;
  s.log.reserve_octets = s.log.floor_octets = 0;
  s.configuration = configuration;
  return s;
}

/// The stores of one node, and a client that delivers into the open one.
class small_house : public volume_house {
public:
  explicit small_house(std::string folder) : folder_(std::move(folder)) {}
  ~small_house() override {
    for (auto& t : helpers_) t.join();
  }
  std::string directory(node_number v) const override { return folder_ + "/v" + std::to_string(v); }

  std::optional<log_position> open_end(node_number) override { return {}; }
  base::result<log_position> open(node_number v, std::uint64_t, bool hold, std::shared_ptr<led_log> tell) override {
    const std::lock_guard one(lock_);
    auto opened = storage::node_store::open(directory(v), false, store_settings(false));
    if (!opened) return base::fail(opened.error());
    store_ = std::move(*opened);
    if (auto done = store_->log->seal(); !done) return base::fail(done.error());
    if (auto done = store_->log->commit(); !done) return base::fail(done.error());
    auto end = store_->log->start_tap();
    tell_ = std::move(tell);
    holds_ = hold;
    const std::lock_guard two(acknowledged_lock_);
    acknowledged_ = {};
    closed_ = false;
    return end;
  }
  void acknowledge(node_number, std::uint64_t, log_position to) override {
    const std::lock_guard one(acknowledged_lock_);
    acknowledged_ = std::max(acknowledged_, to);
    wake_.notify_all();
  }
  void hold(node_number, std::uint64_t, bool hold, std::function<void(log_position)> done) override {
    const std::lock_guard two(acknowledged_lock_);
    helpers_.emplace_back([this, hold, done = std::move(done), turn = helpers_.size()] {
      {
        std::unique_lock mine(acknowledged_lock_);
        wake_.wait(mine, [&] { return turn_ == turn; });
      }
      log_position end;
      {
        const std::lock_guard one(lock_);
        if (store_) {
          holds_ = hold;
          end = store_->log->end();
          if (!hold) acknowledge(the_volume, 0, end);
        }
      }
      {
        const std::lock_guard mine(acknowledged_lock_);
        ++turn_;
        wake_.notify_all();
      }
      if (end != log_position{}) done(end);
    });
  }
  base::result<log_position> close(node_number, bool) override {
    {
      const std::lock_guard two(acknowledged_lock_);
      closed_ = true;
      wake_.notify_all();
    }
    const std::lock_guard one(lock_);
    if (!store_) return log_position{};
    const auto end = store_->log->end();
    tell_ = nullptr;
    store_ = nullptr;
    return end;
  }
  base::result<void> backup(node_number v, const std::string& to) override {
    const std::lock_guard one(lock_);
    if (!store_) return base::fail(base::error_kind::try_later, "it is not open");
    auto& files = storage::posix_file_system();
    if (auto made = files.make_directory(to); !made) return made;
    const auto machines = store_->machines();
    for (std::uint32_t shard = 0; shard < machines.size(); ++shard) {
      if (machines[shard] == nullptr) continue;
      if (auto done = machines[shard]->flush(true); !done) return done;
      if (auto done = storage::copy_tree(machines[shard]->records(), storage::machine_directory(to, store_->identity, shard)); !done) return base::fail(done.error());
    }
    const auto plan = storage::plan_log_copy(files, directory(v) + "/log", store_->log->end());
    if (!plan) return base::fail(plan.error());
    if (auto done = storage::copy_log(files, directory(v) + "/log", *plan, to + "/log", true); !done) return base::fail(done.error());
    return files.replace(to + "/store.json", *files.read_all(directory(v) + "/store.json", 4096));
  }

  /// True: it is acknowledged. False: it may be there or not.
  bool deliver(std::int64_t number) {
    log_position end;
    std::vector<storage::committed_command> commands;
    bool held = false;
    {
      const std::lock_guard one(lock_);
      if (!store_ || !tell_) return false;
      storage::commit_group g;
      auto octets = std::make_shared<const std::string>("mail " + std::to_string(number) + std::string(1500, 'x'));
      g.bodies.push_back({octets, -1, static_cast<std::uint32_t>(octets->size()), base::sha256(*octets)});
      g.commands.push_back({base::shard_id{storage::first_mail_shard}, 1, storage::mail::encode({base::account_id{2}, base::from_milliseconds(number), storage::mail::deliver{}}), {0}});
      auto appended = store_->log->append(g);
      if (!appended || !store_->log->write()) return false;
      commands = std::move(*appended);
      tell_->written(store_->log->take_written(), store_->log->next_lsn());
      if (!store_->log->commit()) return false;
      end = store_->log->end();
      tell_->durable(end);
      held = holds_;
    }
    if (held) {
      std::unique_lock two(acknowledged_lock_);
      wake_.wait_for(two, patience, [&] { return closed_ || acknowledged_ >= end; });
      if (acknowledged_ < end) return false;
    }
    const std::lock_guard one(lock_);
    if (store_) // what is acknowledged is seen
      for (auto& c : commands) (void)store_->machines()[c.shard.value]->apply(c);
    return true;
  }

private:
  std::string folder_;
  std::mutex lock_;
  std::unique_ptr<storage::node_store> store_;
  std::shared_ptr<led_log> tell_;
  bool holds_ = false;
  std::mutex acknowledged_lock_;
  std::condition_variable wake_;
  log_position acknowledged_;
  bool closed_ = true;
  std::vector<std::thread> helpers_;
  std::size_t turn_ = 0;
};

struct a_node {
  node_number id = 0;
  std::string certificate, key;
  std::shared_ptr<const cluster::stream_identity> identity;
  std::unique_ptr<cluster::stream_listener> listener;
  std::shared_ptr<small_house> house;
  std::shared_ptr<volume_runner> runner;
  std::function<void()> working;       ///< of a copy here
};

struct VolumeRunner : testing::Test {
  const std::string folder = (fs::temp_directory_path() / ("rookery-runner-test-" + std::to_string(::getpid()))).string();
  key_and_certificate authority = *make_authority("c1", base::system_clock().wall());
  std::mutex lock;
  std::condition_variable wake;
  std::map<node_number, a_node> nodes;
  std::vector<cluster::stream_member> members;
  std::uint64_t version = 10;
  volume doc = replication::found_volume(the_volume, 2);
  std::deque<std::function<void()>> asked;
  bool ended = false;
  std::thread agreement;
  std::set<std::int64_t> acknowledged;
  std::int64_t last = 0;

  VolumeRunner() {
    fs::remove_all(folder);
    for (node_number i = 1; i <= 3; ++i) {
      auto& n = nodes[i];
      n.id = i;
      const auto keys = make_key_pair();
      n.certificate = *issue_certificate(authority, keys->public_key, "node" + std::to_string(i), base::system_clock().wall());
      n.key = keys->private_key;
      fs::create_directories(folder + "/n" + std::to_string(i));
      auto made = cluster::stream_identity::make({"c1", i, authority.certificate, n.certificate, n.key, [this] {
                                                    const std::lock_guard hold(lock);
                                                    return members;
                                                  }});
      EXPECT_TRUE(made.ok());
      n.identity = *made;
    }
    EXPECT_TRUE(storage::node_store::open(folder + "/n1/v1", true, store_settings(false)).ok());
    agreement = std::thread([this] { agree(); });
  }
  ~VolumeRunner() override {
    for (auto& [i, n] : nodes) stop(n);
    {
      const std::lock_guard hold(lock);
      ended = true;
      wake.notify_all();
    }
    agreement.join();
    fs::remove_all(folder);
  }

  /// What consensus does elsewhere.
  void agree() {
    std::unique_lock hold(lock);
    for (;;) {
      wake.wait(hold, [this] { return ended || !asked.empty(); });
      if (ended) return;
      const auto what = std::move(asked.front());
      asked.pop_front();
      hold.unlock();
      what();
      hold.lock();
    }
  }
  void compare_and_set(std::uint64_t expected, const volume& next) {
    std::vector<std::shared_ptr<volume_runner>> all;
    {
      const std::lock_guard hold(lock);
      if (expected != version) return;
      ++version;
      doc = next;
      for (auto& [i, n] : nodes)
        if (n.runner) all.push_back(n.runner);
      wake.notify_all();
    }
    for (auto& r : all) r->document(expected + 1, next);
  }

  void start(a_node& n) {
    n.house = std::make_shared<small_house>(folder + "/n" + std::to_string(n.id));
    volume_runner::parts p;
    p.self = n.id;
    p.volume = the_volume;
    p.rules.home_after = 500ms;
    p.kept_file = folder + "/n" + std::to_string(n.id) + "/kept";
    p.own_and_whole = n.id == the_volume;
    p.identity = n.identity;
    p.house = n.house;
    p.propose = [this](std::uint64_t expected, const volume& next) {
      const std::lock_guard hold(lock);
      asked.push_back([this, expected, next] { compare_and_set(expected, next); });
      wake.notify_all();
    };
    p.place = [this](const volume& v) {
      std::vector<replication::node_facts> facts;
      const std::lock_guard hold(lock);
      for (auto& [i, other] : nodes) facts.push_back({i, true, other.runner != nullptr, false, "", 0ms});
      return replication::place_copies(v, {v}, facts, {}, 0ms);
    };
    p.working = n.working;
    p.alarm = [](const std::string& what) { std::fprintf(stderr, "alarm: %s\n", what.c_str()); };
    auto made = volume_runner::start(std::move(p));
    ASSERT_TRUE(made.ok()) << made.error().log.value;
    auto listener = cluster::stream_listener::open(n.identity, 0);
    ASSERT_TRUE(listener.ok());
    n.listener = std::move(*listener);
    n.listener->handle(replica_stream, [r = *made](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) { r->take(std::move(s), o); });
    std::uint64_t at = 0;
    volume now;
    {
      const std::lock_guard hold(lock);
      std::erase_if(members, [&](const auto& m) { return m.id == n.id; });
      members.push_back({n.id, "localhost", n.listener->port(), certificate_fingerprint(n.certificate)});
      n.runner = *made;
      at = version;
      now = doc;
    }
    n.runner->document(at, now);
  }
  /// The plug is pulled: others hear nothing of it.
  void stop(a_node& n) {
    std::shared_ptr<volume_runner> gone;
    {
      const std::lock_guard hold(lock);
      gone = std::exchange(n.runner, nullptr);
    }
    n.listener = nullptr;
    gone = nullptr;
    n.house = nullptr;
  }
  void until(const std::function<bool(const volume&)>& so, const char* what) {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::unique_lock hold(lock);
    while (!wake.wait_for(hold, 100ms, [&] { return so(doc); }))
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited for " << what;
  }
  /// Delivers until `count` more are acknowledged, by whoever leads.
  void deliver(int count) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (count > 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "nobody acknowledges";
      std::shared_ptr<small_house> house;
      {
        const std::lock_guard hold(lock);
        house = nodes[doc.leader].house;
      }
      const auto number = ++last;
      if (house && house->deliver(number)) {
        acknowledged.insert(number);
        --count;
      } else {
        std::this_thread::sleep_for(20ms);
      }
    }
  }
  /// What a node's log has, read when nobody has it open: all that was acknowledged, each once.
  void check(node_number i) {
    std::vector<std::int64_t> there;
    const auto read = storage::replay(storage::posix_file_system(), folder + "/n" + std::to_string(i) + "/v1/log", {}, [&](const storage::committed_command& c) {
      if (const auto command = storage::mail::decode_command(c.payload)) there.push_back(base::to_milliseconds(command->time));
    });
    ASSERT_TRUE(read.ok()) << read.error().log.value;
    EXPECT_TRUE(std::is_sorted(there.begin(), there.end()));
    EXPECT_EQ(std::set<std::int64_t>(there.begin(), there.end()).size(), there.size()) << "a message is there twice";
    for (const auto n : acknowledged) EXPECT_TRUE(std::binary_search(there.begin(), there.end(), n)) << "node " << i << " has lost message " << n << " of " << last;
  }
};

TEST_F(VolumeRunner, IsCopiedTakenOverAndGivenBack) {
  start(nodes[1]);
  deliver(20);
  start(nodes[2]);
  start(nodes[3]);
  until([](const volume& v) { return v.in_sync == std::vector<node_number>{1, 2}; }, "a second copy");
  deliver(50);

  stop(nodes[1]);
  until([](const volume& v) { return v.leader == 2; }, "node 2 to lead");
  deliver(50);
  EXPECT_GE(doc.epoch, 2u);

  start(nodes[1]);
  until([](const volume& v) { return v.leader == 1 && v.in_sync.size() == 2; }, "the volume to go home");
  deliver(50);
  until([](const volume& v) { return v.in_sync.size() == 2; }, "two copies");
  deliver(1);
  for (auto& [i, n] : nodes) stop(n);
  check(1);
  for (const auto i : doc.in_sync) check(i);
}

TEST_F(VolumeRunner, ALostReplicaIsLeftOutAndFollowsAgain) {
  start(nodes[1]);
  start(nodes[2]);
  until([](const volume& v) { return v.in_sync == std::vector<node_number>{1, 2}; }, "a second copy");
  deliver(20);
  stop(nodes[2]);
  deliver(20); // goes on as soon as all agree that node 2 is out
  EXPECT_EQ(doc.in_sync, (std::vector<node_number>{1}));
  start(nodes[2]);
  until([](const volume& v) { return v.in_sync.size() == 2; }, "node 2 to follow again");
  deliver(20);
  for (auto& [i, n] : nodes) stop(n);
  check(1);
  check(2);
}

// A copy's trees are flushed for a second now and then: neither the leader nor who asks for the copy waits for it.
TEST_F(VolumeRunner, NobodyWaitsForACopyThatApplies) {
  std::atomic<bool> armed{false};
  std::promise<void> at_work, go_on;
  nodes[2].working = [&, going_on = go_on.get_future().share()] {
    if (!armed.exchange(false)) return;
    at_work.set_value();
    going_on.wait();
  };
  start(nodes[1]);
  start(nodes[2]);
  until([](const volume& v) { return v.in_sync == std::vector<node_number>{1, 2}; }, "a second copy");
  deliver(5);
  armed = true;
  deliver(5);
  ASSERT_EQ(at_work.get_future().wait_for(patience), std::future_status::ready) << "nothing is applied";
  auto answered = std::async(std::launch::async, [this] {
    nodes[2].runner->members({1, 2});
    return nodes[2].runner->now().applied;
  });
  EXPECT_EQ(answered.wait_for(patience), std::future_status::ready) << "who asks waits for the copy";
  deliver(20);
  EXPECT_EQ(doc.in_sync, (std::vector<node_number>{1, 2})) << "the leader waited for it, and left it out";
  const auto before = answered.wait_for(0s) == std::future_status::ready ? answered.get() : log_position{};
  EXPECT_EQ(nodes[2].runner->now().applied, before);
  go_on.set_value();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (nodes[2].runner->now().applied == before) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "nothing is applied any more";
    std::this_thread::sleep_for(20ms);
  }
  for (auto& [i, n] : nodes) stop(n);
  check(1);
  check(2);
}

TEST_F(VolumeRunner, IsHandedOverInOrder) {
  start(nodes[1]);
  start(nodes[2]);
  until([](const volume& v) { return v.in_sync == std::vector<node_number>{1, 2}; }, "a second copy");
  deliver(20);
  nodes[1].runner->leaving();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!nodes[1].runner->hand_over(0, 0ms)) ASSERT_LT(std::chrono::steady_clock::now(), end);
  until([](const volume& v) { return v.leader == 2; }, "node 2 to lead");
  deliver(20);
  for (auto& [i, n] : nodes) stop(n);
  check(2);
}

} // namespace
} // namespace rookery::actors
