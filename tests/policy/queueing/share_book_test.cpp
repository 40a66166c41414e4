#include "policy/queueing/share_book.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace rookery::queueing {
namespace {

using namespace std::chrono_literals;
using parts = std::vector<std::uint32_t>;

parts divided(std::uint32_t limit, const parts& wanted, std::uint64_t turn = 0) {
  std::vector<share_party> all;
  for (const auto w : wanted) all.push_back({all.size() + 1, w});
  return divide(limit, all, turn);
}

TEST(ShareDivision, GivesEvenPartsAndWhatIsLeftToAllWhoWant) {
  EXPECT_EQ(divided(20, {}), parts{});
  EXPECT_EQ(divided(20, {0, 0}), (parts{0, 0}));
  EXPECT_EQ(divided(20, {5}), parts{20});
  EXPECT_EQ(divided(9, {9, 9, 9}), (parts{3, 3, 3}));
  EXPECT_EQ(divided(10, {20, 1}), (parts{9, 1}));
  EXPECT_EQ(divided(10, {0, 20, 1}), (parts{0, 9, 1}));
  EXPECT_EQ(divided(10, {2, 2}), (parts{5, 5})) << "what nobody wants now is left to all";
  EXPECT_EQ(divided(10, {2, 3, 0}), (parts{5, 5, 0}));
  EXPECT_EQ(divided(3, {1, 1, 1}), (parts{1, 1, 1}));
  EXPECT_EQ(divided(0, {3, 3}), (parts{0, 0}));
}

TEST(ShareDivision, GoesRoundWhereThereIsLessThanOneEach) {
  EXPECT_EQ(divided(1, {9, 9, 9}, 0), (parts{1, 0, 0}));
  EXPECT_EQ(divided(1, {9, 9, 9}, 1), (parts{0, 1, 0}));
  EXPECT_EQ(divided(1, {9, 9, 9}, 5), (parts{0, 0, 1}));
  EXPECT_EQ(divided(2, {9, 0, 9, 9}, 2), (parts{1, 0, 0, 1}));
  EXPECT_EQ(divided(1, {9, 9}, ~std::uint64_t{0}), (parts{0, 1}));
}

TEST(ShareDivision, NeverGivesMoreThanThereIsNorLessThanAnEvenPart) {
  std::mt19937_64 dice(4);
  for (int i = 0; i < 20'000; ++i) {
    parts wanted(dice() % 7);
    for (auto& w : wanted) w = dice() % 3 == 0 ? 0 : static_cast<std::uint32_t>(dice() % 30);
    const auto limit = static_cast<std::uint32_t>(dice() % 40);
    const auto out = divided(limit, wanted, dice());
    const auto count = static_cast<std::uint32_t>(std::count_if(wanted.begin(), wanted.end(), [](auto w) { return w > 0; }));
    EXPECT_EQ(std::accumulate(out.begin(), out.end(), 0u), count == 0 ? 0 : limit);
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      if (wanted[n] == 0) EXPECT_EQ(out[n], 0u);
      else EXPECT_GE(out[n], std::min(wanted[n], limit / count)) << "limit " << limit;
    }
  }
}

