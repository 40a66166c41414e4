#include "tests/storage/queue/spool_support.hpp"

#include <random>
#include <thread>

namespace rookery::storage::queue {
namespace {

TEST(SpoolCommand, EveryCommandIsReadBackAndEveryCutIsRefused) {
  const base::message_id id(300);
  const std::vector<any_command> all = {
    accepted{sample(5, 3)}, hold{id, "operator"}, release{id}, removed{id}, moved_to_queue{id, "slow"},
    attempt_begun{id, {0, 2, 300}}, recipient_done{id, 7, true, "250 ok"}, recipient_done{id, 7, false, "550 no"},
    recipient_deferred{id, 1, base::from_milliseconds(12345), "451 later"}, expired{id, {}}, expired{id, {1}},
    relocate_body{3, 4096},
    attempt_ended{id, {{0, recipient_state::delivered, {}, "250 ok", "mx.example.org", false},
                       {300, recipient_state::waiting, base::from_milliseconds(12345), "451 later", "mx", true}}, "retry"},
    attempt_ended{id, {}, ""}, rerouted{id, {"relay.example.net", 587, route_tls::required, true, "ann", "sealed"}},
    rerouted{id, {}}, redirected{id, 7, "dee@example.org"}, retry_now{{id, base::message_id(1)}}, retry_now{},
    put_note{"mta-sts", "example.org", std::string("v\0w", 3), base::from_milliseconds(5)}, count_note{"sent", "12", 300, {}},
    drop_note{"mta-sts", ""}, drop_notes_before{base::from_milliseconds(77)}};
  for (const auto& what : all) {
    const auto octets = encode({base::from_milliseconds(42), what});
    const auto back = decode_command(octets);
    ASSERT_TRUE(back) << what.index();
    EXPECT_EQ(back->what.index(), what.index());
    EXPECT_EQ(encode(*back), octets) << what.index();
    for (std::size_t cut = 0; cut < octets.size(); ++cut) EXPECT_FALSE(decode_command(octets.substr(0, cut))) << what.index() << " " << cut;
    EXPECT_FALSE(decode_command(octets + "x"));
  }
  EXPECT_FALSE(decode_command(std::string("\x63\x01\0\0\0\0\0\0\0\0", 10))) << "an unknown type";
  EXPECT_FALSE(decode_command(std::string("\x03\x02\0\0\0\0\0\0\0\0\x01", 11))) << "an unknown version";
}

TEST(Spool, KeepsTheEnvelopeAndTheBodysPlace) {
  spool s;
  const auto m = sample(1, 2);
  const auto said = s.accept(m);
  EXPECT_EQ(said.what, outcome::done);
  EXPECT_EQ(said.number, 2u);
  auto found = s.machine->view()->find(m.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->content.offset, 1064u);
  found->content = {};
  EXPECT_EQ(text(*found), text(m));
  EXPECT_FALSE(s.machine->view()->find(base::message_id(2)));
  EXPECT_EQ(s.accept(m).what, outcome::already_done);
  EXPECT_EQ(s.machine->view()->counts().at(0).messages, 1u);
}

TEST(Spool, ChangesOnlyByCommandsAndSaysWhatHappened) {
  spool s;
  s.accept(sample(1, 3));
  const base::message_id id(1), none(99);
  struct row {
    const char* name;
    any_command what;
    outcome expected;
    std::uint64_t waiting;
  };
  const std::vector<row> rows = {
    {"hold", hold{id, "looks odd"}, outcome::done, 3},
    {"hold again", hold{id, "looks odd"}, outcome::already_done, 3},
    {"release", release{id}, outcome::done, 3},
    {"hold of nothing", hold{none, ""}, outcome::no_such_record, 0},
    {"release of nothing", release{none}, outcome::no_such_record, 0},
    {"move", moved_to_queue{id, "slow"}, outcome::done, 3},
    {"move to where it is", moved_to_queue{id, "slow"}, outcome::already_done, 3},
    {"attempt", attempt_begun{id, {0, 1}}, outcome::done, 3},
    {"delivered", recipient_done{id, 0, true, "250 ok"}, outcome::done, 2},
    {"delivered twice", recipient_done{id, 0, true, "250 ok"}, outcome::already_done, 2},
    {"deferred", recipient_deferred{id, 1, base::from_milliseconds(9000), "451 later"}, outcome::done, 2},
    {"no such recipient", recipient_done{id, 3, true, ""}, outcome::no_such_record, 2},
    {"refused", recipient_done{id, 2, false, "550 no"}, outcome::done, 1},
  };
  for (const auto& r : rows) {
    const auto said = s.apply(r.what);
    EXPECT_EQ(said.what, r.expected) << r.name;
    EXPECT_EQ(said.number, r.waiting) << r.name;
    EXPECT_TRUE(s.machine->check().empty()) << r.name;
  }
  const auto m = s.machine->view()->find(id);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->queue, "slow");
  EXPECT_EQ(m->attempts, 1u);
  EXPECT_FALSE(m->held);
  EXPECT_EQ(m->hold_until, base::wall_time{}) << "released by hand";
  EXPECT_EQ(m->recipients[0].state, recipient_state::delivered);
  EXPECT_EQ(m->recipients[0].last_answer, "250 ok");
  EXPECT_EQ(m->recipients[1].state, recipient_state::waiting);
  EXPECT_EQ(m->recipients[1].attempts, 1u);
  EXPECT_EQ(m->recipients[1].next_attempt, base::from_milliseconds(9000));
  EXPECT_EQ(m->recipients[2].state, recipient_state::failed);
  EXPECT_EQ(s.apply(expired{id, {}}).number, 0u);
  EXPECT_FALSE(s.machine->view()->find(id)) << "the last recipient is settled: the message goes";
  EXPECT_TRUE(s.machine->view()->counts().empty());
  EXPECT_TRUE(s.machine->check().empty());
  committed_command odd;
  odd.payload = "?";
  EXPECT_EQ(s.machine->apply(odd).what, outcome::malformed);
}

TEST(Spool, AMessageWithManyRecipientsIsKeptInPages) {
  spool s;
  s.accept(sample(1, 1000));
  ASSERT_TRUE(s.machine->flush(true));
  auto m = s.machine->view()->find(base::message_id(1));
  ASSERT_EQ(m->recipients.size(), 1000u);
  EXPECT_EQ(m->recipients[999].address, "r999@Example.COM");
  const auto before = s.machine->unflushed_octets();
  EXPECT_EQ(s.apply(recipient_done{base::message_id(1), 777, true, "250"}).number, 999u);
  EXPECT_LT(s.machine->unflushed_octets() - before, 20000u) << "only what changed is written";
  EXPECT_EQ(s.machine->view()->find(base::message_id(1))->recipients[777].state, recipient_state::delivered);
  std::vector<std::uint32_t> rest;
  for (std::uint32_t i = 0; i < 1000; ++i) rest.push_back(i);
  EXPECT_EQ(s.apply(attempt_begun{base::message_id(1), rest}).number, 999u);
  EXPECT_TRUE(s.machine->check().empty());
  EXPECT_EQ(s.apply(expired{base::message_id(1), {}}).what, outcome::done);
  EXPECT_TRUE(s.machine->check().empty());
  ASSERT_TRUE(s.machine->flush(true));
  EXPECT_EQ(s.disk->content().size(), 1u) << "nothing but the state is left";
}

TEST(Spool, ListsInPagesAndByWhatIsAsked) {
  spool s;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    auto m = sample(id, 1 + id % 2);
    if (id % 5 == 0) m.sender = "";
    if (id % 10 == 0) m.queue = "slow";
    s.accept(m);
    if (id == 20) {
      ASSERT_TRUE(s.machine->flush(false));
    }
  }
  s.apply(removed{base::message_id(7)});
  s.apply(hold{base::message_id(9), "x"});
  s.apply(recipient_done{base::message_id(3), 1, true, ""});
  const auto view = s.machine->view();
  const auto count = [&](spool_filter f) { return view->list(f, {}, 1000).messages.size(); };
  EXPECT_EQ(count({}), 49u);
  EXPECT_EQ(count({"slow", "", "", "", {}}), 5u);
  EXPECT_EQ(count({"", "<>", "", "", {}}), 10u);
  EXPECT_EQ(count({"", "ANN@example.net", "", "", {}}), 39u);
  EXPECT_EQ(count({"", "", "r1@example.com", "", {}}), 24u);
  EXPECT_EQ(count({"", "", "", "EXAMPLE.com", {}}), 23u) << "number 3 has nothing waiting there";
  EXPECT_EQ(count({"", "", "", "", true}), 1u);
  EXPECT_EQ(count({"remote", "", "", "", false}), 43u);
  std::vector<std::uint64_t> ids;
  base::message_id from;
  int pages = 0;
  do {
    const auto page = view->list({}, from, 8);
    for (const auto& m : page.messages) ids.push_back(m.id.value);
    from = page.next;
    ++pages;
  } while (from);
  EXPECT_EQ(pages, 7);
  EXPECT_EQ(ids.size(), 49u);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  const auto little = view->list({"slow", "", "", "", {}}, {}, 10, 12);
  EXPECT_EQ(little.messages.size(), 1u);
  EXPECT_EQ(little.next.value, 14u) << "looked at 12 of them";
  EXPECT_EQ(view->counts().size(), 2u);
  EXPECT_EQ(view->counts()[0].held, 1u);
}

