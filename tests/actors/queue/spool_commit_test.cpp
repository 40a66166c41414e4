// Commits of actors that are no connections: a volume's commands and the configuration's go different ways.
#include "actors/queue/spool_commit.hpp"

#include "actors/system/config_agreement.hpp"
#include "base/check.hpp"
#include "storage/directory/config_command.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

std::string payload_of(const std::string& key) {
  dir::config_command c;
  c.author = "test";
  c.changes = {dir::put{dir::document_kind::alias, key, dir::expect::absent, R"({"targets":["u1@example.test"]})"}};
  return *dir::encode(c);
}

class SpoolCommit : public ::testing::Test {
protected:
  /// Waits for the answer to `send_configuration`.
  commit_done change(const std::string& key) {
    caf::scoped_actor self{*of().system};
    awaited_commits commits;
    std::optional<commit_done> answer;
    commits.send_configuration(*self, of(), payload_of(key), [&](const commit_done& d) { answer = d; });
    if (!answer)
      self->receive([&](const commit_done_ptr& d) { commits.done(*d); }, caf::after(std::chrono::seconds(60)) >> [] { FAIL() << "nobody answers"; });
    return answer.value_or(commit_done{});
  }
  node& of() { return holder_.node(); }
  bool has(const std::string& key) { return of().config->table()->find(dir::document_kind::alias, key) != nullptr; }

  tests::test_node holder_{1};
};

TEST_F(SpoolCommit, DoesNotTakeTheConfigurationIntoTheVolumesLog) {
  caf::scoped_actor self{*of().system};
  storage::commit_group g;
  g.commands.push_back({storage::config_shard, 1, payload_of("a@example.test"), {}});
  EXPECT_THROW((void)commit_group_of(*self, of(), std::move(g)), base::broken);
}

TEST_F(SpoolCommit, WritesTheConfigurationIntoItsOwnLog) {
  const auto d = change("b@example.test");
  EXPECT_FALSE(d.error);
  ASSERT_EQ(d.results.size(), 1u);
  EXPECT_EQ(d.results.front().what, storage::outcome::done);
  EXPECT_TRUE(has("b@example.test"));
  const auto again = change("b@example.test");
  ASSERT_EQ(again.results.size(), 1u);
  EXPECT_EQ(again.results.front().what, storage::outcome::conflict);
}

TEST_F(SpoolCommit, ProposesTheConfigurationToTheCluster) {
  struct proposals final : config_agreement {
    std::string payload;
    bool agrees = true;
    void propose(std::string p, agreed done) override {
      payload = std::move(p);
      if (!agrees) return done(base::fail(base::error_kind::try_later, "no majority"));
      storage::command_result r;
      r.number = 7;
      done(std::move(r));
    }
  };
  const auto cluster = std::make_shared<proposals>();
  set_agreement(of(), cluster);
  const auto d = change("c@example.test");
  cluster->agrees = false;
  const auto refused = change("d@example.test");
  set_agreement(of(), nullptr);
  EXPECT_FALSE(d.error);
  ASSERT_EQ(d.results.size(), 1u);
  EXPECT_EQ(d.results.front().number, 7u);
  EXPECT_EQ(cluster->payload, payload_of("d@example.test"));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->kind, base::error_kind::try_later);
  EXPECT_FALSE(has("c@example.test"));
}

} // namespace
} // namespace rookery::actors
