#include "actors/cluster/volume_documents.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

using replication::volume;

volume example() {
  auto v = replication::grown(replication::with_learner(replication::found_volume(4, 2), 6), 6);
  v = replication::claimed(std::move(v), 6, {3, 8192}, true);
  v.paused_until = std::chrono::milliseconds(1'700'000'000'000);
  return v;
}

TEST(VolumeDocument, IsReadAsItWasWritten) {
  for (const auto& v : {replication::found_volume(4, 1), example()}) EXPECT_EQ(read_volume(print_volume(v)), v);
  EXPECT_EQ(print_volume(example()),
            R"({"id":4,"epoch":2,"leader":6,"in_sync":[6],"learners":[4],"copies":2,"shared":true,"copied":true,)"
            R"("starts":[{"epoch":1,"segment":0,"offset":0},{"epoch":2,"segment":3,"offset":8192}],"proven":1,"paused_until":1700000000000})");
}

TEST(VolumeDocument, WhatCannotBeIsNone) {
  const std::string sound = R"({"id":4,"epoch":1,"leader":4,"in_sync":[4,6],"learners":[],"copies":2,"starts":[{"epoch":1,"segment":0,"offset":0}]})";
  ASSERT_TRUE(read_volume(sound));
  EXPECT_TRUE(read_volume(sound)->shared) << "who does not say so may have been shared";
  EXPECT_TRUE(read_volume(sound)->copied) << "nor is its queue frozen";
  const std::pair<const char*, const char*> wrong[] = {
      {R"("id":4)", R"("id":0)"},
      {R"("epoch":1,"leader")", R"("epoch":2,"leader")"},        // without its start
      {R"("leader":4)", R"("leader":5)"},                        // who is not in sync
      {R"("in_sync":[4,6])", R"("in_sync":[6,4])"},
      {R"("in_sync":[4,6])", R"("in_sync":[4,4])"},
      {R"("in_sync":[4,6])", R"("in_sync":[-1,4])"},
      {R"("learners":[])", R"("learners":[6])"},                 // both
      {R"("learners":[])", R"("learners":7)"},
      {R"("copies":2)", R"("copies":0)"},
      {R"("copies":2)", R"("copies":99)"},
      {R"("starts":[{"epoch":1,)", R"("starts":[{"epoch":0,)"},
      {R"("starts":[{"epoch":1,"segment":0,"offset":0}])", R"("starts":[])"},
  };
  for (const auto& [from, to] : wrong) {
    auto text = sound;
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    EXPECT_FALSE(read_volume(text.replace(at, std::string(from).size(), to))) << to;
  }
  EXPECT_FALSE(read_volume("no JSON"));
}

TEST(VolumeDocument, TheLastHolderOfMailIsNotTakenOutUnsaid) {
  const std::vector<agreed_volume> all = {{1, example()}, {2, replication::found_volume(6, 2)}};
  EXPECT_FALSE(loss_without(all, 4, "mail1"));
  EXPECT_EQ(loss_without(all, 6, "mail2"), "only mail2 has all of the mail that node 4 has brought, which would be lost to the cluster: start it again, or give --accept-loss");
  EXPECT_EQ(loss_without({all[1]}, 6, "mail2"), "only mail2 has all of the mailboxes and the queue of mail2, which would be lost to the cluster: start it again, or give --accept-loss");
}

std::vector<std::string> said(const std::vector<consequence>& all) {
  std::vector<std::string> out;
  for (const auto& c : all) out.push_back(std::string(c.interrupts ? "! " : "") + (c.alone ? "alone " : "") + c.text);
  return out;
}

TEST(WhatIf, SaysWhatIsInterruptedAndWhatOnlyOneHas) {
  const auto two = replication::grown(replication::with_learner(replication::found_volume(4, 2), 6), 6);
  const std::vector<agreed_volume> all = {{1, two}, {2, replication::found_volume(6, 2)}};
  const voting three{3, 3, true, true};
  EXPECT_EQ(said(what_if(all, 4, three)),
            (std::vector<std::string>{"the configuration can be changed as before: 2 of 3 voters are left",
                                      "its mailboxes and its queue are served by node 6 some seconds later; nothing that was acknowledged is lost"}));
  EXPECT_EQ(said(what_if(all, 6, three)),
            (std::vector<std::string>{"the configuration can be changed as before: 2 of 3 voters are left",
                                      "the mailboxes and the queue of node 4 have a copy less; nothing that was acknowledged is lost",
                                      "! alone its mailboxes and its queue are not served until it is back; what was acknowledged is on its disk alone"}));
  EXPECT_EQ(said(what_if(all, 8, three)), (std::vector<std::string>{"the configuration can be changed as before: 2 of 3 voters are left"}));
}

TEST(WhatIf, WithoutAMajorityNobodyTakesOver) {
  const auto two = replication::grown(replication::with_learner(replication::found_volume(4, 2), 6), 6);
  EXPECT_EQ(said(what_if({{1, two}}, 4, {1, 1, true, true})),
            (std::vector<std::string>{"! the configuration cannot be changed until it is back: only 0 of 1 voters are left",
                                      "! its mailboxes and its queue are not served until it is back, or until more voters are; nothing that was acknowledged is lost"}));
  EXPECT_EQ(said(what_if({}, 4, {3, 2, true, false})).front(), "the configuration can be changed as before: 2 of 3 voters are left") << "it is away already";
  EXPECT_EQ(said(what_if({}, 4, {3, 2, true, true})).front(), "! the configuration cannot be changed until it is back: only 1 of 3 voters are left");
  EXPECT_EQ(said(what_if({}, 4, {3, 3, false, true})).front(), "the configuration can be changed as before: 3 of 3 voters are left");
}

} // namespace
} // namespace rookery::actors