TEST(Spool, ReplayAfterACrashGivesTheSameStateOnce) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    spool s;
    for (int i = 0; i < 200; ++i) {
      const base::message_id id(1 + random() % 30);
      const auto who = static_cast<std::uint32_t>(random() % 4);
      switch (random() % 10) {
        case 0: case 1: case 2: s.accept(sample(s.machine->last_id().value + 1, 1 + random() % 80)); break;
        case 3: s.apply(hold{id, "x"}); break;
        case 4: s.apply(release{id}); break;
        case 5: s.apply(attempt_begun{id, {who}}); break;
        case 6: s.apply(recipient_done{id, who, random() % 2 == 0, "a"}); break;
        case 7: s.apply(recipient_deferred{id, who, base::from_milliseconds(i), "b"}); break;
        case 8: s.apply(moved_to_queue{id, random() % 2 == 0 ? "slow" : "remote"}); break;
        default: s.apply(removed{id}); break;
      }
      if (random() % 10 == 0) {
        ASSERT_TRUE(s.machine->flush(random() % 3 == 0));
      }
    }
    const auto expected = s.seen();
    EXPECT_TRUE(s.machine->check().empty());
    s.machine.reset();
    const auto unsynced = s.disk->unsynced();
    s.disk->crash(unsynced == 0 ? 0 : random() % (unsynced + 1));
    s.open();
    s.replay();
    EXPECT_EQ(s.seen(), expected);
    EXPECT_TRUE(s.machine->check().empty());
    ASSERT_TRUE(s.machine->flush(true));
    s.open();
    EXPECT_EQ(s.machine->flushed(), s.machine->applied());
    EXPECT_EQ(s.seen(), expected);
  }
}

