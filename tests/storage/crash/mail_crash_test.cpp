// A node in small: a log of committed commands and a mail machine over a disk that
// crashes. Whatever was not synced may be lost as a suffix, a write may be refused;
// after opening and replay the state is the model's.
#include "tests/storage/mail/mail_support.hpp"

#include <random>
#include <set>

namespace rookery::storage::mail {
namespace {

/// Applies what the log has from where the machine stands. The log is what was synced:
/// nothing is acknowledged before.
void replay(mail_machine& machine, const std::vector<committed_command>& log) {
  for (auto at = static_cast<std::size_t>(machine.flushed().offset); at < log.size(); ++at) machine.apply(log[at]);
  machine.publish();
}

std::vector<committed_command> random_log(unsigned seed, std::size_t commands, mail_model& model) {
  command_maker maker(seed, command_mix::wide);
  std::vector<committed_command> log;
  for (std::size_t i = 0; i < commands; ++i) {
    log.push_back(maker.next(model));
    model.apply(log.back());
  }
  return log;
}

TEST(MailCrash, AtEveryFlushWithEverySuffixLostTheStateComesBack) {
  mail_model model;
  const auto log = random_log(71, 120, model);
  const auto wanted = model.dump();
  constexpr std::size_t each = 12; // commands between two flushes; each third one is durable
  const auto flushes = log.size() / each;
  for (std::size_t crash = 1; crash <= flushes; ++crash)
    for (std::size_t kept = 0; kept < 3; ++kept) {
      const auto disk = std::make_shared<memory_disk>();
      {
        const auto machine = open_over(disk);
        for (std::size_t f = 0; f < crash; ++f) {
          for (std::size_t i = 0; i < each; ++i) machine->apply(log[f * each + i]);
          if (f % 2 == 0) machine->publish();
          ASSERT_TRUE(machine->flush(f % 3 == 2).ok());
        }
      }
      disk->crash(kept);
      const auto machine = open_over(disk);
      const auto durable = crash / 3 * 3;
      ASSERT_EQ(machine->flushed().offset, each * std::min(crash, durable + kept)) << "a legal place to stand";
      ASSERT_EQ(machine->check(), std::vector<std::string>()) << "crash " << crash << " kept " << kept;
      replay(*machine, log);
      ASSERT_EQ(dump(*machine, command_maker::accounts), wanted) << "crash " << crash << " kept " << kept;
      ASSERT_TRUE(machine->flush(true).ok());
      ASSERT_EQ(machine->check(), std::vector<std::string>());
    }
}

TEST(MailCrash, ARefusedWriteLeavesTheTreeAsItWas) {
  mail_model model;
  const auto log = random_log(5, 90, model);
  const auto disk = std::make_shared<memory_disk>();
  {
    const auto machine = open_over(disk);
    for (std::size_t i = 0; i < 40; ++i) machine->apply(log[i]);
    ASSERT_TRUE(machine->flush(true).ok());
    for (std::size_t i = 40; i < 80; ++i) machine->apply(log[i]);
    machine->publish();
    disk->refuse_after(0);
    const auto before = disk->content();
    EXPECT_FALSE(machine->flush(false).ok());
    EXPECT_EQ(machine->flushed().offset, 40u);
    EXPECT_GT(machine->unflushed_octets(), 0u);
    EXPECT_EQ(disk->content(), before);
  }
  disk->accept_again();
  const auto machine = open_over(disk);
  replay(*machine, log);
  EXPECT_EQ(dump(*machine, command_maker::accounts), model.dump());
}

TEST(MailCrash, AGroupThatWasFlushedInPartIsNotAppliedTwice) {
  const auto disk = std::make_shared<memory_disk>();
  node n;
  std::vector<committed_command> group;
  for (int i = 0; i < 4; ++i) {
    auto c = n.make(deliver{"INBOX", false, 0, 0, message_with("e")}, 1);
    c.lsn = 10 + static_cast<std::uint64_t>(i);
    c.group_end = i == 3;
    c.next = {1, 500};
    group.push_back(std::move(c));
  }
  {
    const auto machine = open_over(disk);
    machine->apply(group[0]);
    machine->apply(group[1]);
    EXPECT_EQ(machine->applied(), log_position{});
    ASSERT_TRUE(machine->flush(true).ok());
    EXPECT_EQ(machine->flushed(), log_position{}) << "the group begins before";
  }
  const auto machine = open_over(disk);
  for (const auto& c : group) machine->apply(c);
  EXPECT_EQ(machine->applied(), (log_position{1, 500}));
  EXPECT_EQ(machine->open_mailbox(base::account_id{1}, inbox)->view()->size(), 4u);
}

/// The spool repeats what it did not see done: the delivery is there once.
TEST(MailCrash, DeliveriesRepeatedAfterACrashAreMadeOnce) {
  std::mt19937 random(11);
  node n;
  std::set<std::uint64_t> wanted;
  std::uint64_t origin = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<deliver> sent;
    for (int i = 0; i < 20; ++i) {
      sent.push_back({"INBOX", false, ++origin, 0, message_with("m" + std::to_string(origin))});
      wanted.insert(origin);
    }
    for (const auto& d : sent) n.run(d, 1);
    if (round % 3 == 0) n.flush();
    if (round % 2 == 0) {
      n.machine.reset();
      n.disk->crash(random() % 3);
      n.reopen();
    }
    for (std::size_t i = random() % 20; i < sent.size(); ++i) EXPECT_EQ(n.run(sent[i], 1).what, outcome::already_done);
  }
  const auto v = n.look(inbox);
  EXPECT_EQ(v->size(), wanted.size());
  std::set<std::string> seen;
  for (std::uint32_t i = 0; i < v->size(); ++i) {
    const auto at = v->at(i);
    EXPECT_TRUE(seen.emplace(load_text(*at.in, text_column::envelope)->row(at.in->slot[at.row])).second);
  }
  n.expect_sound();
}

TEST(MailCrash, DamageIsFoundAndNamed) {
  struct row {
    char family;
    const char* what;
  };
  for (const auto& [which, what] : {row{'B', "mailbox"}, row{'H', "hot"}, row{'C', "statics"}, row{'T', "text"},
                                    row{'N', "run"}, row{'R', "body"}, row{'I', "name"}, row{'V', "vanished"}}) {
    node n;
    n.append_some(inbox, 300);
    n.run(expunge{inbox, uid_ranges{{290, 292}}, true});
    n.flush();
    ASSERT_TRUE(n.machine->check().empty());
    for (const auto& [k, value] : n.disk->content())
      if (k[0] == which) {
        n.disk->erase(k);
        EXPECT_FALSE(n.machine->check().empty()) << what << " row lost";
        n.disk->overwrite(k, value.substr(0, value.size() / 2));
        EXPECT_EQ(n.machine->check().empty(), value.empty() || which == 'R') << what << " row cut";
        break;
      }
  }
}

TEST(MailCrash, ATreeOfAnotherShardOrANewerFormatIsRefused) {
  node n;
  n.append_some(inbox, 1);
  n.flush();
  EXPECT_FALSE(mail_machine::open(base::shard_id{77}, open_memory_tree(n.disk), {}).ok());
  auto record = n.disk->content().find("M")->second;
  record[0] = 2;
  n.disk->overwrite("M", record);
  EXPECT_FALSE(mail_machine::open(base::shard_id{first_mail_shard}, open_memory_tree(n.disk), {}).ok());
}

} // namespace
} // namespace rookery::storage::mail