share_note some_note() {
  share_note n{77, 88, 3, 4, true, 9, {}, {}};
  n.rows.push_back({"b.example", 4, 300, destination_news::none, 0, 0, 0, 0, ""});
  n.rows.push_back({"c.example", 0, 1, destination_news::answers, 8, 1200, 0, 0, ""});
  n.rows.push_back({"d.example", 1, 0, destination_news::down, 1, 5, 300'000, 7, "connection refused"});
  return n;
}

TEST(ShareNote, IsReadAsItWasPrinted) {
  const auto octets = print(some_note());
  EXPECT_EQ(read_share_note(octets), some_note());
  for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read_share_note(octets.substr(0, n))) << n;
  EXPECT_FALSE(read_share_note(octets + "x"));
}

TEST(ShareNote, HasALoadWhereAllReadIt) {
  auto n = some_note();
  n.load = node_load{300};
  const auto octets = print(n);
  EXPECT_EQ(octets[0], 2);
  EXPECT_EQ(read_share_note(octets), n);
  for (std::size_t i = 0; i < octets.size(); ++i) EXPECT_FALSE(read_share_note(octets.substr(0, i))) << i;
  EXPECT_EQ(print(some_note())[0], 1) << "as programs of before read it";
}

TEST(ShareNote, IsRefusedWhenItIsWrong) {
  const auto refused = [](auto change) {
    auto n = some_note();
    change(n);
    return !read_share_note(print(n));
  };
  EXPECT_TRUE(refused([](auto& n) { n.incarnation = 0; }));
  EXPECT_TRUE(refused([](auto& n) { n.number = 0; })) << "rows need a number";
  EXPECT_TRUE(refused([](auto& n) { n.rows[0].destination = ""; }));
  EXPECT_FALSE(refused([](auto& n) { n.rows[0].destination.assign(shared_name_octets_max, 'x'); }));
  EXPECT_TRUE(refused([](auto& n) { n.rows[0].destination.assign(shared_name_octets_max + 1, 'x'); }));
  EXPECT_TRUE(refused([](auto& n) { n.rows[2].reason.assign(shared_reason_octets_max + 1, 'x'); }));
  EXPECT_TRUE(refused([](auto& n) { n.rows[1].news = static_cast<destination_news>(3); }));
  EXPECT_FALSE(refused([](auto& n) { n.rows.resize(note_rows_max, n.rows[0]); }));
  EXPECT_TRUE(refused([](auto& n) { n.rows.resize(note_rows_max + 1, n.rows[0]); }));
  auto newer = print(some_note());
  for (const char version : {'\x02', '\x03'}) { // 2 has a load
    newer[0] = version;
    EXPECT_FALSE(read_share_note(newer));
  }
}

/// Two nodes that hear each other at once, with a dispatcher each.
struct pair_of_nodes {
  share_book a{1, 11, 0ms}, b{2, 22, 0ms};
  std::chrono::milliseconds now{0};
  std::map<std::string, destination_share> has[2];
  std::uint64_t event = 0;

  pair_of_nodes() {
    a.nodes({1, 2}, now);
    b.nodes({1, 2}, now);
    pass(200ms);
  }
  share_book& book(int n) { return n == 0 ? a : b; }
  void collect() {
    for (int n : {0, 1})
      for (auto& [member, s] : book(n).take_shares()) {
        if (!s.down && !s.answers && has[n].contains(s.destination)) {
          s.down = has[n][s.destination].down;
          s.answers = has[n][s.destination].answers;
        }
        has[n][s.destination] = s;
      }
  }
  void pass(std::chrono::milliseconds time) {
    for (const auto end = now + time; now < end;) {
      now += 80ms;
      a.tick(now);
      b.tick(now);
      for (int n : {0, 1})
        if (const auto note = book(n).note_for(n == 0 ? 2 : 1, now)) {
          EXPECT_TRUE(book(1 - n).heard(n == 0 ? 1 : 2, *note, now));
        }
      collect();
    }
  }
  destination_need need(int n, std::uint32_t limit, std::uint32_t wanted, std::uint32_t held, const char* destination = "d") {
    destination_need out;
    out.destination = destination;
    out.limit = limit;
    out.wanted = wanted;
    out.held = held;
    out.share = has[n].contains(destination) ? has[n][destination].number : 0;
    return out;
  }
  void say(int n, destination_need what) {
    book(n).update(100 + static_cast<member_number>(n), what, now);
    collect();
  }
  std::uint32_t cap(int n) { return has[n].contains("d") ? has[n]["d"].connections : 0; }
};

TEST(ShareBook, NothingIsUsedBeforeTheOthersHaveHeardOfIt) {
  pair_of_nodes w;
  w.say(0, w.need(0, 10, 3, 0));
  EXPECT_EQ(w.cap(0), 0u);
  w.pass(400ms);
  EXPECT_EQ(w.cap(0), 10u);
  EXPECT_EQ(w.has[0]["d"].nodes, 1u);
}

TEST(ShareBook, WhoHasTooMuchLetsGoAndTheOtherGetsIt) {
  pair_of_nodes w;
  w.say(0, w.need(0, 10, 10, 0));
  w.pass(400ms);
  w.say(0, w.need(0, 10, 10, 10));
  w.say(1, w.need(1, 10, 10, 0));
  w.pass(400ms);
  EXPECT_EQ(w.cap(0), 5u) << "its part";
  EXPECT_EQ(w.cap(1), 0u) << "the other still has all";
  w.say(0, w.need(0, 10, 10, 7));
  w.pass(400ms);
  EXPECT_EQ(w.cap(1), 3u);
  w.say(0, w.need(0, 10, 10, 5));
  w.pass(400ms);
  EXPECT_EQ(w.cap(1), 5u);
  EXPECT_EQ(w.has[1]["d"].nodes, 2u) << "and half of the rate";
}

TEST(ShareBook, ANodeThatIsSilentIsReckonedWithForATimeOnly) {
  pair_of_nodes w;
  w.say(0, w.need(0, 4, 4, 0));
  w.say(1, w.need(1, 4, 4, 0));
  w.pass(600ms);
  EXPECT_EQ(w.cap(0), 2u);
  const auto alone = [&](std::chrono::milliseconds time) {
    for (const auto end = w.now + time; w.now < end;) {
      w.now += 80ms;
      w.a.tick(w.now);
      w.collect();
    }
  };
  alone(3500ms); // its last note may be a second old
  EXPECT_EQ(w.cap(0), 2u);
  alone(2000ms);
  EXPECT_EQ(w.cap(0), 4u);
  EXPECT_EQ(w.a.count().nodes, 0u);
}

TEST(ShareBook, TimeInWhichANodeDidNotRunIsNoSilenceOfOthers) {
  pair_of_nodes w;
  w.say(0, w.need(0, 4, 4, 0));
  w.say(1, w.need(1, 4, 4, 0));
  w.pass(600ms);
  w.now += 1h;
  w.a.tick(w.now);
  w.collect();
  EXPECT_EQ(w.cap(0), 2u);
  EXPECT_EQ(w.a.count().nodes, 1u);
}

TEST(ShareBook, AfterAStartTheOthersAreWaitedFor) {
  share_book a(1, 11, 0ms);
  a.nodes({1, 2}, 0ms);
  destination_need n;
  n.destination = "d";
  n.limit = n.wanted = 3;
  a.update(7, n, 0ms);
  std::uint32_t cap = 0;
  std::chrono::milliseconds when{0};
  for (auto t = 0ms; t < 8s && cap == 0; t += 100ms) {
    a.tick(t);
    for (const auto& [member, s] : a.take_shares()) cap = s.connections;
    when = t;
  }
  EXPECT_EQ(cap, 3u);
  EXPECT_EQ(when, 5s);
}

TEST(ShareBook, ADestinationThatIsDownHasOneConnectionAndIsLeftAloneByAll) {
  pair_of_nodes w;
  w.say(0, w.need(0, 10, 2, 0));
  w.say(1, w.need(1, 10, 2, 0));
  w.pass(600ms);
  auto failed = w.need(0, 10, 0, 0);
  failed.news = destination_news::down;
  failed.event = 1;
  failed.pause = 300s;
  failed.failures = 2;
  failed.reason = "connection refused";
  w.say(0, failed);
  w.pass(400ms);
  ASSERT_TRUE(w.has[1]["d"].down);
  EXPECT_GE(w.has[1]["d"].down->pause, 299s);
  EXPECT_EQ(w.has[1]["d"].down->failures, 2u);
  EXPECT_EQ(w.has[1]["d"].down->reason, "connection refused");
  EXPECT_FALSE(w.has[0]["d"].down) << "it knows that itself";
  // Told once, whatever else is told of it: an operator may have tried it meanwhile.
  w.has[1]["d"].down.reset();
  auto changed = w.need(0, 10, 4, 0);
  changed.event = 1;
  w.say(0, changed);
  w.say(1, w.need(1, 11, 9, 0));
  w.pass(600ms);
  EXPECT_FALSE(w.has[1]["d"].down);
  // The pause is over: both want to look, one does.
  auto again = w.need(0, 10, 9, 0);
  again.event = 1;
  w.say(0, again);
  w.say(1, w.need(1, 10, 9, 0));
  for (int i = 0; i < 100; ++i) {
    w.pass(160ms);
    for (int n : {0, 1}) {
      auto same = w.need(n, 10, 9, 0);
      same.event = n == 0 ? 1 : 0;
      w.say(n, same);
    }
    EXPECT_LE(w.cap(0) + w.cap(1), 1u);
  }
  // One is answered.
  auto answered = w.need(1, 10, 9, w.cap(1));
  answered.event = 1;
  answered.news = destination_news::answers;
  w.say(1, answered);
  w.pass(600ms);
  EXPECT_TRUE(w.has[0]["d"].answers);
  for (int n : {0, 1}) {
    auto same = w.need(n, 10, 9, w.cap(n));
    same.event = 1;
    w.say(n, same);
  }
  w.pass(600ms);
  EXPECT_EQ(w.cap(0), 5u);
  EXPECT_EQ(w.cap(1), 5u);
}

TEST(ShareBook, WhatIsToldIsBoundedAndTheBusiestComeFirst) {
  pair_of_nodes w;
  for (std::uint32_t i = 0; i < note_rows_max + 100; ++i) {
    const auto name = "d" + std::to_string(i);
    w.say(0, w.need(0, 1000, i + 1, 0, name.c_str()));
  }
  const auto note = w.a.note_for(2, w.now);
  ASSERT_TRUE(note);
  const auto read = read_share_note(*note);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->rows.size(), note_rows_max);
  EXPECT_EQ(read->rows.front().wanted, note_rows_max + 100);
  EXPECT_EQ(read->rows.back().wanted, 101u);
  EXPECT_TRUE(w.b.heard(1, *note, w.now));
  w.pass(600ms);
  for (const auto& [name, share] : w.has[0]) EXPECT_EQ(share.connections, 1000u) << name << ": the others followed";
}

