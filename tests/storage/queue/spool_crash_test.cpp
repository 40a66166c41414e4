// A spool over a disk that crashes at each of its writes: whatever was not synced may be lost
// as a suffix, a write may be refused; after opening and replay the state is as if nothing was.
#include "tests/storage/queue/spool_support.hpp"

#include <random>

namespace rookery::storage::queue {
namespace {

/// One random command; `i` is its number.
void step(spool& s, std::mt19937_64& random, int i) {
  const base::message_id id(1 + random() % 30);
  const auto who = static_cast<std::uint32_t>(random() % 4);
  const auto when = base::from_milliseconds(static_cast<std::int64_t>(random() % 400));
  const std::string key = std::to_string(random() % 12);
  switch (random() % 18) {
    case 0: case 1: case 2: s.accept(sample(s.machine->last_id().value + 1, 1 + random() % 80)); break;
    case 3: s.apply(hold{id, "x"}); break;
    case 4: s.apply(release{id}); break;
    case 5: s.apply(attempt_begun{id, {who}}); break;
    case 6: s.apply(recipient_done{id, who, random() % 2 == 0, "a"}); break;
    case 7: s.apply(recipient_deferred{id, who, base::from_milliseconds(i), "b"}); break;
    case 8: s.apply(moved_to_queue{id, random() % 2 == 0 ? "slow" : "remote"}); break;
    case 9: s.apply(removed{id}); break;
    case 10: case 11:
      s.apply(attempt_ended{id, {{who, static_cast<recipient_state>(random() % 4), when, "c", "mx", random() % 2 == 0}},
                            random() % 2 == 0 ? "retry" : ""});
      break;
    case 12: s.apply(rerouted{id, {random() % 2 == 0 ? "relay" : "", 25, route_tls::never, false, "", ""}}); break;
    case 13: s.apply(redirected{id, who, "x" + std::to_string(i) + "@example.org"}); break;
    case 14: s.apply(retry_now{{id, base::message_id(id.value + 1)}}); break;
    case 15: s.apply(put_note{random() % 2 == 0 ? "a" : "b", key, std::to_string(i), when, random() % 3 == 0 ? 4u : 0u}); break;
    case 16: s.apply(random() % 2 == 0 ? any_command(count_note{"a", "n" + key, 3, when}) : any_command(drop_note{"a", key})); break;
    default: s.apply(drop_notes_before{base::from_milliseconds(i)}); break;
  }
}

/// The log of a random day, and what is seen at its end.
struct day {
  std::vector<committed_command> log;
  std::string seen;
};

day random_day(std::uint64_t seed, int commands) {
  std::mt19937_64 random(seed);
  spool s;
  for (int i = 0; i < commands; ++i) step(s, random, i);
  EXPECT_TRUE(s.machine->check().empty());
  EXPECT_FALSE(s.machine->view()->counts().empty());
  return {s.log, s.seen()};
}

TEST(SpoolCrash, AtEveryFlushWithEverySuffixLostTheStateComesBack) {
  constexpr std::size_t each = 15; // commands between two flushes; each third one is durable
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto wanted = random_day(seed, 180);
    for (std::size_t crash = 1; crash <= wanted.log.size() / each; ++crash)
      for (std::size_t kept = 0; kept < 3; ++kept) {
        spool s;
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
        ASSERT_EQ(s.machine->check(), std::vector<std::string>());
      }
  }
}

TEST(SpoolCrash, ARefusedWriteLeavesTheTreeAsItWas) {
  const auto wanted = random_day(7, 120);
  for (std::size_t refused = 20; refused < 120; refused += 20) {
    spool s;
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
} // namespace rookery::storage::queue
