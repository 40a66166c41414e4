/// Each known defect of libraft 0.15.0, once as it is and once behind its guard. A case that passes with the
/// guard off would say that the library no longer has the defect, or that the case no longer shows it.
#include "group.hpp"

#include "base/check.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

extern "C" {
#include <raft.h>
}

namespace rookery::consensus {
namespace {

bool is_entries(const posted& p) { return std::holds_alternative<entries_request>(p.what); }

/// A tail of the old leader that nobody else has, and a new leader without it.
struct stale_tail {
  explicit stale_tail(guards with) : g(3, with) {
    EXPECT_TRUE(g.elect(1, {2, 3}));
    g.run(200, [&] { return g(3).commit_index() == g(1).last_index(); });
    g.propose(1, 1, "old-1");
    g.drop([](const posted& p) { return p.from == 1; });
    g.kill(1);
    g.start(1); // its tail is on its disk
    g.kill(3);
    g.start(3); // and believes in no leader any more
    // 2 leads now; what it sends to 1 at first arrives, to 3 nothing.
    g.pass(2000);
    EXPECT_TRUE(g.elect(2, {3}));
  }
  group g;
};

bool acknowledges_what_it_loses(guards with) {
  stale_tail t(with);
  auto& g = t.g;
  g.propose(2, 7, "new-1");
  g.deliver([](const posted& p) { return p.from + p.to == 3 && !std::holds_alternative<vote_request>(p.what); });
  for (int i = 0; i < 5; ++i) {
    g.pass(50);
    g.tick(2);
    g.deliver([](const posted& p) { return p.from + p.to == 3; });
  }
  if (!g.ended(2, 7, fate::done)) return false;
  // It was promised. Does it outlive the leader?
  g.kill(2);
  g.post.clear();
  g.run(10'000, [&] { return g.leader() != 0; });
  const auto& m = g.at(g.leader()).machine;
  g.run(500);
  return std::find(m.begin(), m.end(), "new-1") == m.end();
}

TEST(ConsensusDefects, d1_a_stale_tail_counts_as_a_match) {
  guards without;
  without.barrier_first = without.cap_match = false;
  EXPECT_TRUE(acknowledges_what_it_loses(without));
  guards capped = without, with_barrier = without;
  capped.cap_match = true;
  EXPECT_FALSE(acknowledges_what_it_loses(capped));
  with_barrier.barrier_first = true;
  EXPECT_FALSE(acknowledges_what_it_loses(with_barrier));
  EXPECT_FALSE(acknowledges_what_it_loses({}));
}

/// Raft's figure 8: an entry of an earlier term that a majority has may still be overwritten.
bool commits_by_counting_old_terms(guards with) {
  group g(3, with);
  EXPECT_TRUE(g.elect(1, {2, 3}));
  g.run(300, [&] { return g(2).last_index() == g(1).last_index() && g(3).last_index() == g(1).last_index(); });
  g.propose(1, 1, "early");
  const auto index = g(1).last_index();
  g.post.clear();
  g.kill(1);
  g.kill(2);
  g.start(2);
  g.pass(3000);
  EXPECT_TRUE(g.elect(3, {2}));
  g.propose(3, 2, "other"); // 3 has it alone
  g.post.clear();
  g.kill(3);
  g.start(1);
  g.pass(3000);
  EXPECT_TRUE(g.elect(1, {2}));
  // 1 gives 2 what it has, and nothing newer is proposed.
  for (int i = 0; i < 10 && g(1).commit_index() < index; ++i) {
    g.pass(50);
    g.tick(1);
    // 2 does not hear of the commit any more.
    g.deliver([&](const posted& p) { return p.from + p.to == 3 && g(1).commit_index() < index; });
  }
  if (g(1).commit_index() < index) return false;
  const auto said = g.at(1).machine;
  g.kill(1);
  g.post.clear();
  g.start(3);
  g.run(10'000, [&] { return g.leader() != 0; });
  g.run(500);
  const auto& now = g.at(g.leader()).machine;
  return std::find(said.begin(), said.end(), "early") != said.end() && std::find(now.begin(), now.end(), "early") == now.end();
}

TEST(ConsensusDefects, d2_entries_of_an_earlier_term_are_committed_by_counting) {
  guards without;
  without.barrier_first = false;
  EXPECT_TRUE(commits_by_counting_old_terms(without));
  EXPECT_FALSE(commits_by_counting_old_terms({}));
}

/// Frees that were made twice; what is freed once stays allocated while this lives.
struct careful_heap {
  careful_heap() {
    heap.data = this;
    heap.malloc = [](void* d, std::size_t n) { return made(d, std::malloc(n)); };
    heap.free = [](void* d, void* p) {
      if (p != nullptr && !static_cast<careful_heap*>(d)->live.erase(p)) ++static_cast<careful_heap*>(d)->wrong;
      else if (p != nullptr) static_cast<careful_heap*>(d)->gone.push_back(p);
    };
    heap.calloc = [](void* d, std::size_t n, std::size_t size) { return made(d, std::calloc(n, size)); };
    heap.realloc = [](void* d, void* p, std::size_t n) {
      static_cast<careful_heap*>(d)->live.erase(p);
      return made(d, std::realloc(p, n));
    };
    heap.aligned_alloc = [](void* d, std::size_t a, std::size_t n) { return made(d, std::aligned_alloc(a, n)); };
    heap.aligned_free = [](void* d, std::size_t, void* p) {
      static_cast<careful_heap*>(d)->live.erase(p);
      std::free(p);
    };
    raft_heap_set(&heap);
  }
  ~careful_heap() {
    raft_heap_set_default();
    for (void* p : gone) std::free(p);
  }
  static void* made(void* d, void* p) {
    static_cast<careful_heap*>(d)->live.insert(p);
    return p;
  }
  raft_heap heap{};
  std::set<void*> live;
  std::vector<void*> gone;
  int wrong = 0;
};

/// A follower that must refuse entries while its way back to the leader is gone.
int frees_made_twice(guards with) {
  careful_heap heap;
  {
    group g(3, with);
    EXPECT_TRUE(g.elect(1, {2, 3}));
    g.run(200);
    g(2).connected(1, false);
    entries_request stale{g(2).term(), 50, g(2).term(), 0, {{g(2).term(), entry_kind::command, "x"}}};
    g.take(2, g(2).receive(1, print(stale), g.now));
  }
  return heap.wrong;
}

TEST(ConsensusDefects, d3_a_failing_answer_frees_the_entries_twice) {
  guards without;
  without.send_never_fails = false;
  EXPECT_GT(frees_made_twice(without), 0);
  EXPECT_EQ(frees_made_twice({}), 0);
}

/// The first of two proposals is on a majority, the second is not.
TEST(ConsensusDefects, d4_the_first_of_two_proposals_starves) {
  const auto committed_alone = [](guards with) {
    group g(3, with);
    EXPECT_TRUE(g.elect(1, {2, 3}));
    g.run(300, [&] { return g(1).in_flight() == 0 && g(3).last_index() == g(1).last_index(); });
    g.propose(1, 1, "first");
    const auto first = g(1).last_index();
    auto letters = std::exchange(g.post, {});
    g.propose(1, 2, "second");
    g.post = std::move(letters); // the second's are lost
    g.deliver([&](const posted& p) { return p.to != 3 && p.from != 3; });
    return std::pair(g(1).commit_index() >= first, g.ended(1, 2, fate::busy));
  };
  guards without;
  without.one_in_flight = false;
  EXPECT_EQ(committed_alone(without), std::pair(false, false));
  EXPECT_EQ(committed_alone({}), std::pair(true, true)); // the second must wait for its turn
}

/// A leader about to hand over to 2 votes for 3, and then for 2 in the same term.
int votes_in_one_term(guards with) {
  group g(3, with);
  EXPECT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  g.take(1, g(1).hand_over(9, 2, g.now));
  g.post.clear();
  const auto term = g(1).term() + 1;
  for (const member_id from : {3, 2})
    g.take(1, g(1).receive(from, print(vote_request{term, from, g(1).last_index(), g(1).term(), true, false}), g.now));
  int granted = 0;
  for (const auto& p : g.post)
    if (const auto* v = std::get_if<vote_answer>(&p.what)) granted += v->granted && v->term == term;
  return granted;
}

TEST(ConsensusDefects, d5_two_votes_in_a_term_while_leadership_is_handed_over) {
  guards without;
  without.one_vote = false;
  EXPECT_EQ(votes_in_one_term(without), 2);
  EXPECT_EQ(votes_in_one_term({}), 1);
}

TEST(ConsensusDefects, d6_an_election_uses_entries_that_are_not_on_the_disk) {
  const auto claimed_and_kept = [](guards with) {
    group g(3, with);
    EXPECT_TRUE(g.elect(1, {2, 3}));
    g.run(300, [&] { return g(2).last_index() == g(1).last_index(); });
    g.slow_disk = {2};
    g.propose(1, 1, "late");
    g.deliver([](const posted& p) { return p.to == 2 && is_entries(p); });
    g.post.clear();
    std::uint64_t claimed = 0;
    for (int i = 0; i < 60 && claimed == 0; ++i) {
      g.pass(50);
      g.tick(2);
      for (const auto& p : g.post)
        if (const auto* v = std::get_if<vote_request>(&p.what); v != nullptr && p.from == 2) claimed = v->last_index;
    }
    return std::pair(claimed, g.at(2).on->state.first_index + g.at(2).on->state.entries.size() - 1);
  };
  guards without;
  without.persist_first = false;
  const auto [claimed, kept] = claimed_and_kept(without);
  EXPECT_GT(claimed, kept);
  EXPECT_THROW(claimed_and_kept({}), base::broken); // the driver cannot do it
}

/// A change of members that only the old leader has, and that its disk still shows after a restart.
std::vector<member> members_after_a_cut(guards with) {
  group g(3, with);
  EXPECT_TRUE(g.elect(1, {2, 3}));
  g.run(300, [&] { return g(1).in_flight() == 0 && g(3).last_index() == g(1).last_index(); });
  g.take(1, g(1).add(1, 9, g.now));
  g.post.clear();
  g.kill(1);
  g.start(1);
  EXPECT_EQ(g(1).members().size(), 4u);
  g.kill(3);
  g.start(3);
  g.pass(3000);
  EXPECT_TRUE(g.elect(2, {3}));
  g.run(100, {}, {1});
  g.propose(2, 2, "after");
  g.run(3000, [&] { return g(1).last_index() == g(2).last_index() && g(1).commit_index() == g(2).commit_index(); });
  EXPECT_EQ(g(2).members().size(), 3u);
  return g(1).members();
}

TEST(ConsensusDefects, d7_members_that_were_never_agreed_on_stay_after_a_restart) {
  guards without;
  without.change_hygiene = false;
  EXPECT_EQ(members_after_a_cut(without).size(), 4u);
  EXPECT_EQ(members_after_a_cut({}).size(), 3u);
}

TEST(ConsensusDefects, d7_a_snapshot_is_not_taken_of_members_that_are_not_agreed_on) {
  const auto kept_members = [](guards with) {
    group g(3, with, [](engine_options& o) {
      o.snapshot_after = 8;
      o.trailing = 2;
    });
    EXPECT_TRUE(g.elect(1, {2, 3}));
    g.run(300, [&] { return g(1).in_flight() == 0 && g(3).last_index() == g(1).last_index(); });
    // 1 has a change that nobody else has, is restarted, and learns of a commit before the change.
    for (std::uint64_t i = 1; i <= 8; ++i) {
      g.propose(1, i, "c" + std::to_string(i));
      if (i < 7) g.run(200, [&] { return g.ended(1, i, fate::done); });
      else break;
    }
    g.take(1, g(1).add(99, 9, g.now));
    g.post.clear();
    g.kill(1);
    g.start(1);
    g.pass(3000);
    const auto before = g(1).last_index() - 1;
    entries_request m{g(1).term() + 1, before, g(1).term(), before, {}};
    const auto last = g.at(1).on->state.entries[before - g.at(1).on->state.first_index].term;
    m.previous_term = last;
    g.take(1, g(1).receive(2, print(m), g.now));
    return g.at(1).on->state.last->members.size();
  };
  guards without;
  without.change_hygiene = false;
  EXPECT_EQ(kept_members(without), 4u);
  EXPECT_EQ(kept_members({}), 3u);
}

/// A leader that asks a follower from where its snapshot has swallowed the entries; what the follower says.
entries_answer answer_behind_a_snapshot(guards with) {
  group g(3, with, [](engine_options& o) {
    o.snapshot_after = 8;
    o.trailing = 2;
  });
  EXPECT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  entries_request early{g(1).term(), g(1).last_index(), g(1).term(), g(1).commit_index(), {}};
  for (std::uint64_t i = 1; i <= 20; ++i) {
    g.propose(1, i, "c" + std::to_string(i));
    early.entries.push_back({g(1).term(), entry_kind::command, "c" + std::to_string(i)});
    g.run(500, [&] { return g.ended(1, i, fate::done); });
  }
  g.run(300);
  EXPECT_GT(g.at(2).on->state.first_index, early.previous_index + 1);
  g.post.clear();
  early.entries.resize(3);
  g.take(2, g(2).receive(1, print(early), g.now));
  EXPECT_EQ(g.at(2).machine.size(), 20u);
  return std::get<entries_answer>(g.post.at(0).what);
}

TEST(ConsensusDefects, d11_a_follower_refuses_what_its_snapshot_has) {
  guards without;
  without.vouch_for_snapshot = false;
  EXPECT_NE(answer_behind_a_snapshot(without).rejected, 0u);
  const auto answer = answer_behind_a_snapshot({});
  EXPECT_EQ(answer.rejected, 0u);
  EXPECT_GT(answer.last_index, 12u);
}

/// A snapshot that is lost on its way: how long until the follower has everything?
std::uint64_t time_to_recover(guards with) {
  group g(3, with, [](engine_options& o) {
    o.snapshot_after = 8;
    o.trailing = 2;
  });
  EXPECT_TRUE(g.elect(1, {2, 3}));
  g.run(300);
  g.kill(3);
  for (std::uint64_t i = 1; i <= 30; ++i) {
    g.propose(1, i, "c" + std::to_string(i));
    g.run(500, [&] { return g.ended(1, i, fate::done); });
  }
  g.start(3);
  bool lost = false;
  const auto begun = g.now;
  g.lose = [&](const posted& p) { return !lost && std::holds_alternative<snapshot_request>(p.what) && (lost = true); };
  EXPECT_TRUE(g.run(60'000, [&] { return g(3).commit_index() >= g(1).commit_index(); }));
  EXPECT_TRUE(lost);
  return g.now - begun;
}

TEST(ConsensusDefects, d10_a_lost_snapshot_stops_a_follower_for_half_a_minute) {
  guards without;
  without.short_install = false;
  EXPECT_GT(time_to_recover(without), 25'000u);
  EXPECT_LT(time_to_recover({}), 5'000u);
}

} // namespace
} // namespace rookery::consensus
