#include "storage/chat/limits.hpp"
#include "storage/chat/owner.hpp"
#include "tests/storage/chat/chat_support.hpp"

namespace rookery::storage::chat {
namespace {

const std::string ann = account_owner(base::account_id{7});

put_records put(record_kind kind, std::string key, std::string value) { return {{{kind, std::move(key), std::move(value)}}}; }

std::string keys(const std::vector<stored_record>& records) {
  std::string out;
  for (const auto& r : records) out += (out.empty() ? "" : " ") + r.key + "=" + r.value;
  return out;
}

TEST(ChatMachine, KeepsRecordsByOwnerKindAndKey) {
  chat_shard s;
  EXPECT_FALSE(s.machine->view()->find(ann));
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::roster_item, "bob@example.org", "B")).number, 1u);
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::roster_item, "cem@example.org", "C")).number, 2u);
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::vcard, "", "card")).number, 3u);
  EXPECT_EQ(s.apply(ann + "0", 1, put(record_kind::roster_item, "dee@example.org", "D")).number, 1u);
  const auto view = s.machine->view();
  EXPECT_EQ(keys(view->records(ann, record_kind::roster_item, 10)), "bob@example.org=B cem@example.org=C");
  EXPECT_EQ(keys(view->records(ann, record_kind::roster_item, 1)), "bob@example.org=B");
  EXPECT_EQ(keys(view->records(ann, record_kind::roster_item, 10, "bob@example.org")), "cem@example.org=C");
  EXPECT_EQ(keys(view->records(ann, record_kind::roster_item, 10, {}, "c")), "cem@example.org=C");
  EXPECT_EQ(view->record(ann, record_kind::vcard, "")->value, "card");
  EXPECT_FALSE(view->record(ann, record_kind::block, ""));
  EXPECT_EQ(view->record(ann, record_kind::roster_item, "cem@example.org")->change, 2u);
  EXPECT_EQ(view->find(ann)->records, 3u);
  EXPECT_EQ(view->find(ann)->record_octets, 15u + 1 + 15 + 1 + 4);
}

TEST(ChatMachine, APutReplacesAndTheLastOfAKeyCounts) {
  chat_shard s;
  s.apply(ann, 1, put(record_kind::block, "x", "long value"));
  s.apply(ann, 1, put_records{{{record_kind::block, "x", "1"}, {record_kind::block, "y", "2"}, {record_kind::block, "x", "3"}}});
  EXPECT_EQ(keys(s.machine->view()->records(ann, record_kind::block, 10)), "x=3 y=2");
  EXPECT_EQ(s.machine->view()->find(ann)->records, 2u);
  EXPECT_EQ(s.machine->view()->find(ann)->record_octets, 4u);
}

TEST(ChatMachine, DropsOneRecordOrAllWithAPrefix) {
  chat_shard s;
  const std::string nul(1, '\0');
  for (const auto* key : {"a", "ab", "b"}) s.apply(ann, 1, put(record_kind::item, key + nul + "1", "v"));
  EXPECT_EQ(s.apply(ann, 1, drop_records{record_kind::item, "zz", false}).what, outcome::no_such_record);
  EXPECT_EQ(s.apply(ann, 1, drop_records{record_kind::item, "a" + nul, true}).number, 1u);
  EXPECT_EQ(s.machine->view()->find(ann)->records, 2u);
  EXPECT_EQ(s.apply(ann, 1, drop_records{record_kind::item, "", true}).number, 2u);
  EXPECT_EQ(s.machine->view()->find(ann)->record_octets, 0u);
  EXPECT_EQ(s.apply(ann, 1, drop_records{record_kind::item, "", true}).what, outcome::no_such_record);
  EXPECT_EQ(s.apply("anobody", 1, drop_records{record_kind::item, "", true}).what, outcome::no_such_record);
}

