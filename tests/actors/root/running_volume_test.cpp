// Volumes that open and close while the process runs: what was committed is there again, nothing of a closed one stays
// behind, its sessions are told, and those of the others notice nothing.
#include "actors/queue/spool_commit.hpp"
#include "actors/root/running_node.hpp"
#include "storage/mail/command.hpp"
#include "tests/actors/support/line_client.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include <stdlib.h>

namespace rookery::actors {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds answer_time{60};
constexpr base::account_id ann{2};

std::size_t entries(const char* folder) { return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator())); }

class RunningVolume : public ::testing::Test {
protected:
  RunningVolume() {
    char name[] = "/tmp/running_volume_XXXXXX";
    folder_ = ::mkdtemp(name);
    make_store(folder_ + "/data");
  }
  ~RunningVolume() override {
    if (process_) {
      process_->drain(std::chrono::milliseconds(200));
      process_->stop();
      // The end of the process ends it: kept where a leak checker sees it.
      static auto& kept = *new std::vector<std::unique_ptr<running_node>>();
      kept.push_back(std::move(process_));
    }
    fs::remove_all(folder_);
  }
  static node_options options_for(const std::string& data) {
    node_options o;
    o.data_directory = data;
    o.host_name = "mx.example.test";
    o.reactors = 1;
    o.store.log.segment_octets = 1 << 20;
    o.store.log.reserve_octets = o.store.log.floor_octets = 0;
    return o;
  }
  static void make_store(const std::string& data) {
    const auto made = storage::node_store::open(data, true, options_for(data).store);
    ASSERT_TRUE(made) << made.error().log.value;
  }
  void start(bool own_volume = true) {
    auto started = running_node::start(options_for(folder_ + "/data"), own_volume);
    ASSERT_TRUE(started) << started.error().log.value;
    process_ = std::move(*started);
  }
  /// A mailbox more of an account, durable and applied.
  void make_mailbox(node& n, const std::string& name) {
    caf::scoped_actor self{*n.system};
    storage::commit_group group;
    group.commands.push_back({n.shard_of(ann), 1, storage::mail::encode({ann, n.clock->wall(), storage::mail::create_mailbox{name, ""}}), {}});
    ASSERT_TRUE(commit_group_of(*self, n, std::move(group)));
    self->receive([](const commit_done_ptr& d) { EXPECT_FALSE(d->error) << d->error->log.value; }, caf::after(answer_time) >> [] { FAIL() << "the log is silent"; });
  }
  std::size_t mailboxes(node& n) {
    caf::scoped_actor self{*n.system};
    std::size_t count = 0;
    self->request(n.shard_actor(ann), answer_time, look_at_account{ann})
        .receive([&](const seen_account& seen) { count = seen.cell->view()->mailboxes.size(); }, [](const caf::error&) { ADD_FAILURE() << "no answer"; });
    return count;
  }
  /// A listener whose sessions say what volume they are of, and end with a farewell.
  class echo final : public net::protocol {
  public:
    explicit echo(std::string greeting) : out_(std::move(greeting)) {}
    void feed(base::const_bytes in, base::instant) override { out_ += in; }
    void tick(base::instant) override {}
    void step() override {}
    base::const_bytes output() const override { return out_; }
    void sent(std::size_t n) override { out_.erase(0, n); }
    std::optional<base::instant> deadline() const override { return {}; }
    bool wants_input() const override { return !closed_; }
    bool closed() const override { return closed_; }
    void shut_down(base::instant) override {
      if (!std::exchange(closed_, true)) out_ += "goodbye\r\n";
    }
    void tls_started(const connection_facts&, base::instant) override {}

  private:
    std::string out_;
    bool closed_ = false;
  };
  std::uint16_t listen_for(volume_id id) {
    auto l = std::make_shared<net::listener>();
    l->service = "echo";
    l->make = [this, id](const connection_facts&) -> std::unique_ptr<net::protocol> {
      const auto v = process_->find(id);
      return v ? v->hold(std::make_unique<echo>("hello\r\n")) : farewell("nobody\r\n");
    };
    const auto got = process_->listen(std::move(l), "127.0.0.1", 0, "", listening::always);
    EXPECT_TRUE(got);
    process_->accept();
    return got.ok() ? *got : std::uint16_t{0};
  }

  std::string folder_;
  std::unique_ptr<running_node> process_;
};

