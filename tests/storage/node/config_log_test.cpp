// The configuration's own log: what is committed survives, stores from before get one however often that is cut
// short, damage is mended in the log that has it, and a volume does without.
#include "storage/directory/agreed_command.hpp"
#include "storage/directory/config_command.hpp"
#include "storage/file/faulty_file_system.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/mail/command.hpp"
#include "storage/node/node_store.hpp"
#include "storage/node/store_repair.hpp"
#include "storage/node/store_view.hpp"
#include "storage/tree/memory_tree.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace rookery::storage {
namespace {

namespace fs = std::filesystem;

std::string payload_of(const std::string& key, const std::string& content) {
  directory::config_command c;
  c.author = "test";
  c.time = base::from_milliseconds(1000);
  c.changes.push_back(directory::put{directory::document_kind::domain, key, directory::expect::any, content});
  return directory::encode(c).value();
}
commit_group configure(const std::string& key, const std::string& content = "{}") {
  commit_group g;
  g.commands.push_back({config_shard, 1, payload_of(key, content), {}});
  return g;
}
commit_group mailbox(const std::string& name) {
  commit_group g;
  g.commands.push_back({base::shard_id{2}, 1, mail::encode({base::account_id{2}, base::from_milliseconds(1000), mail::create_mailbox{name, ""}}), {}});
  return g;
}
std::string domains(const directory::config_machine& m) {
  std::string out;
  m.cell()->table()->for_each(directory::document_kind::domain, "", [&](const directory::document_ptr& d) { return out += d->key + "=" + d->content + " ", true; });
  return out;
}

class ConfigLog : public ::testing::Test {
protected:
  ConfigLog() : folder_((fs::temp_directory_path() / ("rookery-config-log-test-" + std::to_string(::getpid()))).string()) { fs::remove_all(folder_); }
  ~ConfigLog() override { fs::remove_all(folder_); }

  std::unique_ptr<node_store> open(bool create = false, bool configuration = true) {
    node_store_settings settings;
    settings.log.segment_octets = 1 << 20;
    settings.log.reserve_octets = settings.log.floor_octets = 0;
    settings.configuration = configuration;
    auto opened = node_store::open(folder_, create, settings);
    why_ = opened ? "" : opened.error().log.value;
    return opened ? std::move(*opened) : nullptr;
  }
  std::size_t mailboxes(const node_machines& store) const { return store.mail[0]->open_account(base::account_id{2})->view()->mailboxes.size(); }

  /// What the program before made: one log, with the configuration's commands in it; the trees as far as flushed.
  void make_format_two(int before_flush, int after_flush) {
    fs::create_directories(folder_ + "/log");
    std::ofstream(folder_ + "/store.json") << "{\"format\":2,\"node\":1,\"mail_shards\":2,\"chat_shards\":2,\"uuid\":\"00112233445566778899aabbccddeeff\"}\n";
    node_machines store;
    store.directory = folder_;
    store.identity = read_store_identity(folder_).value();
    ASSERT_TRUE(store.open_machines([&](const std::string& where) -> base::result<std::unique_ptr<tree>> {
      fs::create_directories(where);
      return tree::open_leveldb(where, {});
    }, {}));
    log_settings settings;
    settings.segment_octets = 1 << 20;
    settings.reserve_octets = settings.floor_octets = 0;
    auto log = log_writer::open(posix_file_system(), folder_ + "/log", settings);
    ASSERT_TRUE(log);
    const auto commit = [&](const commit_group& g) {
      const auto committed = (*log)->append(g);
      ASSERT_TRUE(committed);
      ASSERT_TRUE((*log)->commit());
      for (const auto& c : *committed) EXPECT_EQ(store.machines()[c.shard.value]->apply(c).what, outcome::done);
    };
    for (int i = 0; i < before_flush + after_flush; ++i) {
      if (i == before_flush) {
        for (auto* m : store.machines()) ASSERT_TRUE(m->flush(true));
      }
      commit(configure("d" + std::to_string(i) + ".example"));
      commit(mailbox("m" + std::to_string(i)));
    }
  }