TEST(ChatMachine, RefusesMoreThanItsBounds) {
  chat_shard s;
  put_records many;
  for (std::size_t i = 0; i < records_a_command_max; ++i) many.records.push_back({record_kind::block, std::to_string(i), ""});
  for (std::uint64_t i = 0; i < records_an_owner_max / records_a_command_max; ++i) {
    for (auto& r : many.records) r.value = "v";
    EXPECT_EQ(s.apply(ann, 1, many).what, outcome::done);
    for (auto& r : many.records) r.key += "x";
  }
  EXPECT_EQ(s.machine->view()->find(ann)->records, records_an_owner_max);
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::block, "one more", "")).what, outcome::over_limit);
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::block, "0", "another value")).what, outcome::done) << "not one more";
  many.records.emplace_back();
  EXPECT_EQ(s.apply(ann, 1, many).what, outcome::malformed);
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::block, "k", std::string(record_value_octets_max + 1, 'v'))).what, outcome::malformed);
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::block, "k", std::string(record_value_octets_max, 'v'))).what, outcome::over_limit);
  EXPECT_EQ(s.apply(ann, 1, put(record_kind::block, std::string(record_key_octets_max + 1, 'k'), "")).what, outcome::malformed);
  EXPECT_EQ(s.apply(std::string(owner_octets_max + 1, 'o'), 1, drop_owner{}).what, outcome::malformed);
  EXPECT_EQ(s.apply("", 1, drop_owner{}).what, outcome::malformed);
  EXPECT_EQ(s.apply(std::string("a\0b", 3), 1, drop_owner{}).what, outcome::malformed);
  EXPECT_EQ(s.apply(ann, 1, said(std::string(stanza_octets_max + 1, 's'))).what, outcome::malformed);
  EXPECT_EQ(s.apply(ann, 1, said("s", std::string("a\0b", 3))).what, outcome::malformed);
}

TEST(ChatMachine, IdsAndTimesOfAStreamOnlyGrow) {
  chat_shard s;
  EXPECT_EQ(s.apply(ann, 5, said("1")).number, 5000u) << "the time in microseconds";
  EXPECT_EQ(s.apply(ann, 5, said("2")).number, 5001u);
  EXPECT_EQ(s.apply(ann, 3, said("3")).number, 5002u) << "the clock went back";
  auto with_id = said("4");
  with_id.id = 9000;
  EXPECT_EQ(s.apply(ann, 6, with_id).number, 9000u);
  with_id.id = 8000;
  EXPECT_EQ(s.apply(ann, 6, with_id).number, 9001u) << "never one before the last";
  EXPECT_EQ(s.machine->view()->find_entry(ann, stream_kind::archive, 5002)->time, base::from_milliseconds(5));
  EXPECT_EQ(s.apply(ann, 6, drop_entries{stream_kind::archive, {9001, 9000, 77}}).number, 2u);
  EXPECT_EQ(s.apply(ann, 6, said("5")).number, 9002u) << "never used again";
  auto offline = said("o");
  offline.stream = stream_kind::offline;
  EXPECT_EQ(s.apply(ann, 2, offline).number, 2000u) << "streams are apart";
}

