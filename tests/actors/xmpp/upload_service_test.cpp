// Places for files, and which files go by themselves.
#include "actors/xmpp/web/upload_service.hpp"

#include "actors/queue/spool_commit.hpp"
#include "actors/xmpp/router.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"
#include "storage/chat/upload_owner.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

using namespace std::chrono_literals;
using storage::chat::record_kind;

TEST(UploadSlots, AreUsedOnceAndInTime) {
  upload_slots slots;
  const base::instant now{};
  const xmpp::upload_request file{"a.txt", 10, "text/plain"};
  const auto id = slots.reserve("a1", file, now);
  ASSERT_TRUE(id);
  EXPECT_EQ(slots.octets_of("a1", now), 10u);
  EXPECT_EQ(slots.octets_of("a2", now), 0u);
  EXPECT_FALSE(slots.begin(*id, "b.txt", now));
  EXPECT_FALSE(slots.begin("another", "a.txt", now));
  EXPECT_FALSE(slots.begin(*id, "a.txt", now + upload_slot_time));
  const auto begun = slots.begin(*id, "a.txt", now + 9min);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->what.octets, 10u);
  EXPECT_FALSE(slots.begin(*id, "a.txt", now + 9min));
  // While it comes it stays promised.
  EXPECT_EQ(slots.octets_of("a1", now + upload_slot_time), 10u);
  slots.end(*id);
  EXPECT_FALSE(slots.find(*id));
  EXPECT_EQ(slots.octets_of("a1", now), 0u);
}

TEST(UploadSlots, AreFewForEach) {
  upload_slots slots;
  const base::instant now{};
  for (std::size_t i = 0; i < upload_slots_of_one_max; ++i) ASSERT_TRUE(slots.reserve("a1", {"n", 1, {}}, now));
  EXPECT_FALSE(slots.reserve("a1", {"n", 1, {}}, now));
  EXPECT_TRUE(slots.reserve("a2", {"n", 1, {}}, now));
  EXPECT_TRUE(slots.reserve("a1", {"n", 1, {}}, now + upload_slot_time));
}

TEST(UploadService, TidiesWhatIsOldNobodysOrNotWhole) {
  tests::test_node holder(1);
  auto& n = holder.node();
  const chat_router router(n);
  const auto now = n.clock->wall();
  const auto account = n.directory->get()->login("u1@example.test");
  ASSERT_TRUE(account);
  const auto mine = storage::chat::account_owner(account->id);
  const auto put = [&](const std::string& owner, const std::string& key, const std::string& value) {
    storage::commit_group g;
    g.commands.push_back({n.chat_shard_of(owner), 1, storage::chat::encode({owner, now, storage::chat::put_records{{{record_kind::upload, key, value}}}}), {}});
    caf::scoped_actor self{*n.system};
    ASSERT_TRUE(commit_group_of(*self, n, std::move(g)));
    self->receive([&](const commit_done_ptr& d) { EXPECT_FALSE(d->error); });
  };
  const auto keep = [&](const std::string& id, const std::string& owner, std::chrono::hours age) {
    const auto facts = xmpp::encode({"n", "image/png", 4, owner, now - age});
    put(storage::chat::upload_owner(id), upload_piece_key(0), "octets");
    put(storage::chat::upload_owner(id), {}, facts);
    put(owner, id, facts);
  };
  keep("old", mine, 24h * 31);
  keep("young", mine, 24h * 29);
  keep("nobodys", "a999999", 1h);
  put(storage::chat::upload_owner("torn"), upload_piece_key(0), "octets");
  upload_slots slots;
  const auto coming = slots.reserve(mine, {"n", 9, {}}, n.clock->now());
  ASSERT_TRUE(coming);
  ASSERT_TRUE(slots.begin(*coming, "n", n.clock->now()));
  put(storage::chat::upload_owner(*coming), upload_piece_key(0), "octets");
  const auto went = tidy_uploads(n, router, slots, now);
  ASSERT_TRUE(went);
  EXPECT_EQ(*went, 3u);
  const auto there = [&](const std::string& id) { return n.chat_of(storage::chat::upload_owner(id)).find(storage::chat::upload_owner(id)).has_value(); };
  EXPECT_FALSE(there("old"));
  EXPECT_TRUE(there("young"));
  EXPECT_FALSE(there("nobodys"));
  EXPECT_FALSE(there("torn"));
  EXPECT_TRUE(there(*coming));
  const auto left = n.chat_of(mine).records(mine, record_kind::upload, 10);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front().key, "young");
}

} // namespace
} // namespace rookery::actors
