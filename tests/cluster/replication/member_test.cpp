#include "cluster/replication/member.hpp"

#include <gtest/gtest.h>

namespace rookery::replication {
namespace {

using ms = std::chrono::milliseconds;

template <class What>
const What* find(const step& s) {
  for (const auto& a : s)
    if (const auto* w = std::get_if<What>(&a)) return w;
  return nullptr;
}
template <class What>
const What* said(const step& s) {
  for (const auto& a : s)
    if (const auto* say = std::get_if<act::say>(&a))
      if (const auto* w = std::get_if<What>(&say->what)) return w;
  return nullptr;
}

volume two_copies() { return grown(with_learner(found_volume(1, 2), 2), 2); }

/// Node 1 after a restart, leading epoch 2 with node 2 in sync, all of both logs at 1:100.
struct leader {
  moment now{10'000};
  member m;
  volume doc = two_copies();
  explicit leader(node_number id = 1) : m{1, id, held{1, true, 0}, {}, now} {
    doc.id = id;
    EXPECT_NE(find<act::freeze>(m.document(5, doc, now)), nullptr);
    EXPECT_NE(find<act::keep>(m.frozen({1, 100}, now)), nullptr); // looks where it stands, then promises
    const auto claims = m.frozen({1, 100}, now);
    const auto* p = find<act::propose>(claims);
    EXPECT_NE(p, nullptr);
    doc = p->next;
    m.document(6, doc, now);
    const auto takes = m.frozen({1, 100}, now);
    EXPECT_NE(find<act::lead>(takes), nullptr);
    m.leading_at({1, 100}, now);
    EXPECT_EQ(m.state(), standing::settling);
    m.connected(2, now);
    const auto settled = m.heard(2, stands{2, true, {1, 100}}, now);
    EXPECT_NE(find<act::open>(settled), nullptr);
    EXPECT_TRUE(find<act::open>(settled)->hold);
    m.opened(now);
    EXPECT_EQ(m.state(), standing::serving);
  }
  std::uint64_t beat() {
    now += ms(250);
    const auto out = m.tick(now, ms(0));
    const auto* b = said<beat_word>(out);
    return b == nullptr ? 0 : b->number;
  }
  step answer(std::uint64_t number) { return m.heard(2, beat_answer{2, number, true}, now); }
};

TEST(Member, ALeaderServesWhileItsReplicaAnswersBeatsThatLeftNotLongAgo) {
  leader l;
  EXPECT_FALSE(l.m.may_serve(l.now)) << "nothing was answered yet";
  const auto number = l.beat();
  const auto sent = l.now;
  l.now += ms(1000);
  l.answer(number);
  EXPECT_TRUE(l.m.may_serve(l.now));
  EXPECT_EQ(l.m.lease_end(), sent + ms(1500)) << "the answer was long on its way";
  EXPECT_FALSE(l.m.may_serve(sent + ms(1500)));
}

TEST(Member, AVolumeGoesHomeWhenItsNodeWasInSyncForLongEnough) {
  const auto goes = [](leader& l, ms within) {
    for (const auto end = l.now + within; l.now < end;) {
      l.now += ms(250);
      const auto out = l.m.tick(l.now, ms(0));
      if (find<act::hold>(out) != nullptr) return true;
      if (const auto* b = said<beat_word>(out)) l.answer(b->number);
    }
    return false;
  };
  leader at_home(1);
  EXPECT_FALSE(goes(at_home, ms(60'000)));
  leader quiet(2);
  EXPECT_FALSE(goes(quiet, ms(4000)));
  EXPECT_TRUE(goes(quiet, ms(3000)));
  leader used(2);
  used.m.goes_home_after(ms(60'000));
  EXPECT_FALSE(goes(used, ms(55'000))) << "it is in use";
  EXPECT_TRUE(goes(used, ms(7000)));
  leader was_used(2);
  was_used.m.goes_home_after(ms(60'000));
  EXPECT_FALSE(goes(was_used, ms(30'000)));
  was_used.m.goes_home_after(ms(0));
  EXPECT_TRUE(goes(was_used, ms(500))) << "a quiet moment";
}

TEST(Member, OnlyWhatTheReplicaHasIsReleased) {
  leader l;
  EXPECT_EQ(find<act::release>(l.m.synced({2, 50}, l.now)), nullptr);
  const auto out = l.m.heard(2, has_stored{2, {2, 40}}, l.now);
  ASSERT_NE(find<act::release>(out), nullptr);
  EXPECT_EQ(find<act::release>(out)->to, (log_position{2, 40}));
  EXPECT_EQ(find<act::release>(l.m.heard(2, has_stored{1, {2, 50}}, l.now)), nullptr) << "of another epoch";
}

TEST(Member, ASilentReplicaIsTakenOutByAgreementFirst) {
  leader l;
  l.m.synced({2, 50}, l.now);
  l.now += ms(2100);
  const auto out = l.m.tick(l.now, ms(0));
  ASSERT_NE(find<act::propose>(out), nullptr);
  EXPECT_EQ(find<act::propose>(out)->next, shrunk(l.doc, 2));
  EXPECT_EQ(find<act::release>(out), nullptr);
  const auto agreed = l.m.document(7, shrunk(l.doc, 2), l.now);
  ASSERT_NE(find<act::release>(agreed), nullptr);
  EXPECT_EQ(find<act::release>(agreed)->to, (log_position{2, 50}));
  ASSERT_NE(find<act::hold_releases>(agreed), nullptr);
  EXPECT_FALSE(find<act::hold_releases>(agreed)->hold);
  EXPECT_TRUE(l.m.may_serve(l.now + ms(1'000'000))) << "alone it asks nobody";
}

TEST(Member, AHandOverThatFailsWaitsForTheReplicasBeforeItOpensAgain) {
  leader l;
  l.answer(l.beat());
  step out;
  ASSERT_TRUE(l.m.hand_over(2, l.now, ms(0), out));
  ASSERT_NE(find<act::hold>(out), nullptr);
  EXPECT_TRUE(l.m.may_serve(l.now)) << "sessions say good-bye; nothing is proposed yet";
  l.m.holding({2, 60}, l.now);
  EXPECT_FALSE(l.m.may_serve(l.now));
  l.now += ms(3100);
  out = l.m.tick(l.now, ms(0));
  EXPECT_EQ(find<act::open>(out), nullptr) << "node 2 has not got the end";
  EXPECT_EQ(l.m.state(), standing::settling);
  EXPECT_NE(find<act::open>(l.m.heard(2, has_stored{2, {2, 60}}, l.now)), nullptr);
}

/// Node 2, following node 1.
struct follower {
  moment now{10'000};
  member m;
  explicit follower(held h = {1, true, 0}) : m(2, 1, h, {}, now) { m.document(5, two_copies(), now); }
};

TEST(Member, AReplicaClaimsWhenItsLeaderWasSilentForLong) {
  follower f;
  f.m.frozen({1, 90}, f.now);
  ASSERT_EQ(f.m.state(), standing::following);
  f.now += ms(2900);
  EXPECT_TRUE(f.m.tick(f.now, ms(0)).empty());
  EXPECT_NE(said<beat_answer>(f.m.heard(1, beat_word{1, 7, {1, 90}, {1, 80}}, f.now)), nullptr);
  f.now += ms(2900);
  EXPECT_TRUE(f.m.tick(f.now, ms(0)).empty());
  f.now += ms(200);
  const auto out = f.m.tick(f.now, ms(0));
  ASSERT_NE(find<act::keep>(out), nullptr);
  EXPECT_EQ(find<act::keep>(out)->what.promised, 5u);
  EXPECT_EQ(f.m.state(), standing::claiming);
  EXPECT_TRUE(f.m.heard(1, beat_word{1, 8, {1, 90}, {1, 80}}, f.now).empty()) << "no word more to the old leader";
  EXPECT_FALSE(f.m.accepts(1, 1));
  const auto claims = f.m.frozen({1, 90}, f.now);
  ASSERT_NE(find<act::propose>(claims), nullptr);
  EXPECT_EQ(find<act::propose>(claims)->next, claimed(two_copies(), 2, {1, 90}, true));
}

TEST(Member, BeatsOfAQuietVolumeAreHalfAsOften) {
  leader l;
  l.answer(l.beat());
  l.answer(l.beat()); // what the first one told is all that there is
  const auto at = l.now;
  EXPECT_EQ(l.m.next_tick(at), at + ms(500));
  EXPECT_EQ(l.beat(), 0u);
  EXPECT_NE(l.beat(), 0u);
  // Something is written: the replica hears as soon as ever what it may apply.
  l.m.written({1, 120}, l.now);
  l.m.synced({1, 120}, l.now);
  l.m.heard(2, has_stored{2, {1, 120}}, l.now);
  EXPECT_EQ(l.m.released(), (log_position{1, 120}));
  EXPECT_EQ(l.m.next_tick(l.now), l.now + ms(250));
  EXPECT_NE(l.beat(), 0u);
}

TEST(Member, ASilentReplicaIsLookedAtInTime) {
  leader l;
  l.answer(l.beat());
  const auto heard = l.now;
  while (l.now < heard + ms(1999)) {
    EXPECT_LE(l.m.next_tick(l.now), heard + ms(2000));
    l.now = std::min(l.m.next_tick(l.now), heard + ms(1999));
    EXPECT_EQ(find<act::propose>(l.m.tick(l.now, ms(0))), nullptr);
  }
  l.now = l.m.next_tick(l.now);
  EXPECT_LE(l.now, heard + ms(2010));
  EXPECT_NE(find<act::propose>(l.m.tick(l.now, ms(0))), nullptr);
  EXPECT_LE(l.m.next_tick(l.now), l.now + ms(100)) << "a proposal is looked after";
}

TEST(Member, AFollowerSleepsUntilItWouldClaim) {
  follower f;
  f.m.frozen({1, 90}, f.now);
  ASSERT_EQ(f.m.state(), standing::following);
  EXPECT_EQ(f.m.next_tick(f.now), f.now + ms(3000));
  f.now += ms(2000);
  f.m.heard(1, beat_word{1, 7, {1, 90}, {1, 80}}, f.now);
  EXPECT_EQ(f.m.next_tick(f.now), f.now + ms(3000));
  f.now += ms(3000);
  EXPECT_NE(find<act::keep>(f.m.tick(f.now, ms(0))), nullptr);
  EXPECT_LE(f.m.next_tick(f.now), f.now + ms(100));
}

TEST(Member, AClaimOutlivesARestart) {
  // The claim of before may still take effect: with the log as it was then.
  follower f({1, true, 5});
  EXPECT_EQ(f.m.state(), standing::claiming);
  EXPECT_FALSE(f.m.accepts(1, 1));
  EXPECT_NE(find<act::propose>(f.m.frozen({1, 90}, f.now)), nullptr);
  // Another document: it never will.
  const auto out = f.m.document(6, shrunk(two_copies(), 2), f.now);
  ASSERT_NE(find<act::keep>(out), nullptr);
  EXPECT_EQ(find<act::keep>(out)->what.promised, 0u);
  EXPECT_EQ(f.m.state(), standing::following);
  EXPECT_TRUE(f.m.accepts(1, 1));
}

TEST(Member, WithoutKeepingThePromiseARestartedReplicaWouldFollow) {
  rules r;
  r.with.keep_promise = false;
  member m(2, 1, held{1, true, 0}, r, moment(0));
  m.document(5, two_copies(), moment(0));
  m.frozen({1, 90}, moment(0));
  const auto out = m.tick(moment(3100), ms(0));
  ASSERT_NE(find<act::keep>(out), nullptr);
  const auto kept = find<act::keep>(out)->what; // what a restart would find
  member again(2, 1, kept, r, moment(3200));
  again.document(5, two_copies(), moment(3200));
  again.frozen({1, 90}, moment(3200));
  EXPECT_TRUE(again.accepts(1, 1)) << "and acknowledge what the claim then cuts off";
}

TEST(Member, ALearnerClaimsNothing) {
  member m(2, 1, held{1, true, 0}, {}, moment(0));
  m.document(5, with_learner(found_volume(1, 2), 2), moment(0));
  m.frozen({1, 90}, moment(0));
  EXPECT_TRUE(m.tick(moment(1'000'000), ms(0)).empty());
}

TEST(Member, WhoHasNothingAsksForACopy) {
  member m(2, 1, held{}, {}, moment(0));
  m.document(5, with_learner(found_volume(1, 2), 2), moment(0));
  const auto out = m.heard(1, follow{1}, moment(0));
  ASSERT_NE(said<stands>(out), nullptr);
  EXPECT_FALSE(said<stands>(out)->whole);
  const auto copied = m.copied({1, 70}, moment(10));
  ASSERT_NE(find<act::keep>(copied), nullptr);
  EXPECT_EQ(find<act::keep>(copied)->what, (held{1, true, 0}));
  EXPECT_EQ(*said<stands>(copied), (stands{1, true, {1, 70}}));
}

} // namespace
} // namespace rookery::replication