TEST(ChatMachine, PagesOfAStream) {
  chat_shard s;
  // Three at one time, then one a millisecond.
  for (const auto* text : {"a", "b", "c"}) s.apply(ann, 10, said(text, text[0] == 'b' ? "bob@example.org" : "cem@example.org"));
  for (std::int64_t i = 11; i <= 16; ++i) s.apply(ann, i, said(std::string(1, static_cast<char>('d' + i - 11)), i % 2 == 0 ? "bob@example.org" : "bob@example.orgx"));
  const auto look = [&](auto&& change) {
    stream_query q;
    change(q);
    return ids(s.machine->view()->page(ann, stream_kind::archive, q));
  };
  const auto at = [](std::int64_t ms) { return base::from_milliseconds(ms); };
  for (const bool flushed : {false, true}) {
    EXPECT_EQ(look([](auto&) {}), "a b c d e f g h i");
    EXPECT_EQ(look([](auto& q) { q.max = 3; }), "a b c …");
    EXPECT_EQ(look([](auto& q) { q.max = 3; q.backwards = true; }), "g h i …");
    EXPECT_EQ(look([](auto& q) { q.max = 9; q.backwards = true; }), "a b c d e f g h i");
    EXPECT_EQ(look([](auto& q) { q.max = 0; }), " …");
    EXPECT_EQ(look([](auto& q) { q.after_id = 10'001; q.max = 2; }), "c d …");
    EXPECT_EQ(look([](auto& q) { q.before_id = 10'002; }), "a b");
    EXPECT_EQ(look([](auto& q) { q.before_id = 12'000; q.max = 2; q.backwards = true; }), "c d …");
    EXPECT_EQ(look([](auto& q) { q.after_id = 10'000; q.before_id = 10'001; }), "");
    EXPECT_EQ(look([](auto& q) { q.after_id = ~std::uint64_t{0}; }), "");
    EXPECT_EQ(look([&](auto& q) { q.from = at(11); }), "d e f g h i");
    EXPECT_EQ(look([&](auto& q) { q.from = at(10); q.until = at(10); }), "a b c");
    EXPECT_EQ(look([&](auto& q) { q.until = at(12); q.backwards = true; q.max = 2; }), "d e …");
    EXPECT_EQ(look([&](auto& q) { q.from = at(12); q.until = at(13); q.backwards = true; }), "e f");
    EXPECT_EQ(look([&](auto& q) { q.from = at(100); }), "");
    EXPECT_EQ(look([&](auto& q) { q.until = at(9); q.backwards = true; }), "");
    EXPECT_EQ(look([&](auto& q) { q.until = at(9); }), "");
    EXPECT_EQ(look([](auto& q) { q.with = "bob@example.org"; }), "b e g i");
    EXPECT_EQ(look([](auto& q) { q.with = "bob@example.org"; q.backwards = true; q.max = 2; }), "g i …");
    EXPECT_EQ(look([&](auto& q) { q.with = "bob@example.org"; q.from = at(12); q.until = at(14); }), "e g");
    EXPECT_EQ(look([](auto& q) { q.with = "bob@example"; }), "");
    EXPECT_EQ(look([](auto& q) { q.octets_max = 2; }), "a b …");
    EXPECT_EQ(look([](auto& q) { q.octets_max = 0; }), "a …") << "one always";
    ASSERT_TRUE(s.machine->flush(flushed));
  }
}

TEST(ChatMachine, TimesThatWentBackAreFoundWithTheirNeighbours) {
  chat_shard s;
  s.apply(ann, 10, said("a"));
  for (int i = 0; i < 5; ++i) s.apply(ann, 1, said(std::string(1, static_cast<char>('b' + i)))); // kept as of 10
  auto jump = said("g");
  jump.id = 90'000;
  s.apply(ann, 11, jump);
  s.apply(ann, 12, said("h"));
  stream_query q;
  q.until = base::from_milliseconds(11);
  EXPECT_EQ(ids(s.machine->view()->page(ann, stream_kind::archive, q)), "a b c d e f g");
  q.backwards = true;
  EXPECT_EQ(ids(s.machine->view()->page(ann, stream_kind::archive, q)), "a b c d e f g");
  q.from = q.until;
  EXPECT_EQ(ids(s.machine->view()->page(ann, stream_kind::archive, q)), "g");
  q.backwards = false;
  EXPECT_EQ(ids(s.machine->view()->page(ann, stream_kind::archive, q)), "g");
}

TEST(ChatMachine, AStreamWithABoundRefusesOrForgets) {
  chat_shard s;
  auto a = said("1");
  a.stream = stream_kind::offline;
  a.entries_max = 2;
  EXPECT_EQ(s.apply(ann, 1, a).what, outcome::done);
  EXPECT_EQ(s.apply(ann, 2, a).what, outcome::done);
  EXPECT_EQ(s.apply(ann, 3, a).what, outcome::over_limit);
  a.drop_oldest = true;
  a.stanza = "2";
  EXPECT_EQ(s.apply(ann, 4, a).what, outcome::done);
  EXPECT_EQ(ids(s.machine->view()->page(ann, stream_kind::offline, {})), "1 2");
  EXPECT_EQ(s.machine->view()->find(ann)->offline.entries, 2u);
  EXPECT_EQ(s.machine->view()->find(ann)->offline.octets, 2u);
}

TEST(ChatMachine, EntriesAreReplacedAndForgottenByAge) {
  chat_shard s;
  for (std::int64_t i = 1; i <= 6; ++i) s.apply(ann, i, said(std::to_string(i), "bob@example.org"));
  EXPECT_EQ(s.apply(ann, 7, replace_entry{stream_kind::archive, 3000, "tombstone"}).number, 3000u);
  EXPECT_EQ(s.apply(ann, 7, replace_entry{stream_kind::archive, 3001, "x"}).what, outcome::no_such_record);
  EXPECT_EQ(s.machine->view()->find(ann)->archive.octets, 5u + 9);
  EXPECT_EQ(s.machine->view()->find_entry(ann, stream_kind::archive, 3000)->with, "bob@example.org");
  EXPECT_EQ(s.apply(ann, 7, drop_before{stream_kind::archive, base::from_milliseconds(5), 3000}).number, 3u);
  EXPECT_EQ(s.apply(ann, 7, drop_before{stream_kind::archive, base::from_milliseconds(5)}).number, 1u);
  EXPECT_EQ(s.apply(ann, 7, drop_before{stream_kind::archive, base::from_milliseconds(5)}).number, 0u);
  stream_query q;
  q.with = "bob@example.org";
  EXPECT_EQ(ids(s.machine->view()->page(ann, stream_kind::archive, q)), "5 6");
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(ChatMachine, ADroppedOwnerIsGoneAtOnceAndItsRowsLater) {
  chat_shard s;
  const auto room = room_owner("den@conference.example.org");
  for (std::int64_t i = 1; i <= 300; ++i) s.apply(room, i, said(std::to_string(i), "bob@example.org"));
  s.apply(room, 1, put(record_kind::room, "", "config"));
  ASSERT_TRUE(s.machine->flush(false));
  EXPECT_EQ(s.apply(room, 400, drop_owner{}).what, outcome::done);
  EXPECT_EQ(s.apply(room, 400, drop_owner{}).what, outcome::no_such_record);
  EXPECT_FALSE(s.machine->view()->find(room));
  EXPECT_TRUE(s.machine->view()->page(room, stream_kind::archive, {}).entries.empty());
  s.apply(room, 500, said("again"));
  EXPECT_EQ(ids(s.machine->view()->page(room, stream_kind::archive, {})), "again");
  EXPECT_FALSE(s.machine->view()->record(room, record_kind::room, ""));
  EXPECT_EQ(s.machine->check(), std::vector<std::string>());
  ASSERT_TRUE(s.machine->flush(false));
  EXPECT_GT(s.disk->content().size(), 600u);
  EXPECT_GT(s.machine->unflushed_octets(), 0u) << "there is something to do";
  s.open();
  EXPECT_EQ(s.machine->check(), std::vector<std::string>());
  ASSERT_TRUE(s.machine->flush(false));
  EXPECT_EQ(s.disk->content().size(), 3u) << "state, owner, entry";
  EXPECT_EQ(s.machine->unflushed_octets(), 0u);
  EXPECT_EQ(ids(s.machine->view()->page(room, stream_kind::archive, {})), "again");
}

TEST(ChatMachine, ListsOwnersInOrder) {
  chat_shard s;
  for (const auto* name : {"b@c.example", "a@c.example", "d@c.example"}) s.apply(room_owner(name), 1, said("x"));
  s.apply(ann, 1, said("x"));
  const auto names = [&](std::size_t max, std::string_view after) {
    std::string out;
    for (const auto& o : s.machine->view()->owners("r", max, after)) out += o.owner + " ";
    return out;
  };
  EXPECT_EQ(names(10, ""), "ra@c.example rb@c.example rd@c.example ");
  EXPECT_EQ(names(1, "ra@c.example"), "rb@c.example ");
}

TEST(ChatMachine, RefusesANewerTreeAndAnothersTree) {
  chat_shard s;
  s.apply(ann, 1, said("x"));
  ASSERT_TRUE(s.machine->flush(true));
  EXPECT_FALSE(chat_machine::open(base::shard_id{5}, open_memory_tree(s.disk)).ok());
  auto row = s.disk->content().at("s");
  row[0] = 9;
  s.disk->overwrite("s", row);
  EXPECT_FALSE(chat_machine::open(test_shard, open_memory_tree(s.disk)).ok());
}

TEST(ChatMachine, CheckFindsWhatIsWrong) {
  chat_shard s;
  s.apply(ann, 1, said("x", "bob@example.org"));
  s.apply(ann, 1, put(record_kind::block, "k", "v"));
  ASSERT_TRUE(s.machine->flush(true));
  const auto rows = s.disk->content();
  for (const auto& [k, value] : rows) {
    if (k == "s") continue;
    s.disk->erase(k);
    s.open();
    EXPECT_FALSE(s.machine->check().empty()) << "without row " << k;
    s.disk->overwrite(k, value);
    if (value.empty()) continue;
    s.disk->overwrite(k, "\x09" + value);
    s.open();
    EXPECT_FALSE(s.machine->check().empty()) << "with a changed row " << k;
    s.disk->overwrite(k, value);
  }
  s.open();
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(ChatOwner, TheShardOfATextNeverChanges) {
  EXPECT_EQ(shard_index("a7", 1000), 1u);
  EXPECT_EQ(shard_index("rden@conference.example.org", 1000), 258u);
  EXPECT_EQ(shard_index("x", 0), 0u);
}

} // namespace
} // namespace rookery::storage::chat
