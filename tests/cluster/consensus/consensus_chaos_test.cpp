/// Rounds of faults under a seed: nodes die and return, letters are lost, doubled and late, members come and go.
/// What was acknowledged is on the majority for ever, in one order.
#include "group.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rookery::consensus {
namespace {

void one_seed(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto chance = [&](unsigned of) { return random() % of == 0; };
  group g(3, {}, [&](engine_options& o) {
    o.seed = seed;
    o.snapshot_after = 12;
    o.trailing = 3;
  });
  std::vector<std::string> acknowledged;
  std::map<std::uint64_t, std::string> proposed;
  std::map<member_id, std::size_t> seen;
  std::vector<std::string> agreed;
  std::uint64_t ticket = 0;
  std::set<member_id> cut;
  bool blank_joined = false;
  const auto look = [&] {
    for (auto& [id, n] : g.nodes) {
      for (; seen[id] < n.ended.size(); ++seen[id])
        if (const auto& f = n.ended[seen[id]]; f.what == fate::done && proposed.contains(f.ticket)) acknowledged.push_back(proposed[f.ticket]);
      // One order: each machine is a prefix of the longest.
      const auto& m = n.machine;
      for (std::size_t i = 0; i < std::min(m.size(), agreed.size()); ++i) ASSERT_EQ(m[i], agreed[i]) << "seed " << seed << " node " << id << " at " << i;
      if (m.size() > agreed.size()) agreed = m;
    }
  };
  for (int turn = 0; turn < 900; ++turn) {
    g.pass(10 + random() % 50);
    for (auto& [id, n] : g.nodes)
      if (n.runs && !chance(10)) g.tick(id);
    if (chance(40)) cut = chance(2) ? std::set<member_id>{} : std::set<member_id>{1 + random() % 3};
    if (chance(30)) {
      const auto id = 1 + random() % g.nodes.size();
      if (g.at(id).runs) g.kill(id);
      else g.start(id);
    }
    for (auto& [id, n] : g.nodes)
      if (!n.runs && chance(12)) g.start(id);
    // Links come and go, whatever letters do.
    if (chance(15)) {
      const member_id from = 1 + random() % g.nodes.size(), to = 1 + random() % g.nodes.size();
      if (from != to && g.at(from).runs) g(from).connected(to, !chance(3));
    }
    if (chance(3)) {
      for (auto& [id, n] : g.nodes)
        if (n.runs && n.runs->state() == standing::leader) {
          ++ticket;
          proposed[ticket] = "w" + std::to_string(ticket);
          g.propose(id, ticket, proposed[ticket]);
        }
    }
    if (!blank_joined && turn > 300) {
      blank_joined = true;
      g.add_blank(4);
    }
    if (chance(25) && blank_joined)
      for (auto& [id, n] : g.nodes) {
        if (!n.runs || n.runs->state() != standing::leader) continue;
        const auto members = n.runs->members();
        const auto there = std::find_if(members.begin(), members.end(), [](const member& m) { return m.id == 4; });
        if (there == members.end()) g.take(id, n.runs->add(0, 4, g.now));
        else if (chance(4)) g.take(id, n.runs->assign(0, 4, there->what == role::voter ? role::standby : role::voter, g.now));
        else if (there->what == role::spare) g.take(id, n.runs->assign(0, 4, role::standby, g.now));
        break;
      }
    if (chance(60))
      for (auto& [id, n] : g.nodes)
        if (n.runs && n.runs->state() == standing::leader) g.take(id, n.runs->hand_over(0, 0, g.now));
    std::size_t some = random() % 12;
    g.drop([&](const posted& p) { return cut.contains(p.from) || cut.contains(p.to) || chance(25); });
    if (!g.post.empty() && chance(15)) g.post.push_back(g.post[random() % g.post.size()]);
    if (chance(6)) std::shuffle(g.post.begin(), g.post.end(), random);
    g.deliver([&](const posted&) { return some-- > 0 && some < 100; });
    look();
    if (testing::Test::HasFatalFailure()) return;
  }
  for (auto& [id, n] : g.nodes)
    if (!n.runs) g.start(id);
  for (const auto& [id, n] : g.nodes)
    for (const auto& [other, m] : g.nodes) g(id).connected(other, true);
  ASSERT_TRUE(g.run(30'000, [&] {
    const auto l = g.leader();
    return l != 0 && g(l).in_flight() == 0 && std::all_of(g.nodes.begin(), g.nodes.end(), [&](auto& n) {
      return n.first == 4 || n.second.runs->applied_index() == g(l).applied_index();
    });
  })) << "seed " << seed << g.describe();
  look();
  for (const auto& a : acknowledged)
    for (member_id id = 1; id <= 3; ++id)
      ASSERT_EQ(std::count(g.at(id).machine.begin(), g.at(id).machine.end(), a), 1) << "seed " << seed << " node " << id << " " << a;
  EXPECT_GT(acknowledged.size(), 20u) << "seed " << seed;
}

TEST(ConsensusChaos, nothing_acknowledged_is_lost_and_there_is_one_order) {
  const char* seeds = std::getenv("ROOKERY_CONSENSUS_SEEDS");
  const std::uint64_t count = seeds != nullptr ? std::strtoull(seeds, nullptr, 10) : 60;
  for (std::uint64_t seed = 1; seed <= count && !HasFatalFailure(); ++seed) one_seed(seed);
}

} // namespace
} // namespace rookery::consensus
