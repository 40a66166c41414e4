#include "storage/tree/memory_tree.hpp"
#include "tests/storage/mail/mail_model.hpp"
#include "tests/storage/mail/mail_support.hpp"

#include <gtest/gtest.h>

#include <random>

namespace rookery::storage::mail {
namespace {

void compare(unsigned seed, command_mix mix) {
  std::mt19937 random(seed);
  const auto disk = std::make_shared<memory_disk>();
  mail_settings settings;
  settings.open_mailboxes_max = 3;
  settings.open_messages_max = seed % 2 == 0 ? 100 : 100000;
  settings.text_cache_octets = 64 << 10;
  auto machine = open_over(disk, settings);
  mail_model model;
  command_maker maker(seed, mix);
  std::vector<committed_command> log;
  std::vector<std::shared_ptr<mailbox_cell>> held;
  std::vector<std::shared_ptr<account_cell>> accounts;
  for (int step = 0; step < 300; ++step) {
    log.push_back(maker.next(model));
    ASSERT_EQ(dump(machine->apply(log.back())), dump(model.apply(log.back()))) << "step " << step;
    switch (random() % 12) {
    case 0: case 1: case 2: {
      const auto notices = machine->publish();
      ASSERT_TRUE(std::is_sorted(notices.begin(), notices.end()));
      break;
    }
    case 3: ASSERT_TRUE(machine->flush(random() % 4 == 0).ok()); break;
    case 4: { // somebody looks, and perhaps keeps looking
      const base::account_id id{1 + random() % command_maker::accounts};
      accounts.push_back(machine->open_account(id));
      const auto list = accounts.back()->view();
      held.push_back(machine->open_mailbox(id, list->mailboxes[random() % list->mailboxes.size()]->id));
      break;
    }
    case 5: held.clear(); accounts.clear(); break;
    default: break;
    }
    if (step % 25 == 24) {
      machine->publish();
      ASSERT_EQ(dump(*machine, command_maker::accounts), model.dump()) << "step " << step;
    }
    if (step % 50 == 49) {
      ASSERT_TRUE(machine->flush(false).ok());
      ASSERT_EQ(machine->check(), std::vector<std::string>()) << "step " << step;
    }
    if (random() % 20 == 0) { // the process ends, what was not flushed is replayed
      held.clear();
      accounts.clear();
      machine.reset();
      disk->crash(random() % 5);
      machine = open_over(disk, settings);
      const auto from = machine->flushed().offset;
      for (auto at = from; at < log.size(); ++at) machine->apply(log[at]);
      machine->publish();
      ASSERT_EQ(machine->applied(), log.back().next);
      ASSERT_EQ(dump(*machine, command_maker::accounts), model.dump()) << "after the crash at step " << step;
    }
  }
  machine->publish();
  EXPECT_EQ(dump(*machine, command_maker::accounts), model.dump());
}

class RandomCommands : public testing::TestWithParam<unsigned> {};
TEST_P(RandomCommands, LeaveMachineAndModelTheSame) { compare(GetParam(), command_mix::wide); }
TEST_P(RandomCommands, OverPagesThatFillAndEmptyLeaveMachineAndModelTheSame) { compare(GetParam(), command_mix::pages); }

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCommands, testing::Range(1u, 9u));

} // namespace
} // namespace rookery::storage::mail