TEST_F(RunningVolume, OpensAndClosesAgainAndAgainWithoutLeavingAnythingBehind) {
  start();
  make_mailbox(process_->node(), "m");
  std::size_t threads = 0, descriptors = 0;
  for (int i = 0; i < 50; ++i) {
    SCOPED_TRACE("round " + std::to_string(i));
    ASSERT_EQ(mailboxes(process_->node()), static_cast<std::size_t>(i + 2));
    make_mailbox(process_->node(), "m" + std::to_string(i));
    const auto closed = process_->close_volume(0);
    ASSERT_TRUE(closed) << closed.error().log.value;
    EXPECT_EQ(process_->volumes()->main(), nullptr);
    if (i == 4) {
      threads = entries("/proc/self/task");
      descriptors = entries("/proc/self/fd");
    }
    const auto opened = process_->open_volume(0);
    ASSERT_TRUE(opened) << opened.error().log.value;
  }
  EXPECT_EQ(mailboxes(process_->node()), 52u);
  ASSERT_TRUE(process_->close_volume(0));
  // A thread of CAF ends a moment behind its actor.
  for (int i = 0; i < 3000 && entries("/proc/self/task") > threads; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_LE(entries("/proc/self/task"), threads);
  EXPECT_LE(entries("/proc/self/fd"), descriptors);
}

TEST_F(RunningVolume, AProcessRunsWithoutAnyVolume) {
  start(false);
  EXPECT_TRUE(process_->opened().empty());
  EXPECT_EQ(&process_->node(), &process_->face());
  EXPECT_TRUE(process_->face().gate->closed());
  EXPECT_NE(process_->face().directory->get(), nullptr);
  // The volume is another's to open: the process has the store's lock, and gives it to its own volume alone.
  ASSERT_TRUE(process_->open_volume(0));
  make_mailbox(process_->node(), "m");
  EXPECT_EQ(mailboxes(process_->node()), 2u);
  EXPECT_FALSE(storage::node_store::open(folder_ + "/data", false)) << "the store is in use";
  const auto again = process_->open_volume(0);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, base::error_kind::exists);
}

TEST_F(RunningVolume, ASecondVolumeLivesBesideTheFirst) {
  make_store(folder_ + "/other");
  start();
  process_->name_own_volume(1);
  fs::create_directories(folder_ + "/data/volumes");
  fs::rename(folder_ + "/other", folder_ + "/data/volumes/7");
  for (const auto* name : {"config", "config-log"}) fs::remove_all(folder_ + "/data/volumes/7/" + name);
  std::vector<std::pair<volume_id, bool>> told;
  process_->volumes()->watch([&](const volume_table::event& e) { told.emplace_back(e.volume, e.open); });
  make_mailbox(process_->node(), "first");
  process_->volumes()->set_homes([](base::account_id a) { return a == ann ? volume_id{7} : volume_id{1}; });
  for (int i = 0; i < 2; ++i) {
    const auto opened = process_->open_volume(7);
    ASSERT_TRUE(opened) << opened.error().log.value;
    const auto other = process_->volumes()->of(ann);
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(process_->volumes()->id_of(*other), 7u);
    EXPECT_EQ(other->directory, process_->node().directory) << "one configuration";
    make_mailbox(*other, "m" + std::to_string(i));
    EXPECT_EQ(mailboxes(*other), static_cast<std::size_t>(i + 2));
    EXPECT_EQ(mailboxes(process_->node()), 2u);
    ASSERT_TRUE(process_->close_volume(7));
    EXPECT_EQ(process_->volumes()->of(ann), nullptr) << "not somewhere else";
    EXPECT_FALSE(process_->close_volume(7));
  }
  make_mailbox(process_->node(), "still");
  EXPECT_EQ(mailboxes(process_->node()), 3u);
  EXPECT_FALSE(fs::exists(folder_ + "/data/volumes/7/config-log"));
  auto settings = options_for("").store;
  settings.configuration = false;
  const auto free = storage::node_store::open(folder_ + "/data/volumes/7", false, settings);
  ASSERT_TRUE(free) << "its lock is free: " << free.error().log.value;
  EXPECT_EQ((*free)->replayed, 0u) << "it was flushed";
  EXPECT_EQ(told, (std::vector<std::pair<volume_id, bool>>{{7, true}, {7, false}, {7, true}, {7, false}}));
}

TEST_F(RunningVolume, ItsSessionsAreToldAndTheOthersStay) {
  make_store(folder_ + "/data/volumes/7");
  start();
  process_->name_own_volume(1);
  ASSERT_TRUE(process_->open_volume(7));
  const auto own = listen_for(1), other = listen_for(7);
  tests::line_client stays(own), goes(other);
  EXPECT_EQ(stays.line(), "hello");
  EXPECT_EQ(goes.line(), "hello");
  ASSERT_TRUE(process_->close_volume(7));
  EXPECT_EQ(goes.rest(false), "goodbye\r\n");
  stays.send("still here\r\n");
  EXPECT_EQ(stays.line(), "still here");
  tests::line_client late(other);
  EXPECT_EQ(late.rest(false), "nobody\r\n");
}

TEST_F(RunningVolume, AStoreThatDoesNotOpenLeavesTheProcessAsItWas) {
  start();
  process_->name_own_volume(1);
  EXPECT_FALSE(process_->open_volume(9));
  fs::create_directories(folder_ + "/data/volumes/9");
  EXPECT_FALSE(process_->open_volume(9));
  EXPECT_EQ(process_->opened().size(), 1u);
  make_mailbox(process_->node(), "m");
}

} // namespace
} // namespace rookery::actors
