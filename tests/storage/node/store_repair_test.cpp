#include "storage/node/store_repair.hpp"

#include "storage/log/log_reader.hpp"
#include "storage/mail/command.hpp"
#include "storage/node/node_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace rookery::storage {
namespace {

namespace fs = std::filesystem;

/// A store in a folder of its own: deliveries to account 2 (shard 2) and account 3 (shard 3).
class StoreRepair : public ::testing::Test {
protected:
  StoreRepair() : folder_((fs::temp_directory_path() / ("rookery-repair-test-" + std::to_string(::getpid()))).string()) {
    fs::remove_all(folder_);
    auto made = open(true);
    EXPECT_TRUE(made);
  }
  ~StoreRepair() override { fs::remove_all(folder_); }

  std::unique_ptr<node_store> open(bool create = false) {
    node_store_settings settings;
    settings.log.segment_octets = 1 << 20;
    settings.log.reserve_octets = settings.log.floor_octets = 0;
    auto opened = node_store::open(folder_, create, settings);
    if (!opened) why_ = opened.error().log.value;
    return opened ? std::move(*opened) : nullptr;
  }
  static committed_command deliver(node_store& store, std::uint64_t account, const std::string& text) {
    commit_group group;
    body_source b;
    b.octets = std::make_shared<const std::string>("Subject: " + text + "\r\n\r\n" + std::string(300, 'x') + "\r\n");
    b.length = static_cast<std::uint32_t>(b.octets->size());
    b.id = base::sha256(*b.octets);
    group.bodies.push_back(b);
    mail::deliver d;
    d.message.internal_date = base::from_milliseconds(1'700'000'000'000);
    group.commands.push_back({base::shard_id{static_cast<std::uint32_t>(2 + account % 2)}, 1,
                              mail::encode({base::account_id{account}, base::from_milliseconds(1'700'000'000'000), d}), {0}});
    auto committed = store.log->append(group);
    EXPECT_TRUE(committed);
    EXPECT_TRUE(store.log->commit());
    const auto all = store.machines();
    for (const auto& c : *committed) EXPECT_EQ(all[c.shard.value]->apply(c).what, outcome::done);
    for (auto* m : all) m->publish();
    return committed->front();
  }
  void flip(const log_position& at, std::uint64_t more) {
    std::fstream f(folder_ + "/log/" + segment_name(at.segment), std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(static_cast<std::streamoff>(at.offset + more));
    f.write("#~#~", 4);
  }
  static std::uint32_t messages(node_store& store, std::uint64_t account, std::uint32_t* uid_next = nullptr) {
    auto& shard = *store.mail[account % 2];
    const auto list = shard.open_account(base::account_id{account})->view();
    const auto& inbox = *list->mailboxes.at(0);
    if (uid_next != nullptr) *uid_next = inbox.uid_next;
    return inbox.messages;
  }
  std::string folder_, why_;
};

TEST_F(StoreRepair, LeavesASoundStoreAlone) {
  open();
  const auto before = fs::last_write_time(folder_ + "/log");
  const auto said = repair_store(folder_, true);
  ASSERT_TRUE(said) << said.error().log.value;
  EXPECT_FALSE(said->needed);
  EXPECT_EQ(fs::last_write_time(folder_ + "/log"), before);
}

TEST_F(StoreRepair, NamesAndSavesWhatComesBehindALostCommandOfItsShardOnly) {
  committed_command bad;
  {
    auto store = open();
    for (int i = 0; i < 3; ++i) deliver(*store, 2, "kept " + std::to_string(i));
    bad = deliver(*store, 2, "bad");
    for (int i = 0; i < 2; ++i) deliver(*store, 2, "behind " + std::to_string(i));
    for (int i = 0; i < 4; ++i) deliver(*store, 3, "other " + std::to_string(i));
  } // nothing was flushed
  flip(bad.at, record_head_octets + 40);
  EXPECT_FALSE(open());
  EXPECT_NE(why_.find("rookery repair"), std::string::npos) << why_;
  const auto said = repair_store(folder_, false);
  ASSERT_TRUE(said) << said.error().log.value;
  EXPECT_TRUE(said->needed);
  EXPECT_EQ(said->damage.size(), 1u);
  EXPECT_EQ(said->lost.size(), 2u);
  EXPECT_NE(said->lost[0].find("account 2: a message delivered to INBOX"), std::string::npos) << said->lost[0];
  EXPECT_FALSE(open()) << "nothing was changed";
  const auto done = repair_store(folder_, true);
  ASSERT_TRUE(done) << done.error().log.value;
  EXPECT_EQ(done->lost, said->lost);
  EXPECT_EQ(done->saved, 2u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ + "/lost"), fs::directory_iterator()), 2);
  {
    auto store = open();
    ASSERT_TRUE(store) << why_;
    std::uint32_t uid_next = 0;
    EXPECT_EQ(messages(*store, 2, &uid_next), 3u);
    EXPECT_GE(uid_next, 7u) << "UIDs that were seen are not given again";
    EXPECT_EQ(messages(*store, 3), 4u);
    for (auto& m : store->mail) EXPECT_TRUE(m->check().empty());
    deliver(*store, 2, "new");
  }
  auto store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_EQ(messages(*store, 2), 4u);
  store.reset();
  EXPECT_TRUE(check_log(posix_file_system(), folder_ + "/log")->faults.empty());
  EXPECT_FALSE(repair_store(folder_, true)->needed);
}

