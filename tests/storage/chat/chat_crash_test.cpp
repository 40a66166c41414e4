// A chat shard over a disk that crashes at each of its writes: whatever was not synced may be lost as a
// suffix, a write may be refused; after opening and replay the state is as if nothing was.
#include "tests/storage/chat/chat_day.hpp"

namespace rookery::storage::chat {
namespace {

struct day {
  std::vector<committed_command> log;
  std::string seen;
};

day random_day(std::uint64_t seed, int commands) {
  std::mt19937_64 random(seed);
  chat_shard s;
  for (int i = 0; i < commands; ++i) {
    auto step = random_step(random, i);
    s.apply(std::move(step.owner), step.time, std::move(step.what));
  }
  EXPECT_EQ(s.machine->check(), std::vector<std::string>());
  EXPECT_GT(s.seen().size(), 100u);
  return {s.log, s.seen()};
}

TEST(ChatCrash, AtEveryFlushWithEverySuffixLostTheStateComesBack) {
  constexpr std::size_t each = 15; // commands between two flushes; each third one is durable
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto wanted = random_day(seed, 240);
    for (std::size_t crash = 1; crash <= wanted.log.size() / each; ++crash)
      for (std::size_t kept = 0; kept < 3; ++kept) {
        chat_shard s;
        for (std::size_t f = 0; f < crash; ++f) {
          for (std::size_t i = 0; i < each; ++i) s.machine->apply(wanted.log[f * each + i]);
          ASSERT_TRUE(s.machine->flush(f % 3 == 2));
        }
        s.machine.reset();
        s.disk->crash(kept);
        s.open();
        const auto stands = each * std::min(crash, crash / 3 * 3 + kept);
        ASSERT_EQ(s.machine->flushed(), stands == 0 ? log_position{} : wanted.log[stands - 1].next);
        ASSERT_EQ(s.machine->check(), std::vector<std::string>()) << seed << " " << crash << " " << kept;
        s.log = wanted.log;
        s.replay();
        ASSERT_EQ(s.seen(), wanted.seen) << seed << " " << crash << " " << kept;
        ASSERT_TRUE(s.machine->flush(true));
        ASSERT_TRUE(s.machine->flush(true)); // what was dropped goes
        ASSERT_EQ(s.machine->check(), std::vector<std::string>());
        ASSERT_EQ(s.seen(), wanted.seen);
      }
  }
}

TEST(ChatCrash, ARefusedWriteLeavesTheTreeAsItWas) {
  const auto wanted = random_day(7, 120);
  for (std::size_t refused = 20; refused < 120; refused += 20) {
    chat_shard s;
    for (std::size_t i = 0; i < refused; ++i) s.machine->apply(wanted.log[i]);
    ASSERT_TRUE(s.machine->flush(refused % 40 == 0));
    for (std::size_t i = refused; i < 120; ++i) s.machine->apply(wanted.log[i]);
    s.disk->refuse_after(0);
    const auto before = s.disk->content();
    EXPECT_FALSE(s.machine->flush(false));
    EXPECT_EQ(s.disk->content(), before);
    EXPECT_EQ(s.seen(), wanted.seen) << "it still shows what is applied";
    s.disk->accept_again();
    s.open();
    s.log = wanted.log;
    s.replay();
    EXPECT_EQ(s.seen(), wanted.seen);
    EXPECT_EQ(s.machine->check(), std::vector<std::string>());
  }
}

} // namespace
} // namespace rookery::storage::chat
