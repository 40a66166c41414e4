// Old messages go, young ones and those of owners without a bound stay.
#include "actors/xmpp/archive_keeper.hpp"

#include "actors/queue/spool_commit.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

using namespace std::chrono_literals;

TEST(ArchiveKeeper, DropsWhatIsOlderThanItsDays) {
  tests::test_node holder(1);
  auto& n = holder.node();
  const auto now = n.clock->wall();
  const auto keep = [&](const std::string& owner, std::chrono::hours age, const std::string& text) {
    storage::commit_group g;
    storage::chat::append a;
    a.stanza = text;
    g.commands.push_back({n.chat_shard_of(owner), 1, storage::chat::encode({owner, now - age, a}), {}});
    caf::scoped_actor self{*n.system};
    ASSERT_TRUE(commit_group_of(*self, n, std::move(g)));
    self->receive([](const commit_done_ptr& d) { EXPECT_FALSE(d->error); });
  };
  const auto left = [&](const std::string& owner) {
    std::string all;
    for (const auto& e : n.chat_of(owner).page(owner, storage::chat::stream_kind::archive, {}).entries) all += e.stanza + " ";
    return all;
  };
  for (const auto* owner : {"a1", "a2", "rden@conference.x.test"}) {
    keep(owner, 24h * 40, "old");
    keep(owner, 24h * 29, "young");
    keep(owner, 1h, "new");
  }
  const auto days = [](std::string_view owner) { return owner == "a2" ? std::nullopt : std::optional<std::uint64_t>(owner == "a1" ? 30 : 7); };
  const auto went = drop_old_messages(n, days, now);
  ASSERT_TRUE(went);
  EXPECT_EQ(*went, 3u);
  EXPECT_EQ(left("a1"), "young new ");
  EXPECT_EQ(left("a2"), "old young new ");
  EXPECT_EQ(left("rden@conference.x.test"), "new ");
}

TEST(ArchiveKeeper, ComesAtNight) {
  const auto at = [](std::int64_t seconds) { return until_night(base::from_milliseconds(seconds * 1000)).count(); };
  EXPECT_EQ(at(0), 7'200);
  EXPECT_EQ(at(7'199), 1);
  EXPECT_EQ(at(7'200), 86'400);
  EXPECT_EQ(at(86'399), 7'201);
}

} // namespace
} // namespace rookery::actors
