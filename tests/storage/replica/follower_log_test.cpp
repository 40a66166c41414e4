#include "pair.hpp"

#include "storage/file/spill_file.hpp"

#include <filesystem>

namespace rookery::storage {
namespace {

using namespace testing;

struct Follower : ::testing::Test {
  faulty_file_system here, there;
  std::unique_ptr<log_writer> leader = open_log(here);
  std::unique_ptr<follower_log> replica;

  /// A replica that has the leader's log up to now, by a copy of its first segment.
  void join() {
    ASSERT_TRUE(leader->commit());
    auto from = leader->start_tap();
    ASSERT_TRUE(from);
    ASSERT_TRUE(there.make_directory("log"));
    for (const auto& s : leader->segments()) {
      auto f = there.open("log/" + segment_name(s.segment), open_mode::create);
      ASSERT_TRUE(f);
      ASSERT_TRUE((*f)->write(0, std::string_view(here.contents("log/" + segment_name(s.segment))).substr(0, s.octets)));
      ASSERT_TRUE((*f)->sync());
    }
    ASSERT_TRUE(there.sync_directory("log"));
    replica = open_follower(there);
    ASSERT_EQ(replica->end(), *from);
  }
  void commit(const commit_group& g) {
    ASSERT_TRUE(leader->append(g));
    ASSERT_TRUE(leader->commit());
  }
  void follow() {
    const auto done = give(*replica, leader->take_written());
    ASSERT_TRUE(done) << done.error().log.value;
    ASSERT_TRUE(replica->sync());
    EXPECT_EQ(replica->durable(), leader->end());
    EXPECT_EQ(difference(here, there), "");
  }
};

TEST_F(Follower, HasTheSameOctetsAtTheSamePlaces) {
  commit(group_of("before", 2, {100}));
  join();
  commit(group_of("a", 1, {5000}));
  follow();
  for (int i = 0; i < 20; ++i) commit(group_of("b" + std::to_string(i), 2, {3000, 10}));
  follow();
  EXPECT_GT(replica->end().segment, 5u);
  ASSERT_TRUE(leader->seal());
  follow();
  leader->set_needed_from(leader->end());
  ASSERT_TRUE(leader->commit());
  follow();
  EXPECT_EQ(replica->needed_from(), leader->needed_from());
  EXPECT_EQ(faults_of(there, "log"), "");
}

TEST_F(Follower, GetsWhatIsWrittenBeforeTheLeaderSyncs) {
  join();
  ASSERT_TRUE(leader->append(group_of("a", 1, {700})));
  ASSERT_TRUE(leader->write());
  const auto batch = leader->take_written();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->begin, leader->end());
  ASSERT_TRUE(give(*replica, batch));
  ASSERT_TRUE(replica->sync());
  EXPECT_EQ(replica->durable(), batch->end);
  ASSERT_TRUE(leader->commit());
  EXPECT_EQ(leader->end(), batch->end);
  EXPECT_FALSE(leader->take_written());
}

TEST_F(Follower, GetsSpilledBodiesInPlaceAndNothingOfAGroupThatWasGivenUp) {
  join();
  auto spill = spill_file::open(std::filesystem::temp_directory_path().string());
  ASSERT_TRUE(spill);
  ASSERT_TRUE((*spill)->append(std::string(7000, 's')));
  body_source spilled;
  spilled.spill_fd = (*spill)->descriptor();
  spilled.length = 7000;
  spilled.id = base::sha256(std::string(7000, 's'));
  auto good = group_of("a", 1, {50});
  good.bodies.push_back(spilled);
  good.commands[0].bodies.push_back(1);
  ASSERT_TRUE(leader->append(good));
  auto bad = good; // its file is shorter than it says
  bad.bodies[1].length = 7400;
  EXPECT_FALSE(leader->append(bad));
  ASSERT_TRUE(leader->append(group_of("b", 1, {20})));
  ASSERT_TRUE(leader->commit());
  follow();
  EXPECT_EQ(names_of(replayed(there, "log")), "a/1of1 b/1of1");
}

TEST_F(Follower, ABatchThatIsTooMuchSaysSo) {
  join();
  auto spill = spill_file::open(std::filesystem::temp_directory_path().string());
  ASSERT_TRUE(spill);
  const std::string mega(1u << 20, 'm');
  for (int i = 0; i < 33; ++i) ASSERT_TRUE((*spill)->append(mega));
  body_source spilled;
  spilled.spill_fd = (*spill)->descriptor();
  spilled.length = 33u << 20;
  commit_group g;
  g.bodies.push_back(spilled);
  g.commands.push_back({base::shard_id(2), 1, "large", {0}});
  commit(g);
  const auto batch = leader->take_written();
  ASSERT_TRUE(batch);
  EXPECT_FALSE(batch->whole);
  EXPECT_TRUE(batch->pieces.empty());
  EXPECT_EQ(batch->end, leader->end());
  commit(group_of("next", 1));
  EXPECT_TRUE(leader->take_written()->whole);
}

TEST_F(Follower, RemovesASegmentWhenItsOwnMachinesAreBeyond) {
  join();
  for (int i = 0; i < 12; ++i) commit(group_of("a" + std::to_string(i), 1, {3000}));
  leader->set_needed_from(leader->end());
  ASSERT_TRUE(leader->commit());
  ASSERT_TRUE(leader->remove_segment(1));
  const auto at = leader->end();
  commit(group_of("b", 1));
  ASSERT_TRUE(give(*replica, leader->take_written()));
  ASSERT_TRUE(replica->sync());
  EXPECT_EQ(replica->dead_segments(), std::vector<std::uint32_t>{1});
  EXPECT_EQ(*replica->remove_dead({at.segment, at.offset - 8}), 0u);
  EXPECT_TRUE(there.exists("log/00000001.log"));
  EXPECT_EQ(*replica->remove_dead(at), 1u);
  EXPECT_EQ(difference(here, there), "");
}

TEST_F(Follower, RefusesWhatDoesNotContinueOrIsDamaged) {
  join();
  const auto refused = [&](const char* what, const std::function<void(std::vector<piece_view>&, std::string&)>& change,
                           base::error_kind kind) {
    SCOPED_TRACE(what);
    auto log = open_follower(there);
    ASSERT_TRUE(leader->append(group_of("x", 1, {300})));
    ASSERT_TRUE(leader->commit());
    std::string frame;
    for_each_piece(*leader->take_written(), [&](const piece_view& p) { write_piece(p, frame); });
    auto pieces = *read_pieces(frame);
    std::string octets(pieces[0].octets);
    change(pieces, octets);
    const auto before = segments_of(there);
    base::result<void> done;
    for (const auto& p : pieces)
      if (done = log->take(p); !done) break;
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, kind) << done.error().log.value;
    EXPECT_TRUE(log->failed());
    EXPECT_FALSE(log->take(pieces[0]));
    EXPECT_FALSE(log->sync());
    EXPECT_EQ(segments_of(there), before);
    // The true octets are taken by a log that is opened anew.
    log = open_follower(there);
    const auto again = read_pieces(frame);
    for (const auto& p : *again) ASSERT_TRUE(log->take(p));
    ASSERT_TRUE(log->sync());
  };
  using kind = base::error_kind;
  refused("behind the end", [](auto& p, auto&) { p[0].offset += 8; }, kind::invalid);
  refused("before the end", [](auto& p, auto&) { p[0].offset -= 8; }, kind::invalid);
  refused("another segment", [](auto& p, auto&) { ++p[0].segment; }, kind::invalid);
  refused("a flipped octet of a head", [](auto& p, auto& o) { o[3] = static_cast<char>(o[3] ^ 1); p[0].octets = o; }, kind::damaged);
  refused("a flipped octet of a body", [](auto& p, auto& o) { o[100] = static_cast<char>(o[100] ^ 1); p[0].octets = o; }, kind::damaged);
  refused("sealed elsewhere", [](auto& p, auto&) { p = {{piece_kind::seal, p[0].segment, p[0].offset + 8, {}}}; }, kind::invalid);
  segment_header other;
  other.node = base::node_id(1);
  other.segment = 2;
  const auto header = write_segment_header(other);
  refused("a segment before the end of the last", [&](auto& p, auto&) { p = {{piece_kind::begin, 2, 16384, header}}; }, kind::invalid);
  refused("a number that is not the next", [&](auto& p, auto&) {
    p = {{piece_kind::seal, 1, p[0].offset, {}}, {piece_kind::begin, 2, 16384, header}};
  }, kind::invalid);
}

