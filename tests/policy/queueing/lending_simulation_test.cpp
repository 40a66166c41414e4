// Connections that nodes lend each other, under seeds: notes are late and lost, nodes come and go.
#include "policy/queueing/lending.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace rookery::queueing {
namespace {

using moment = std::chrono::milliseconds;

/// Nodes with connections that end after a while; whoever opens one asks first who is to have it.
class lending_world {
public:
  lending_world(std::uint64_t seed, unsigned nodes) : random_(seed), nodes_(nodes) {}

  void step(const std::vector<int>& opened) {
    now_ += moment(100);
    end_some();
    for (unsigned n = 0; n < nodes_.size(); ++n) {
      for (int i = 0; i < opened[n]; ++i) open(n);
      nodes_[n].rule.carries(1, {nodes_[n].own});
      if ((now_.count() / 100 + n) % 5 == 0) tell(n);
    }
    while (!notes_.empty() && notes_.front().at <= now_) {
      nodes_[notes_.front().to].rule.heard(notes_.front().from + 1, notes_.front().load, now_);
      notes_.pop_front();
    }
    check();
  }
  std::uint32_t carried(unsigned n) const { return nodes_[n].own + nodes_[n].rule.borrowed(); }
  bool some_fail = true;                    ///< connections that the other node does not bring about
  std::uint64_t lent = 0;
  std::string fault;

private:
  struct one_node {
    lending rule;
    std::uint32_t own = 0;
  };
  struct connection {
    unsigned owner = 0, carrier = 0;
    moment until{0};
  };
  struct note {
    moment at{0};
    unsigned from = 0, to = 0;
    std::optional<node_load> load;
  };

  void open(unsigned n) {
    connection c{n, n, now_ + moment(500 + random_() % 3000)};
    nodes_[n].rule.carries(1, {nodes_[n].own});
    const auto own = nodes_[n].rule.load().connections;
    if (const auto to = nodes_[n].rule.lend(now_)) {
      ++lent;
      if (*to == n + 1) fault = "a node lends to itself";
      if (own < lending_rule{}.above) fault = "a node lends that has little";
      c.carrier = static_cast<unsigned>(*to - 1);
      if ((some_fail && random_() % 10 == 0) || !nodes_[c.carrier].rule.borrow()) {
        nodes_[n].rule.returned(*to, false, now_); // it could not, and this one does
        c.carrier = n;
      }
    }
    if (c.carrier == n) ++nodes_[n].own;
    open_.push_back(c);
  }
  void end_some() {
    std::erase_if(open_, [&](const connection& c) {
      if (c.until > now_) return false;
      if (c.carrier == c.owner) {
        --nodes_[c.owner].own;
      } else {
        nodes_[c.owner].rule.returned(c.carrier + 1, true, now_);
        nodes_[c.carrier].rule.give_back();
      }
      return true;
    });
  }
  void tell(unsigned n) {
    for (unsigned to = 0; to < nodes_.size(); ++to)
      if (to != n && random_() % 5 != 0) notes_.push_back({now_ + moment(random_() % 100), n, to, nodes_[n].rule.load()});
    std::stable_sort(notes_.begin(), notes_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  }
  void check() {
    std::uint32_t lent_now = 0, borrowed = 0, away = 0;
    for (const auto& n : nodes_) {
      lent_now += n.rule.lent();
      borrowed += n.rule.borrowed();
      if (n.rule.lent() > lending_rule{}.lent_max || n.rule.borrowed() > lending_rule{}.borrowed_max) fault = "a bound is passed";
    }
    for (const auto& c : open_) away += c.carrier != c.owner;
    if (lent_now != away || borrowed != away) fault = "the books do not agree";
  }

  std::mt19937_64 random_;
  moment now_{1000};
  std::vector<one_node> nodes_;
  std::vector<connection> open_;
  std::deque<note> notes_;
};

TEST(LendingSimulation, TheBooksAgreeThroughAnyChaos) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 dice(seed * 7919);
    const auto nodes = 2 + static_cast<unsigned>(dice() % 4);
    lending_world world(seed, nodes);
    for (int i = 0; i < 2000; ++i) {
      std::vector<int> opened(nodes);
      for (auto& o : opened) o = dice() % 8 == 0 ? static_cast<int>(dice() % 12) : 0;
      world.step(opened);
      ASSERT_EQ(world.fault, "") << "seed " << seed << " step " << i;
    }
    EXPECT_GT(world.lent, 0u) << "seed " << seed;
  }
}

TEST(LendingSimulation, OneBusyNodeSharesItsWorkAndIsSparedIt) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    lending_world world(seed, 3);
    world.some_fail = false;
    std::uint64_t own = 0, others = 0;
    for (int i = 0; i < 600; ++i) {
      world.step({2, 0, 0});
      if (i < 100) continue;
      own += world.carried(0);
      others += world.carried(1) + world.carried(2);
    }
    ASSERT_EQ(world.fault, "");
    EXPECT_GT(others * 2, own) << "seed " << seed;
    EXPECT_GT(own, others / 2) << "seed " << seed;
  }
}

} // namespace
} // namespace rookery::queueing
