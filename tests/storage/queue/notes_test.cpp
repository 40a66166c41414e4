// Notes: what is kept beside the mail.
#include "tests/storage/queue/spool_support.hpp"

namespace rookery::storage::queue {
namespace {

base::wall_time at(std::int64_t ms) { return base::from_milliseconds(ms); }

std::string names(const std::vector<note>& notes) {
  std::string out;
  for (const auto& n : notes) out += n.key + " ";
  return out;
}

TEST(SpoolNotes, AreReadBackByNameAndByPrefixBeforeAndAfterAFlush) {
  spool s;
  EXPECT_EQ(s.apply(put_note{"a", "x.example", "one", at(5)}).what, outcome::done);
  EXPECT_EQ(s.apply(put_note{"a", "x.example", "one", at(5)}).what, outcome::already_done);
  EXPECT_EQ(s.apply(put_note{"a", "x.example", std::string("t\0o", 3), {}}).what, outcome::done);
  EXPECT_EQ(s.apply(put_note{"a", "y.example", "", at(7)}).what, outcome::done);
  EXPECT_EQ(s.apply(put_note{"a", "y", "", at(7)}).what, outcome::done);
  EXPECT_EQ(s.apply(put_note{"a-b", "y", "other", {}}).what, outcome::done) << "a space is not a prefix of another";
  EXPECT_EQ(s.apply(put_note{"a", "", "empty key", {}}).what, outcome::done);
  for (int flushed = 0; flushed < 2; ++flushed) {
    const auto view = s.machine->view();
    ASSERT_TRUE(view->note("a", "x.example"));
    EXPECT_EQ(view->note("a", "x.example")->value, std::string("t\0o", 3));
    EXPECT_EQ(view->note("a", "x.example")->until, base::wall_time{});
    EXPECT_EQ(view->note("a", "y")->until, at(7));
    EXPECT_FALSE(view->note("b", "y"));
    EXPECT_EQ(names(view->notes("a", "", 10)), " x.example y y.example ");
    EXPECT_EQ(names(view->notes("a", "y", 10)), "y y.example ");
    EXPECT_EQ(names(view->notes("a", "y", 1)), "y ");
    EXPECT_EQ(names(view->notes("a", "y", 1, "y")), "y.example ");
    EXPECT_EQ(names(view->notes("a", "", 0)), "");
    EXPECT_EQ(names(view->notes("a-b", "", 10)), "y ");
    EXPECT_TRUE(s.machine->check().empty());
    ASSERT_TRUE(s.machine->flush(true));
  }
  EXPECT_EQ(s.apply(drop_note{"a", "y"}).what, outcome::done);
  EXPECT_EQ(s.apply(drop_note{"a", "y"}).what, outcome::no_such_record);
  EXPECT_EQ(names(s.machine->view()->notes("a", "y", 10)), "y.example ");
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolNotes, GoWhenTheirTimeIsOver) {
  spool s;
  for (int i = 1; i <= 9; ++i) s.apply(put_note{"a", std::to_string(i), "v", at(i)});
  s.apply(put_note{"a", "for-ever", "v", {}});
  s.apply(put_note{"a", "2", "later now", at(20)});
  EXPECT_EQ(s.apply(drop_notes_before{at(4)}).number, 3u);
  EXPECT_EQ(names(s.machine->view()->notes("a", "", 20)), "2 5 6 7 8 9 for-ever ");
  EXPECT_EQ(s.apply(drop_notes_before{at(4)}).number, 0u);
  EXPECT_TRUE(s.machine->check().empty());
  EXPECT_EQ(s.apply(drop_notes_before{at(100)}).number, 6u);
  EXPECT_EQ(names(s.machine->view()->notes("a", "", 20)), "for-ever ");
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolNotes, OfABoundedSpaceTheGreatestKeysStay) {
  spool s;
  const auto put = [&](std::string key, std::uint64_t max) { return s.apply(put_note{"sent", std::move(key), "v", {}, max}).what; };
  s.apply(put_note{"sens", "1", "another space", {}});
  s.apply(put_note{"sent-b", "1", "another space", {}});
  for (const char* key : {"1", "2", "3"}) put(key, 3);
  ASSERT_TRUE(s.machine->flush(true));
  EXPECT_EQ(put("4", 3), outcome::done);
  EXPECT_EQ(names(s.machine->view()->notes("sent", "", 20)), "2 3 4 ");
  EXPECT_EQ(put("4", 3), outcome::already_done);
  s.apply(put_note{"sent", "5", "without a bound", {}});
  s.apply(drop_note{"sent", "3"});
  EXPECT_EQ(put("6", 3), outcome::done);
  EXPECT_EQ(names(s.machine->view()->notes("sent", "", 20)), "4 5 6 ");
  EXPECT_EQ(put("0", 3), outcome::done) << "the smallest key is the one that goes";
  EXPECT_EQ(names(s.machine->view()->notes("sent", "", 20)), "4 5 6 ");
  EXPECT_EQ(put("7", 1), outcome::done) << "the bound may shrink";
  EXPECT_EQ(names(s.machine->view()->notes("sent", "", 20)), "7 ");
  s.apply(put_note{"sent", "8", "v", at(5), 2});
  s.apply(drop_notes_before{at(9)});
  EXPECT_EQ(put("9", 2), outcome::done);
  EXPECT_EQ(names(s.machine->view()->notes("sent", "", 20)), "7 9 ");
  EXPECT_EQ(names(s.machine->view()->notes("sens", "", 20)) + names(s.machine->view()->notes("sent-b", "", 20)), "1 1 ");
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolNotes, Count) {
  spool s;
  EXPECT_EQ(s.apply(count_note{"sent", "12", 2, at(9)}).number, 2u);
  EXPECT_EQ(s.apply(count_note{"sent", "12", 40, at(10)}).number, 42u);
  EXPECT_EQ(s.apply(count_note{"sent", "12", 0, at(10)}).number, 42u);
  EXPECT_EQ(s.machine->view()->note("sent", "12")->value, "42");
  s.apply(put_note{"sent", "13", "many", {}});
  EXPECT_EQ(s.apply(count_note{"sent", "13", 1, {}}).what, outcome::malformed);
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolNotes, HaveBounds) {
  spool s;
  const std::vector<std::pair<put_note, outcome>> rows = {
    {{"", "k", "v", {}}, outcome::malformed},
    {{"A", "k", "v", {}}, outcome::malformed},
    {{std::string("a\0", 2), "k", "v", {}}, outcome::malformed},
    {{std::string(note_space_octets_max, 'a'), "k", "v", {}}, outcome::done},
    {{std::string(note_space_octets_max + 1, 'a'), "k", "v", {}}, outcome::malformed},
    {{"a", std::string(note_key_octets_max, 'k'), "v", {}}, outcome::done},
    {{"a", std::string(note_key_octets_max + 1, 'k'), "v", {}}, outcome::malformed},
    {{"a", "k", std::string(note_value_octets_max, 'v'), {}}, outcome::done},
    {{"a", "k", std::string(note_value_octets_max + 1, 'v'), {}}, outcome::malformed},
  };
  for (const auto& [c, expected] : rows)
    EXPECT_EQ(s.apply(c).what, expected) << c.space.size() << " " << c.key.size() << " " << c.value.size();
  EXPECT_TRUE(s.machine->check().empty());

  auto opened = spool_machine::open(tree::in_memory(), {10, 2, 12});
  ASSERT_TRUE(opened);
  const auto put = [&](std::string key, std::string value) {
    committed_command c;
    c.payload = encode({{}, put_note{"a", std::move(key), std::move(value), {}}});
    return (*opened)->apply(c).what;
  };
  EXPECT_EQ(put("1", "four"), outcome::done);
  EXPECT_EQ(put("2", "four"), outcome::done);
  EXPECT_EQ(put("3", ""), outcome::over_limit) << "two notes";
  EXPECT_EQ(put("2", "sevens7"), outcome::over_limit) << "twelve octets";
  EXPECT_EQ(put("2", "sixsix"), outcome::done);
  EXPECT_TRUE((*opened)->check().empty());
}

TEST(SpoolNotes, CheckFindsThoseThatDisagree) {
  const auto faults = [](const std::function<void(memory_disk&)>& harm) {
    spool s;
    s.apply(put_note{"a", "k", "v", at(5)});
    s.apply(put_note{"a", "l", "v", {}});
    EXPECT_TRUE(s.machine->flush(true));
    s.machine.reset();
    harm(*s.disk);
    s.open();
    return s.machine->check().size();
  };
  const std::string k("na\0k", 4), l("na\0l", 4), end("t\0\0\0\0\0\0\0\x05" "a\0k", 12);
  EXPECT_EQ(faults([](memory_disk&) {}), 0u);
  EXPECT_GT(faults([&](memory_disk& d) { d.erase(l); }), 0u);
  EXPECT_GT(faults([&](memory_disk& d) { d.erase(k); }), 0u);
  EXPECT_GT(faults([&](memory_disk& d) { d.erase(end); }), 0u);
  EXPECT_GT(faults([&](memory_disk& d) { d.overwrite(l, "\x09"); }), 0u);
  EXPECT_GT(faults([&](memory_disk& d) { d.overwrite("nx", "v"); }), 0u);
}

} // namespace
} // namespace rookery::storage::queue
