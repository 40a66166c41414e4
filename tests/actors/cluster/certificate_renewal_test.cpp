#include "actors/cluster/certificate_renewal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rookery::actors {
namespace {

using kind = renewal_step::kind;
using std::chrono::days;

const base::wall_time now = base::from_milliseconds(1'800'000'000'000);

/// A node at rest, half a year before its certificate ends.
renewal_facts at_rest() {
  renewal_facts f;
  f.now = now;
  f.here = {"c1", "a1", now - days(180), now + days(185), "", "", {"a1"}};
  f.agreed = {"c1", "", "a1", "a1", f.here.ends};
  f.authorities = {"a1"};
  f.all_trust_newest = true;
  return f;
}

TEST(CertificateRenewal, NothingIsDoneBeforeItsTime) {
  EXPECT_EQ(next_renewal_step(at_rest()).what, kind::nothing);
  auto f = at_rest();
  f.here.prepared = "c2";
  f.here.prepared_issuer = "a1";
  EXPECT_EQ(next_renewal_step(f).what, kind::nothing) << "something left over is no reason";
}

TEST(CertificateRenewal, ItIsDue) {
  auto f = at_rest();
  f.here.ends = f.agreed.ends = now + renewed_before - days(1);
  EXPECT_EQ(next_renewal_step(f).what, kind::prepare);
  f = at_rest();
  f.wanted = true;
  EXPECT_EQ(next_renewal_step(f).what, kind::prepare);
  f = at_rest();
  f.here.ends = f.agreed.ends = now + days(7000);
  EXPECT_EQ(next_renewal_step(f).what, kind::prepare) << "one that lasts for ever";
  f.all_trust_newest = false;
  EXPECT_EQ(next_renewal_step(f).what, kind::nothing);
}

TEST(CertificateRenewal, TheNewOneIsAgreedBeforeItIsUsed) {
  auto f = at_rest();
  f.wanted = true;
  f.here.prepared = "c2";
  f.here.prepared_issuer = "a1";
  auto step = next_renewal_step(f);
  ASSERT_EQ(step.what, kind::announce);
  EXPECT_EQ(step.agreed, (certificates_agreed{"c1", "c2", "a1", "a1", f.here.ends})) << "both are accepted";
  f.agreed = step.agreed;
  EXPECT_EQ(next_renewal_step(f).what, kind::nothing) << "a node does not know it yet";
  f.all_accept = true;
  EXPECT_EQ(next_renewal_step(f).what, kind::use);
  f.all_accept = false;
  f.here.ends = f.agreed.ends = now + last_moment - days(1);
  EXPECT_EQ(next_renewal_step(f).what, kind::use) << "who is away for so long joins anew";
  f.here.used = "c2";
  f.here.prepared.clear();
  step = next_renewal_step(f);
  ASSERT_EQ(step.what, kind::announce);
  EXPECT_EQ(step.agreed, (certificates_agreed{"c2", "", "a1", "a1", f.here.ends})) << "the old one is nobody's";
}

TEST(CertificateRenewal, WhatIsLostIsMadeAgain) {
  auto f = at_rest();
  f.agreed.next = "c2";
  EXPECT_EQ(next_renewal_step(f).what, kind::prepare);
  f.here.prepared = "c3";
  f.here.prepared_issuer = "a1";
  EXPECT_EQ(next_renewal_step(f).what, kind::prepare);
}

TEST(CertificateRenewal, FilesOfAnotherNodeChangeNothing) {
  auto f = at_rest();
  f.here.used = "x";
  f.wanted = true;
  EXPECT_EQ(next_renewal_step(f).what, kind::nothing);
}

TEST(CertificateRenewal, ANodeOfBeforeSaysWhatItHas) {
  auto f = at_rest();
  f.agreed = {"c1", "", "", "", {}};
  const auto step = next_renewal_step(f);
  ASSERT_EQ(step.what, kind::announce);
  EXPECT_EQ(step.agreed, (certificates_agreed{"c1", "", "a1", "a1", f.here.ends}));
}

TEST(CertificateRenewal, ANewAuthorityIsTrustedByAllBeforeItIsUsed) {
  auto f = at_rest();
  f.authorities = {"a2", "a1"};
  f.all_trust_newest = false;
  EXPECT_EQ(next_renewal_step(f).what, kind::trust);
  f.here.trusted = f.authorities;
  const auto step = next_renewal_step(f);
  ASSERT_EQ(step.what, kind::announce);
  EXPECT_EQ(step.agreed.trusts, "a2");
  f.agreed = step.agreed;
  EXPECT_EQ(next_renewal_step(f).what, kind::nothing);
  f.all_trust_newest = true;
  EXPECT_EQ(next_renewal_step(f).what, kind::prepare);
  f.here.prepared = "c2";
  f.here.prepared_issuer = "a1";
  EXPECT_EQ(next_renewal_step(f).what, kind::prepare) << "one of the old authority is of no use";
}

/// A cluster of values: each node takes its steps in any order, sees the store late, and is down at times.
class renewal_world {
public:
  explicit renewal_world(unsigned seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) nodes_.push_back({{"c" + std::to_string(i), "a1", now - days(100), now + days(265), "", "", {"a1"}}, {"c" + std::to_string(i), "", "a1", "a1", now + days(265)}, 0, 0, false, false});
  }
  void step() {
    auto& n = nodes_[random_() % nodes_.size()];
    if (random_() % 40 == 0) n.away = !n.away;
    if (n.away) return;
    n.seen = version_;
    renewal_facts f;
    f.now = now;
    f.here = n.here;
    f.agreed = n.agreed;
    f.authorities = authorities_;
    f.wanted = n.wanted;
    f.all_trust_newest = f.all_accept = true;
    for (const auto& other : nodes_) {
      f.all_trust_newest = f.all_trust_newest && other.agreed.trusts == authorities_.front();
      f.all_accept = f.all_accept && other.seen >= n.announced;
    }
    const auto s = next_renewal_step(f);
    switch (s.what) {
    case kind::nothing: break;
    case kind::trust: n.here.trusted = authorities_; break;
    case kind::prepare:
      n.here.prepared = "c" + std::to_string(count_++);
      n.here.prepared_issuer = authorities_.front();
      break;
    case kind::announce:
      n.agreed = s.agreed;
      n.announced = ++version_;
      break;
    case kind::use:
      n.here.used = n.here.prepared;
      n.here.used_issuer = n.here.prepared_issuer;
      n.here.prepared.clear();
      n.wanted = false;
      break;
    }
    std::vector<certificates_agreed> agreed;
    for (const auto& each : nodes_) agreed.push_back(each.agreed);
    if (authorities_.size() > 1 && authority_settled(authorities_.front(), agreed)) authorities_.pop_back();
    check();
  }
  /// Any two nodes, each with the last it has seen of the store, accept each other.
  void check() {
    for (const auto& a : nodes_) {
      EXPECT_TRUE(a.here.used == a.agreed.used || a.here.used == a.agreed.next);
      for (const auto& b : nodes_)
        EXPECT_NE(std::find(b.here.trusted.begin(), b.here.trusted.end(), a.here.used_issuer), b.here.trusted.end()) << a.here.used << " is not trusted";
    }
  }
  void renew(std::size_t i) { nodes_[i].wanted = true; }
  void new_authority() {
    if (authorities_.size() > 1) return;
    authorities_.insert(authorities_.begin(), "a" + std::to_string(count_++));
    ++version_;
  }
  bool at_rest() const {
    return authorities_.size() == 1 && std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n.here.used_issuer == authorities_[0] && n.here.trusted == authorities_ && !n.wanted; });
  }
  void all_here() {
    for (auto& n : nodes_) n.away = false;
  }

private:
  struct one {
    certificates_here here;
    certificates_agreed agreed;
    std::uint64_t seen = 0, announced = 0;
    bool away = false, wanted = false;
  };
  std::mt19937 random_;
  std::vector<one> nodes_;
  std::vector<std::string> authorities_{"a1"};
  std::uint64_t version_ = 0;
  int count_ = 10;
};

TEST(CertificateRenewal, NodesTrustEachOtherAllTheTimeAndComeToRest) {
  for (unsigned seed = 1; seed <= 200 && !::testing::Test::HasFailure(); ++seed) {
    renewal_world w(seed);
    for (int i = 0; i < 400; ++i) {
      if (i % 90 == 10) w.renew(static_cast<std::size_t>(i) % 3);
      if (i == 100 || i == 250) w.new_authority();
      w.step();
    }
    for (int i = 0; i < 600 && !w.at_rest(); ++i) {
      w.all_here();
      w.step();
    }
    EXPECT_TRUE(w.at_rest()) << "seed " << seed;
  }
}

} // namespace
} // namespace rookery::actors