TEST_F(StoreRepair, LosesNothingThatTheIndexesHave) {
  committed_command bad;
  {
    auto store = open();
    deliver(*store, 2, "first");
    bad = deliver(*store, 2, "second");
    ASSERT_TRUE(store->checkpoint());
    deliver(*store, 2, "third");
  }
  flip(bad.at, 3); // the head of a command that is in the tree
  const auto done = repair_store(folder_, true);
  ASSERT_TRUE(done) << done.error().log.value;
  EXPECT_TRUE(done->needed);
  EXPECT_TRUE(done->lost.empty());
  auto store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_EQ(messages(*store, 2), 3u);
}

TEST_F(StoreRepair, SaysWhoseOctetsAreGone) {
  committed_command bad;
  {
    auto store = open();
    bad = deliver(*store, 3, "bad");
    deliver(*store, 3, "good");
  }
  flip({bad.bodies[0].segment, bad.bodies[0].offset}, 100);
  EXPECT_FALSE(open());
  const auto done = repair_store(folder_, true);
  ASSERT_TRUE(done) << done.error().log.value;
  ASSERT_EQ(done->lost.size(), 1u);
  EXPECT_NE(done->lost[0].find("account 3: the octets of a message"), std::string::npos) << done->lost[0];
  auto store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_EQ(messages(*store, 3), 2u);
}

TEST_F(StoreRepair, ALogThatEndsBeforeItsIndexesGoesOnBehindThem) {
  {
    auto store = open();
    deliver(*store, 2, "first");
    const auto end = store->log->end();
    deliver(*store, 2, "second");
    for (auto* m : store->machines()) ASSERT_TRUE(m->flush(true));
    store.reset();
    fs::resize_file(folder_ + "/log/" + segment_name(end.segment), end.offset);
  }
  EXPECT_FALSE(open());
  ASSERT_TRUE(repair_store(folder_, true));
  auto store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_EQ(messages(*store, 2), 2u);
  deliver(*store, 2, "third");
  store.reset();
  store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_EQ(messages(*store, 2), 3u);
}

TEST_F(StoreRepair, ATreeThatIsGoneNeedsABackup) {
  {
    auto store = open();
    deliver(*store, 2, "first");
    ASSERT_TRUE(store->checkpoint());
  }
  fs::remove_all(folder_ + "/mail-0002");
  EXPECT_FALSE(open());
  EXPECT_NE(why_.find("restore a backup"), std::string::npos) << why_;
  const auto said = repair_store(folder_, true);
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().kind, base::error_kind::damaged);
}

} // namespace
} // namespace rookery::storage
