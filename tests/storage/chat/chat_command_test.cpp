#include "storage/chat/command.hpp"

#include "base/text.hpp"
#include "tests/storage/chat/chat_support.hpp"

namespace rookery::storage::chat {
namespace {

TEST(ChatCommand, IsReadAsItWasWritten) {
  append a = said("<message/>", "bob@example.org");
  a.id = 12345;
  a.entries_max = 7;
  a.drop_oldest = true;
  const std::vector<any_command> all{
      put_records{{{record_kind::roster_item, "k", "v"}, {static_cast<record_kind>(200), "", std::string("\0", 1)}}},
      drop_records{record_kind::item, "k", true}, drop_records{record_kind::item, "k", false}, a, said(""),
      replace_entry{stream_kind::offline, 9, "x"}, drop_entries{stream_kind::archive, {1, 1ull << 60}}, drop_entries{},
      drop_before{stream_kind::archive, base::from_milliseconds(-5), 77}, drop_before{}, drop_owner{}};
  for (const auto& what : all) {
    const auto octets = encode({"a7", base::from_milliseconds(42), what});
    const auto read = decode_command(octets);
    ASSERT_TRUE(read) << what.index();
    EXPECT_EQ(read->owner, "a7");
    EXPECT_EQ(read->time, base::from_milliseconds(42));
    EXPECT_EQ(read->what.index(), what.index());
    EXPECT_EQ(encode(*read), octets);
    for (std::size_t i = 0; i < octets.size(); ++i) EXPECT_FALSE(decode_command(octets.substr(0, i)).ok() && what.index() != 0) << i;
    EXPECT_FALSE(decode_command(octets + "x").ok());
  }
}

TEST(ChatCommand, TheExampleOfTheFormatsPage) {
  auto a = said("<message/>", "b@c");
  EXPECT_EQ(base::to_hex(encode({"a7", base::from_milliseconds(42), a})),
            "0301" "2a00000000000000" "026137" "01" "00" "00" "00" "03624063" "0a3c6d6573736167652f3e");
}

TEST(ChatCommand, WhatCannotBeRead) {
  const auto good = encode({"a7", {}, drop_owner{}});
  struct row { const char* why; std::string octets; };
  auto with = [&](std::size_t at, char c) { auto o = good; o[at] = c; return o; };
  const std::vector<row> rows{
      {"nothing", ""}, {"type 0", with(0, 0)}, {"unknown type", with(0, 8)}, {"version 2", with(1, 2)},
      {"no owner", encode({"", {}, drop_owner{}})},
      {"NUL in the owner", encode({std::string("a\0", 2), {}, drop_owner{}})},
      {"no records", encode({"a7", {}, put_records{}})},
      {"kind 0", encode({"a7", {}, put_records{{{record_kind{}, "k", "v"}}}})},
      {"unknown stream", encode({"a7", {}, replace_entry{static_cast<stream_kind>(3), 1, ""}})},
      {"an id at the end of the numbers", [] { auto a = said("x"); a.id = 1ull << 62; return encode({"a7", {}, a}); }()}};
  for (const auto& r : rows) EXPECT_FALSE(decode_command(r.octets).ok()) << r.why;
  chat_shard s;
  for (const auto& r : rows) EXPECT_EQ(s.apply_octets(r.octets).what, outcome::malformed) << r.why;
  EXPECT_EQ(s.seen(), "");
}

} // namespace
} // namespace rookery::storage::chat