TEST(Spool, BodiesAreFoundBySegmentAndRelocated) {
  spool s;
  for (std::uint64_t id = 1; id <= 6; ++id) s.accept(sample(id), id <= 3 ? 1 : 2);
  const auto bodies = [&](std::uint32_t segment) {
    std::vector<std::uint32_t> offsets;
    s.machine->for_each_body(segment, [&](const body_ref& b) { offsets.push_back(b.offset); });
    return offsets;
  };
  EXPECT_EQ(bodies(1), (std::vector<std::uint32_t>{1064, 2064, 3064}));
  s.apply(removed{base::message_id(1)});
  EXPECT_EQ(bodies(1), (std::vector<std::uint32_t>{2064, 3064}));
  auto place = s.machine->view()->find(base::message_id(2))->content;
  place.segment = 9;
  place.offset = 640;
  EXPECT_EQ(s.apply(relocate_body{1, 2064}, place).number, 1u);
  EXPECT_EQ(s.apply(relocate_body{1, 2064}, place).what, outcome::no_such_record);
  EXPECT_EQ(bodies(1), (std::vector<std::uint32_t>{3064}));
  EXPECT_EQ(bodies(9), (std::vector<std::uint32_t>{640}));
  EXPECT_EQ(s.machine->view()->find(base::message_id(2))->content, place);
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(Spool, CheckFindsRecordsThatDisagree) {
  const auto damaged = [](const std::function<void(memory_disk&)>& harm) {
    spool s;
    s.accept(sample(1, 100));
    s.accept(sample(2));
    EXPECT_TRUE(s.machine->flush(true));
    s.machine.reset();
    harm(*s.disk);
    s.open();
    return s.machine->check().size();
  };
  EXPECT_EQ(damaged([](memory_disk&) {}), 0u);
  EXPECT_GT(damaged([](memory_disk& d) { d.erase(message_key(base::message_id(2))); }), 0u);
  EXPECT_GT(damaged([](memory_disk& d) { d.erase(page_key(base::message_id(1), 1)); }), 0u);
  EXPECT_GT(damaged([](memory_disk& d) { d.erase(body_key(1, 1064, base::message_id(1))); }), 0u);
  EXPECT_GT(damaged([](memory_disk& d) { d.erase("qremote"); }), 0u);
  EXPECT_GT(damaged([](memory_disk& d) { d.overwrite(message_key(base::message_id(2)), "\x01garbage"); }), 0u);
}

TEST(Spool, IsReadByOthersWhileItChanges) {
  spool s;
  const auto view = s.machine->view();
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!stop) {
      const auto page = view->list({}, {}, 1000);
      std::uint64_t last = 0;
      for (const auto& m : page.messages) {
        if (m.id.value <= last || m.recipients.size() != 70) ++wrong;
        last = m.id.value;
      }
      (void)view->counts();
      (void)view->find(base::message_id(5));
    }
  });
  for (std::uint64_t id = 1; id <= 60; ++id) {
    s.accept(sample(id, 70));
    s.apply(recipient_done{base::message_id(id), 69, true, ""});
    if (id % 7 == 0) {
      ASSERT_TRUE(s.machine->flush(false));
    }
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
} // namespace rookery::storage::queue