TEST_F(Follower, AnEpochIsRememberedAndALowerOneRefused) {
  join();
  EXPECT_EQ(replica->epoch(), 0u);
  ASSERT_TRUE(replica->follow(7));
  ASSERT_TRUE(replica->follow(7));
  EXPECT_EQ(replica->follow(6).error().kind, base::error_kind::conflict);
  replica.reset();
  there.crash();
  replica = open_follower(there);
  EXPECT_EQ(replica->epoch(), 7u);
  replica.reset();
  EXPECT_EQ(raise_log_epoch(there, "log", 6).error().kind, base::error_kind::conflict);
  ASSERT_TRUE(raise_log_epoch(there, "log", 9));
  ASSERT_TRUE(open_log(there)); // whoever leads with it keeps what it knows
  EXPECT_EQ(read_log_epoch(there, "log")->epoch, 9u);
  EXPECT_FALSE(read_log_epoch(there, "log")->followed);
  there.damage("log/epoch", 17, "x");
  EXPECT_EQ(follower_log::open(there, "log", {}).error().kind, base::error_kind::damaged);
}

TEST_F(Follower, IsCutWhereTheNextLeaderBegan) {
  join();
  commit(group_of("a", 1, {300}));
  follow();
  const auto start = leader->end();
  for (int i = 0; i < 12; ++i) commit(group_of("lost" + std::to_string(i), 1, {3000}));
  follow();
  ASSERT_TRUE(replica->truncate_to({99, 64}));
  EXPECT_EQ(replica->end(), leader->end());
  ASSERT_TRUE(replica->truncate_to(start));
  EXPECT_EQ(replica->end(), start);
  EXPECT_EQ(replica->durable(), start);
  EXPECT_EQ(names_of(replayed(there, "log")), "a/1of1");
  // It follows on from there: another leader has the same up to the cut.
  faulty_file_system third;
  ASSERT_TRUE(third.make_directory("log"));
  auto f = third.open("log/00000001.log", open_mode::create);
  ASSERT_TRUE((*f)->write(0, std::string_view(there.contents("log/00000001.log")).substr(0, start.offset)));
  f->reset();
  auto next = open_log(third);
  ASSERT_EQ(next->end(), start);
  ASSERT_TRUE(next->start_tap());
  ASSERT_TRUE(next->seal());
  ASSERT_TRUE(next->append(group_of("new", 1, {30})));
  ASSERT_TRUE(next->commit());
  ASSERT_TRUE(give(*replica, next->take_written()));
  ASSERT_TRUE(replica->sync());
  EXPECT_EQ(difference(third, there), "");
  EXPECT_EQ(names_of(replayed(there, "log")), "a/1of1 new/1of1");
}

TEST_F(Follower, BeginsAnEmptyLogWithTheFirstSegment) {
  replica = open_follower(there);
  EXPECT_EQ(replica->end(), log_position{});
  EXPECT_EQ(*replica->sync(), log_position{});
  const auto header = here.contents("log/00000001.log").substr(0, segment_header_octets);
  ASSERT_TRUE(replica->take({piece_kind::begin, 1, 16384, header}));
  EXPECT_EQ(replica->end(), leader->end());
  EXPECT_EQ(difference(here, there), "");
}

} // namespace
} // namespace rookery::storage