  std::string folder_, why_;
};

TEST_F(ConfigLog, KeepsTheConfigurationApartFromMail) {
  auto store = open(true);
  ASSERT_TRUE(store) << why_;
  const auto end = store->log->end();
  ASSERT_TRUE(store->commit(configure("a.example")));
  EXPECT_EQ(store->log->end(), end) << "a change of the configuration is not in the volume's log";
  const auto config_end = store->config_log->end();
  ASSERT_TRUE(store->commit(mailbox("m")));
  EXPECT_EQ(store->config_log->end(), config_end);
  store.reset();
  store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_EQ(store->replayed, 2u);
  EXPECT_EQ(domains(*store->config), "a.example={} ");
  ASSERT_TRUE(store->checkpoint());
  store.reset();
  auto view = store_view::open(folder_);
  ASSERT_TRUE(view) << view.error().log.value;
  EXPECT_EQ((*view)->replayed, 0u);
  EXPECT_EQ(domains(*(*view)->config), "a.example={} ");
}

TEST_F(ConfigLog, AGroupOfBothKindsIsRefused) {
  auto store = open(true);
  auto both = configure("a.example");
  both.commands.push_back(mailbox("m").commands.front());
  EXPECT_THROW((void)store->commit(both), base::broken);
  EXPECT_EQ(domains(*store->config), "");
}

TEST_F(ConfigLog, AStoreOfFormatTwoGetsOneWhereverItsTreeStands) {
  for (const auto& [flushed, behind] : {std::pair{0, 3}, {3, 0}, {2, 2}}) {
    SCOPED_TRACE(std::to_string(flushed) + " flushed, " + std::to_string(behind) + " behind");
    fs::remove_all(folder_);
    ASSERT_NO_FATAL_FAILURE(make_format_two(flushed, behind));
    std::string wanted;
    for (int i = 0; i < flushed + behind; ++i) wanted += "d" + std::to_string(i) + ".example={} ";
    {
      const auto before = store_view::open(folder_);
      ASSERT_TRUE(before) << before.error().log.value;
      EXPECT_EQ(domains(*(*before)->config), wanted) << "looking at it needs no change";
      EXPECT_FALSE(fs::exists(folder_ + "/config-log"));
    }
    const auto sound = repair_store(folder_, false);
    ASSERT_TRUE(sound) << sound.error().log.value;
    EXPECT_FALSE(sound->needed);
    auto store = open();
    ASSERT_TRUE(store) << why_;
    EXPECT_EQ(store->identity.format, config_log_format);
    EXPECT_EQ(domains(*store->config), wanted);
    EXPECT_EQ(mailboxes(*store), static_cast<std::size_t>(flushed + behind + 1));
    ASSERT_TRUE(store->commit(configure("new.example")));
    ASSERT_TRUE(store->commit(configure("d0.example", "[]")));
    store.reset();
    wanted.replace(wanted.find("{}"), 2, "[]");
    wanted += "new.example={} ";
    for (int again = 0; again < 3; ++again) {
      store = open();
      ASSERT_TRUE(store) << why_;
      EXPECT_EQ(domains(*store->config), wanted) << "old commands of the volume's log do not come back";
      EXPECT_TRUE(store->config->check().empty());
      if (again == 1) {
        ASSERT_TRUE(store->checkpoint());
      }
      store.reset();
    }
    const auto view = store_view::open(folder_);
    ASSERT_TRUE(view) << view.error().log.value;
    EXPECT_EQ(domains(*(*view)->config), wanted);
  }
}

TEST_F(ConfigLog, WithoutItTheStoreDoesNotOpen) {
  auto store = open(true);
  ASSERT_TRUE(store->commit(configure("a.example")));
  ASSERT_TRUE(store->checkpoint());
  store.reset();
  fs::remove_all(folder_ + "/config-log");
  EXPECT_FALSE(open());
  EXPECT_NE(why_.find("the end of the log was lost"), std::string::npos) << why_;
}

TEST_F(ConfigLog, RepairMendsTheLogThatIsDamagedAndLeavesTheOther) {
  auto store = open(true);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(store->commit(configure("d" + std::to_string(i) + ".example")));
  const auto third = store->config_log->end();
  ASSERT_TRUE(store->commit(configure("bad.example")));
  ASSERT_TRUE(store->commit(configure("behind.example")));
  ASSERT_TRUE(store->commit(mailbox("m")));
  store.reset();
  {
    std::fstream f(folder_ + "/config-log/" + segment_name(third.segment), std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(static_cast<std::streamoff>(third.offset + record_head_octets + 4));
    f << "!!!";
  }
  EXPECT_FALSE(open());
  const auto mail_log = fs::last_write_time(folder_ + "/log");
  const auto done = repair_store(folder_, true);
  ASSERT_TRUE(done) << done.error().log.value;
  ASSERT_EQ(done->damage.size(), 1u);
  EXPECT_EQ(done->damage[0].rfind("configuration: ", 0), 0u) << done->damage[0];
  EXPECT_EQ(done->lost.size(), 1u);
  EXPECT_EQ(fs::last_write_time(folder_ + "/log"), mail_log);
  store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_EQ(domains(*store->config), "d0.example={} d1.example={} d2.example={} d3.example={} ");
  EXPECT_EQ(mailboxes(*store), 2u);
  ASSERT_TRUE(store->commit(configure("new.example")));
  store.reset();
  store = open();
  ASSERT_TRUE(store) << why_;
  EXPECT_NE(domains(*store->config).find("new.example"), std::string::npos);
}

TEST_F(ConfigLog, AVolumeNeedsNone) {
  auto store = open(true);
  ASSERT_TRUE(store->commit(mailbox("m")));
  ASSERT_TRUE(store->checkpoint());
  store.reset();
  for (const auto* name : {"/config", "/config-log", "/sealing.key"}) fs::remove_all(folder_ + name);
  for (int i = 0; i < 2; ++i) {
    store = open(false, false);
    ASSERT_TRUE(store) << why_;
    EXPECT_EQ(store->config, nullptr);
    EXPECT_EQ(mailboxes(*store), 2u + static_cast<std::size_t>(i));
    ASSERT_TRUE(store->commit(mailbox("more" + std::to_string(i))));
    ASSERT_TRUE(store->checkpoint());
    store.reset();
  }
  for (const auto* name : {"/config", "/config-log", "/sealing.key"}) EXPECT_FALSE(fs::exists(folder_ + name)) << name;
  {
    const auto view = store_view::open(folder_);
    ASSERT_TRUE(view) << view.error().log.value;
    EXPECT_EQ(mailboxes(**view), 4u);
  }
  EXPECT_FALSE(repair_store(folder_, false)->needed);
}

// Moving apart on a disk that stops at each of its changes and loses what was not synced.

struct stopped_start {
  faulty_file_system files;
  std::shared_ptr<memory_disk> rows = std::make_shared<memory_disk>();
  log_settings settings;

  explicit stopped_start(std::uint64_t seed) : files(seed) {
    settings.segment_octets = 16384;
    settings.zero_ahead_octets = 0;
    settings.reserve_octets = settings.floor_octets = 0;
    EXPECT_TRUE(files.make_directory("store"));
    EXPECT_TRUE(files.replace("store/store.json", "old"));
    auto log = log_writer::open(files, "store/log", settings);
    EXPECT_TRUE(log);
    auto machine = directory::config_machine::open(open_memory_tree(rows)).value();
    for (int i = 0; i < 3; ++i) {
      const auto committed = (*log)->append(configure("d" + std::to_string(i) + ".example"));
      EXPECT_TRUE((*log)->commit());
      for (const auto& c : *committed) machine->apply(c);
      if (i == 0) {
        EXPECT_TRUE(machine->flush(false));
      }
    }
    EXPECT_TRUE(files.sync_directory("store"));
  }
  /// As node_store::open goes about it; gives what the configuration shows then.
  std::string start(const std::string& then_add) {
    auto log = log_writer::open(files, "store/log", settings).value();
    auto machine = directory::config_machine::open(open_memory_tree(rows)).value();
    const bool old = files.read_all("store/store.json", 100).value() == "old";
    if (old) {
      EXPECT_TRUE(replay(files, "store/log", machine->flushed(), [&](const committed_command& c) { if (c.at >= machine->flushed()) machine->apply(c); }, log->end()));
      EXPECT_TRUE(part_configuration(files, "store", base::node_id{1}, log->end(), log->next_lsn(), *machine, "new"));
    }
    auto own = log_writer::open(files, config_log_directory("store"), config_log_settings(settings)).value();
    EXPECT_LE(machine->flushed(), own->end());
    EXPECT_TRUE(replay(files, config_log_directory("store"), machine->flushed(), [&](const committed_command& c) { if (c.at >= machine->flushed()) machine->apply(c); }, own->end()));
    if (!then_add.empty()) {
      const auto committed = own->append(configure(then_add));
      EXPECT_TRUE(own->commit());
      for (const auto& c : *committed) EXPECT_EQ(machine->apply(c).what, outcome::done);
    }
    machine->publish();
    EXPECT_TRUE(machine->flush(false));
    return domains(*machine);
  }
};

TEST(ConfigLogCrash, StoppedAtEveryChangeTheMoveIsDoneAgainOrWasDone) {
  const std::string old = "d0.example={} d1.example={} d2.example={} ";
  int stops = 0;
  for (std::uint64_t stop = 0;; ++stop, ++stops) {
    ASSERT_LT(stop, 500u);
    bool done = true;
    for (std::size_t kept = 0; kept < 3; ++kept) {
      SCOPED_TRACE("stopped at change " + std::to_string(stop) + ", " + std::to_string(kept) + " batches kept");
      stopped_start s(stop * 7 + kept + 1);
      s.files.stop_at(stop);
      bool whole = true;
      try {
        (void)s.start("");
      } catch (const power_lost&) {
        whole = false;
      }
      done = done && whole;
      if (kept == 2) s.files.kill(); else s.files.crash();
      s.rows->crash(kept);
      // The next start is cut short too, a little later each time.
      s.files.stop_at(stop % 11);
      try {
        (void)s.start("");
      } catch (const power_lost&) {
      }
      s.files.crash();
      s.rows->crash(kept % 2);
      s.files.never_stop();
      ASSERT_EQ(s.start("new.example"), old + "new.example={} ");
      s.files.crash();
      s.rows->crash(0);
      ASSERT_EQ(s.start(""), old + "new.example={} ");
    }
    if (done) break;
  }
  EXPECT_GT(stops, 15);
}

} // namespace
} // namespace rookery::storage
