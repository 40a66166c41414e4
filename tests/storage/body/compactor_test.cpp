#include "storage/body/compactor.hpp"

#include "storage/file/faulty_file_system.hpp"
#include "storage/mail/command.hpp"
#include "storage/queue/command.hpp"
#include "tests/storage/log/log_workload.hpp"

#include <map>

namespace rookery::storage {
namespace {

using namespace testing;
using base::error_kind;

/// What machines remember, and how they take relocations.
struct references {
  std::vector<live_body> all;

  std::vector<live_body> in(std::uint32_t segment) const {
    std::vector<live_body> out;
    for (const auto& b : all)
      if (b.ref.segment == segment) out.push_back(b);
    return out;
  }
  live_bodies ask() const {
    return [this](std::uint32_t segment) { return in(segment); };
  }
  void apply(const committed_command& c) {
    std::uint32_t segment = 0, offset = 0;
    base::account_id account;
    if (c.shard == spool_shard) {
      const auto read = queue::decode_command(c.payload);
      ASSERT_TRUE(read);
      const auto& r = std::get<queue::relocate_body>(read->what);
      segment = r.old_segment, offset = r.old_offset;
    } else {
      const auto read = mail::decode_command(c.payload);
      ASSERT_TRUE(read);
      const auto& r = std::get<mail::relocate_body>(read->what);
      segment = r.old_segment, offset = r.old_offset, account = read->account;
    }
    ASSERT_EQ(c.bodies.size(), 1u);
    for (auto& b : all)
      if (b.shard == c.shard && b.account == account && b.ref.segment == segment && b.ref.offset == offset) {
        EXPECT_EQ(b.ref.id, c.bodies[0].id);
        b.ref = c.bodies[0];
      }
  }
};

struct store {
  faulty_file_system files;
  std::unique_ptr<log_writer> log = open_log(files);
  body_reader reader{files, "log"};
  references live;
  std::vector<body_ref> refs;

  store() {
    for (int i = 0; i < 30; ++i) {
      refs.push_back(log->append(group_of("m" + std::to_string(i), 1, {3000}))->front().bodies[0]);
      EXPECT_TRUE(log->commit());
    }
  }
  const body_ref& first_of(std::uint32_t segment, std::size_t skip = 0) const {
    for (const auto& r : refs)
      if (r.segment == segment && skip-- == 0) return r;
    throw std::logic_error("no such body");
  }
};

constexpr base::shard_id shard_2{2}, shard_3{3};

TEST(Compactor, ASurveyCountsEachBodyOnce) {
  store s;
  s.live.all = {{s.first_of(2), shard_2, base::account_id(1)}, {s.first_of(2), shard_3, base::account_id(9)},
                {s.first_of(3), shard_2, base::account_id(1)}, {s.first_of(3, 1), shard_2, base::account_id(1)}};
  const auto use = compactor::survey(s.log->segments()[1], s.live.ask());
  EXPECT_EQ(use.live_count, 1u);
  EXPECT_EQ(use.live_octets, 3000u);
  EXPECT_EQ(compactor::survey(s.log->segments()[2], s.live.ask()).live_count, 2u);
  EXPECT_EQ(compactor::survey(s.log->segments()[0], s.live.ask()).live_share(), 0.0);
}

TEST(Compactor, MovesEachBodyOnceWithACommandForEachWhoRefersToIt) {
  store s;
  const auto a = s.first_of(2), b = s.first_of(2, 1), c = s.first_of(2, 2);
  s.live.all = {{b, shard_2, base::account_id(1)}, {a, shard_3, base::account_id(7)}, {a, shard_2, base::account_id(1)},
                {a, shard_2, base::account_id(1)}, {a, shard_2, base::account_id(2)}, {c, spool_shard, {}}};
  compactor_settings settings;
  settings.step_octets = 7000;
  compactor mover(s.reader, settings);
  mover.begin(2, s.live.ask());
  EXPECT_FALSE(mover.removable(s.log->end(), s.live.ask()));
  std::size_t steps = 0, bodies = 0, commands = 0;
  for (;; ++steps) {
    auto group = mover.step(base::from_milliseconds(5));
    ASSERT_TRUE(group);
    if (group->bodies.empty()) break;
    bodies += group->bodies.size();
    commands += group->commands.size();
    auto made = s.log->append(*group);
    ASSERT_TRUE(made);
    ASSERT_TRUE(s.log->commit());
    for (const auto& m : *made) s.live.apply(m);
    mover.moved(made->back().next);
  }
  EXPECT_EQ(steps, 2u);
  EXPECT_EQ(bodies, 3u);
  EXPECT_EQ(commands, 5u);
  for (const auto& l : s.live.all) {
    EXPECT_GT(l.ref.segment, 2u);
    EXPECT_TRUE(s.reader.verify(l.ref));
  }
  EXPECT_FALSE(mover.removable({3, 64}, s.live.ask())) << "the relocations are not flushed";
  EXPECT_TRUE(mover.removable(s.log->end(), s.live.ask()));
  s.log->set_needed_from(s.log->end());
  ASSERT_TRUE(s.log->seal());
  ASSERT_TRUE(s.log->remove_segment(2));
  EXPECT_EQ(faults_of(s.files, "log"), "");
}

TEST(Compactor, ACopyMadeMeanwhileKeepsTheSegment) {
  store s;
  s.live.all = {{s.first_of(2), shard_2, base::account_id(1)}};
  compactor mover(s.reader);
  mover.begin(2, s.live.ask());
  auto made = s.log->append(*mover.step({}));
  ASSERT_TRUE(s.log->commit());
  s.live.apply(made->front());
  mover.moved(made->back().next);
  s.live.all.push_back({s.first_of(2), shard_3, base::account_id(4)});
  EXPECT_FALSE(mover.removable(s.log->end(), s.live.ask()));
  mover.begin(2, s.live.ask());
  made = s.log->append(*mover.step({}));
  ASSERT_TRUE(s.log->commit());
  s.live.apply(made->front());
  mover.moved(made->back().next);
  EXPECT_TRUE(mover.step({})->bodies.empty());
  EXPECT_TRUE(mover.removable(s.log->end(), s.live.ask()));
}

TEST(Compactor, ADamagedBodyIsNamedLeftAndItsSegmentStays) {
  store s;
  const auto bad = s.first_of(2, 1);
  for (std::size_t i = 0; i < 3; ++i) s.live.all.push_back({s.first_of(2, i), shard_2, base::account_id(1)});
  s.files.damage("log/00000002.log", bad.offset + 5, "#");
  compactor mover(s.reader);
  mover.begin(2, s.live.ask());
  std::size_t moved = 0, damaged = 0;
  for (;;) {
    auto group = mover.step({});
    if (!group) {
      EXPECT_EQ(group.error().kind, error_kind::damaged);
      ++damaged;
      continue;
    }
    if (group->bodies.empty()) break;
    moved += group->bodies.size();
    auto made = s.log->append(*group);
    ASSERT_TRUE(s.log->commit());
    for (const auto& m : *made) s.live.apply(m);
    mover.moved(made->back().next);
  }
  EXPECT_EQ(moved, 2u);
  EXPECT_EQ(damaged, 1u);
  EXPECT_FALSE(mover.removable(s.log->end(), s.live.ask()));
}

} // namespace
} // namespace rookery::storage
