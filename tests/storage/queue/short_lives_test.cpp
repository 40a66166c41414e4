// What mail that soon leaves costs the tree, however much waits in it: nothing.
#include "tests/storage/queue/spool_support.hpp"

namespace rookery::storage::queue {
namespace {

/// Counts what the tree is asked for and what is written into it.
class counted_tree final : public tree {
public:
  struct counts {
    std::size_t gets = 0, rows = 0;
  };
  counted_tree(std::shared_ptr<memory_disk> disk, std::shared_ptr<counts> into) : tree_(open_memory_tree(std::move(disk))), counts_(std::move(into)) {}
  base::result<std::optional<std::string>> get(std::string_view key) const override {
    ++counts_->gets;
    return tree_->get(key);
  }
  base::result<void> scan(std::string_view from, std::string_view to,
                          const std::function<bool(std::string_view, std::string_view)>& each) const override {
    return tree_->scan(from, to, each);
  }
  base::result<void> write(const batch& b, bool durable) override {
    for (const auto& c : b.changes) counts_->rows += c.key[0] == 'm' || c.key[0] == 'b' || c.key[0] == 'r' || c.key[0] == 'n' ? 1 : 0;
    return tree_->write(b, durable);
  }

private:
  std::unique_ptr<tree> tree_;
  std::shared_ptr<counts> counts_;
};

class SpoolShortLives : public testing::Test {
protected:
  void open() {
    s.machine.reset();
    auto opened = spool_machine::open(std::make_unique<counted_tree>(s.disk, counts));
    ASSERT_TRUE(opened) << opened.error().log.value;
    s.machine = std::move(*opened);
    *counts = {};
  }
  void SetUp() override {
    open();
    for (std::uint64_t id = 1; id <= 50; ++id) s.accept(sample(2 * id, 3));
    ASSERT_TRUE(s.machine->flush(true));
    *counts = {};
  }
  /// As a relayed message of a user: accepted with a note of it, attempted, delivered.
  void live(std::uint64_t id, std::size_t recipients) {
    s.apply(put_note{"a", std::to_string(100000 + id), "sent", {}, 20});
    EXPECT_EQ(s.accept(sample(id, recipients)).what, outcome::done);
    EXPECT_TRUE(s.machine->view()->find(base::message_id(id)));
    std::vector<std::uint32_t> all;
    attempt_ended end;
    end.id = base::message_id(id);
    for (std::uint32_t r = 0; r < recipients; ++r) {
      all.push_back(r);
      auto& o = end.outcomes.emplace_back();
      o.recipient = r;
      o.state = recipient_state::delivered;
    }
    s.apply(attempt_begun{base::message_id(id), all});
    EXPECT_EQ(s.apply(end).what, outcome::done);
    EXPECT_FALSE(s.machine->view()->find(base::message_id(id)));
  }
  spool s;
  std::shared_ptr<counted_tree::counts> counts = std::make_shared<counted_tree::counts>();
};

TEST_F(SpoolShortLives, AskTheTreeForNothingAndLeaveNoRow) {
  live(101, 1); // the first note of the space: its keys are read
  *counts = {};
  for (std::uint64_t id = 102; id < 200; ++id) live(id, 1 + id % 150);
  EXPECT_EQ(counts->gets, 0u);
  ASSERT_TRUE(s.machine->flush(false));
  EXPECT_EQ(counts->rows, 20u) << "the notes that stay";
  EXPECT_TRUE(s.machine->check().empty());
}

TEST_F(SpoolShortLives, OfWhatWasFlushedTheRowsAreRemoved) {
  s.accept(sample(101, 100));
  ASSERT_TRUE(s.machine->flush(false));
  s.apply(removed{base::message_id(101)});
  *counts = {};
  ASSERT_TRUE(s.machine->flush(false));
  EXPECT_EQ(counts->rows, 3u) << "its head, a page, its body";
  EXPECT_TRUE(s.machine->check().empty());
  const auto seen = s.seen();
  open();
  EXPECT_EQ(s.seen(), seen);
}

TEST_F(SpoolShortLives, WhatWasRemovedAndCameAgainGoesFromTheTreeToo) {
  // A note of the tree is replaced, goes, comes and goes: its row must be removed once.
  s.apply(put_note{"b", "k", "1", base::from_milliseconds(500), 0});
  ASSERT_TRUE(s.machine->flush(false));
  s.apply(drop_note{"b", "k"});
  s.apply(put_note{"b", "k", "2", base::from_milliseconds(600), 0});
  s.apply(drop_note{"b", "k"});
  ASSERT_TRUE(s.machine->flush(false));
  open();
  EXPECT_TRUE(s.machine->view()->notes("b", "", 10).empty());
  EXPECT_TRUE(s.machine->check().empty());
}

TEST_F(SpoolShortLives, AnEarlierNumberThatComesLateIsLookedFor) {
  EXPECT_EQ(s.accept(sample(51, 1)).what, outcome::done) << "two connections, the later number first";
  EXPECT_EQ(s.accept(sample(52, 1)).what, outcome::already_done) << "it is in the tree";
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolWithoutState, RowsOfATreeThatHasLostItsStateAreFound) {
  spool s;
  s.accept(sample(7, 1));
  ASSERT_TRUE(s.machine->flush(true));
  s.disk->erase("s");
  s.open();
  EXPECT_TRUE(s.machine->view()->find(base::message_id(7)));
}

} // namespace
} // namespace rookery::storage::queue
