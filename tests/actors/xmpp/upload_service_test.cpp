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
  // While it comes it stays promised, and what broke off may come again within its first time.
  slots.release(*id);
  EXPECT_EQ(slots.octets_of("a1", now), 10u);
  EXPECT_FALSE(slots.begin(*id, "a.txt", now + upload_slot_time));
  ASSERT_TRUE(slots.begin(*id, "a.txt", now + 9min));
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
  // Places that another run has promised: one can still be used.
  put(storage::chat::upload_owner("promised"), upload_place_key, xmpp::encode({"n", {}, 4, mine, now + 1min}));
  put(storage::chat::upload_owner("forgotten"), upload_place_key, xmpp::encode({"n", {}, 4, mine, now - 1min}));
  upload_slots slots;
  const auto coming = slots.reserve(mine, {"n", 9, {}}, n.clock->now());
  ASSERT_TRUE(coming);
  ASSERT_TRUE(slots.begin(*coming, "n", n.clock->now()));
  put(storage::chat::upload_owner(*coming), upload_piece_key(0), "octets");
  const auto went = tidy_uploads(n, router, slots, now);
  ASSERT_TRUE(went);
  EXPECT_EQ(*went, 4u);
  const auto there = [&](const std::string& id) { return n.chat_of(storage::chat::upload_owner(id)).find(storage::chat::upload_owner(id)).has_value(); };
  EXPECT_FALSE(there("old"));
  EXPECT_TRUE(there("young"));
  EXPECT_FALSE(there("nobodys"));
  EXPECT_FALSE(there("torn"));
  EXPECT_TRUE(there("promised"));
  EXPECT_FALSE(there("forgotten"));
  EXPECT_TRUE(there(*coming));
  const auto left = n.chat_of(mine).records(mine, record_kind::upload, 10);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front().key, "young");
}

TEST(UploadService, GoesOnWithPlacesOfAnEarlierRun) {
  tests::test_node holder(1);
  auto& n = holder.node();
  chat_router router(n);
  upload_service service(n, router);
  const auto account = n.directory->get()->login("u1@example.test");
  ASSERT_TRUE(account);
  const auto mine = storage::chat::account_owner(account->id);
  const auto put = [&](const std::string& id, base::wall_time until) {
    const auto owner = storage::chat::upload_owner(id);
    storage::commit_group g;
    g.commands.push_back({n.chat_shard_of(owner), 1, storage::chat::encode({owner, n.clock->wall(), storage::chat::put_records{{{record_kind::upload, upload_place_key, xmpp::encode({"a.txt", "text/plain", 6, mine, until})}}}}), {}});
    const auto done = commit_and_wait(n, std::move(g), 10s);
    ASSERT_TRUE(done && !done->error);
  };
  put("file", n.clock->wall() + 5min);
  put("late", n.clock->wall() - 1s);
  EXPECT_FALSE(service.begin("none", "a.txt"));
  EXPECT_FALSE(service.begin("late", "a.txt"));
  EXPECT_FALSE(service.begin("file", "b.txt"));
  const auto octets = std::make_shared<const std::string>("octets");
  EXPECT_FALSE(service.keep({"file", 0, octets, true}, 10s)) << "it has not begun";
  const auto slot = service.begin("file", "a.txt");
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->what.octets, 6u);
  EXPECT_EQ(slot->what.type, "text/plain");
  EXPECT_EQ(slot->owner, mine);
  EXPECT_FALSE(service.begin("file", "a.txt")) << "it is coming";
  // It breaks off; within its time it may come again.
  service.slots().release("file");
  EXPECT_EQ(service.slots().octets_of(mine, n.clock->now()), 6u);
  ASSERT_TRUE(service.begin("file", "a.txt"));
  EXPECT_TRUE(service.keep({"file", 0, octets, true}, 10s));
  const auto owner = storage::chat::upload_owner("file");
  const auto facts = n.chat_of(owner).record(owner, record_kind::upload, {});
  ASSERT_TRUE(facts);
  EXPECT_EQ(xmpp::read_upload_facts(facts->value)->octets, 6u);
  EXPECT_FALSE(n.chat_of(owner).record(owner, record_kind::upload, upload_place_key));
  EXPECT_EQ(n.chat_of(mine).records(mine, record_kind::upload, 10).size(), 1u);
  EXPECT_FALSE(service.begin("file", "a.txt")) << "it is whole";
  caf::anon_send_exit(service.actor(), caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace rookery::actors