TEST(ShareBook, NamesThatAreTooLongHaveAnEvenPartWithoutTelling) {
  pair_of_nodes w;
  const std::string name(shared_name_octets_max + 1, 'x');
  w.say(0, w.need(0, 10, 3, 0, name.c_str()));
  EXPECT_EQ(w.has[0][name].connections, 5u);
  w.say(1, w.need(1, 1, 3, 0, name.c_str()));
  EXPECT_EQ(w.has[1][name].connections, 1u);
  EXPECT_EQ(w.a.count().untold, 1u);
}

TEST(ShareBook, TwoDispatchersOfANodeShareWhatItHas) {
  share_book a(1, 11, 0ms);
  a.nodes({1}, 0ms);
  std::map<member_number, destination_share> has;
  const auto say = [&](member_number m, std::uint32_t wanted, std::uint32_t held) {
    destination_need n;
    n.destination = "d";
    n.limit = 6;
    n.wanted = wanted;
    n.held = held;
    n.share = has.contains(m) ? has[m].number : 0;
    a.update(m, n, 10ms);
    for (const auto& [to, s] : a.take_shares()) has[to] = s;
  };
  say(1, 9, 0);
  EXPECT_EQ(has[1].connections, 6u);
  say(1, 9, 6);
  say(2, 9, 0);
  EXPECT_EQ(has[1].connections, 3u);
  EXPECT_EQ(has[2].connections, 0u);
  say(1, 9, 4);
  EXPECT_EQ(has[2].connections, 2u);
  say(1, 9, 3);
  EXPECT_EQ(has[2].connections, 3u);
  a.leave(1, 20ms);
  for (const auto& [to, s] : a.take_shares()) has[to] = s;
  EXPECT_EQ(has[2].connections, 6u);
}

} // namespace
} // namespace rookery::queueing
