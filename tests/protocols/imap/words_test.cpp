// Sets, names, flags, dates and literals: the lexical nouns.
#include "protocols/imap/date.hpp"
#include "protocols/imap/flag.hpp"
#include "protocols/imap/literal.hpp"
#include "protocols/imap/mailbox_name.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace rookery::imap {
namespace {

TEST(ImapSequenceSet, ResolvesWhatClientsWrite) {
  struct row {
    std::string_view text;
    std::uint32_t largest;
    std::string_view printed;
    bool valid = true;
  };
  const row rows[] = {{"1", 10, "1"},
                      {"1:3,5", 10, "1:3,5"},
                      {"3:1", 10, "1:3"},
                      {"1:*", 10, "1:10"},
                      {"*:4", 10, "4:10"},
                      {"12:*", 10, "10:12"}, // RFC 9051 §6.4.8: always the last message too
                      {"*", 10, "10"},
                      {"*", 0, ""},
                      {"1:*", 0, ""},
                      {"5,4,3,9:7,8", 10, "3:5,7:9"},
                      {"4294967295", 10, "4294967295"},
                      {"1,1,1", 10, "1"},
                      {"", 10, "", false},
                      {"0", 10, "", false},
                      {"1:0", 10, "", false},
                      {"4294967296", 10, "", false},
                      {"1,", 10, "", false},
                      {",1", 10, "", false},
                      {"1:", 10, "", false},
                      {"1:2:3", 10, "", false},
                      {"a", 10, "", false},
                      {"-1", 10, "", false},
                      {"1 2", 10, "", false}};
  for (const auto& r : rows) {
    const auto set = parse_sequence_set(r.text);
    ASSERT_EQ(set.has_value(), r.valid) << r.text;
    if (set) {
      EXPECT_EQ(print(set->resolve(r.largest)), r.printed) << r.text;
    }
  }
}

TEST(ImapSequenceSet, DollarStandsForTheSavedResult) {
  const number_ranges saved{{2, 3}, {9, 9}};
  EXPECT_EQ(print(parse_sequence_set("$")->resolve(10, saved)), "2:3,9");
  EXPECT_EQ(print(parse_sequence_set("$,4")->resolve(10, saved)), "2:4,9");
}

TEST(ImapSequenceSet, HasAtMostSoManyRanges) {
  std::string text = "1";
  for (int i = 0; i < 10; ++i) text += ",1";
  EXPECT_TRUE(parse_sequence_set(text, 11));
  EXPECT_FALSE(parse_sequence_set(text, 10));
}

TEST(ImapSequenceSet, AgreesWithPlainSets) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const auto make = [&random](std::set<std::uint32_t>& plain) {
      number_ranges out;
      for (auto n = random() % 6; n > 0; --n) {
        const auto first = static_cast<std::uint32_t>(random() % 40 + 1);
        const auto last = static_cast<std::uint32_t>(first + random() % 6);
        out.emplace_back(first, last);
        for (auto k = first; k <= last; ++k) plain.insert(k);
      }
      normalize(out);
      return out;
    };
    std::set<std::uint32_t> x, y;
    const auto a = make(x), b = make(y);
    const auto both = intersect(a, b), only = subtract(a, b);
    EXPECT_EQ(count(a), x.size());
    for (std::uint32_t n = 1; n < 50; ++n) {
      EXPECT_EQ(contains(a, n), x.contains(n));
      EXPECT_EQ(contains(both, n), x.contains(n) && y.contains(n));
      EXPECT_EQ(contains(only, n), x.contains(n) && !y.contains(n));
    }
  }
}

TEST(ImapLiteral, StandsAtTheEndOfALine) {
  struct row {
    std::string_view line;
    bool found;
    std::uint64_t octets = 0;
    bool sync = true, binary = false;
  };
  const row rows[] = {{"a LOGIN {3}", true, 3},       {"a LOGIN {3+}", true, 3, false}, {"a APPEND x ~{3}", true, 3, true, true},
                      {"a APPEND x ~{3+}", true, 3, false, true}, {"{0}", true, 0},     {"a {}", false},
                      {"a {3", false},                {"a {x}", false},                 {"a {-3}", false},
                      {"a {3} ", false},              {"a {99999999999999999999}", false}};
  for (const auto& r : rows) {
    const auto found = find_literal(r.line);
    ASSERT_EQ(found.has_value(), r.found) << r.line;
    if (!found) continue;
    EXPECT_EQ(found->octets, r.octets) << r.line;
    EXPECT_EQ(found->sync, r.sync) << r.line;
    EXPECT_EQ(found->binary, r.binary) << r.line;
  }
}

TEST(ImapMailboxName, IsUtf8InTheHouse) {
  const server_limits limits;
  struct row {
    std::string_view wire;
    bool utf8;
    std::string_view name; ///< empty: refused
  };
  const row rows[] = {{"inbox", false, "INBOX"},
                      {"InBox/x", false, "INBOX/x"},
                      {"Inboxes", false, "Inboxes"},
                      {"Entw&APw-rfe", false, "Entw\xc3\xbcrfe"},
                      {"Entw&APw-rfe", true, "Entw&APw-rfe"},
                      {"A&-B", false, "A&B"},
                      {"A&B", false, ""},
                      {"A&B", true, "A&B"},
                      {"Entw\xc3\xbcrfe", true, "Entw\xc3\xbcrfe"},
                      {"\xff", true, ""},
                      {"", false, ""},
                      {"/a", false, ""},
                      {"a/", false, ""},
                      {"a//b", false, ""},
                      {"a\x01", false, ""},
                      {"\xc2\x85", true, ""},
                      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", false, "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"}};
  for (const auto& r : rows) {
    const auto name = read_mailbox_name(r.wire, r.utf8, limits);
    ASSERT_EQ(name.has_value(), !r.name.empty()) << r.wire;
    if (!name) continue;
    EXPECT_EQ(*name, r.name) << r.wire;
    if (!name->starts_with("INBOX")) {
      EXPECT_EQ(to_wire(*name, r.utf8), r.wire);
    }
  }
  EXPECT_EQ(read_mailbox_name("a/", false, limits, true), "a");
  // What looks the same is the same, however it was typed.
  EXPECT_EQ(read_mailbox_name("Entwu\xcc\x88rfe", true, limits), "Entw\xc3\xbcrfe");
  EXPECT_EQ(read_mailbox_name("Entwu&Awg-rfe", false, limits), "Entw\xc3\xbcrfe");
  EXPECT_EQ(read_mailbox_pattern("u\xcc\x88*", true, limits), "\xc3\xbc*");
  EXPECT_FALSE(read_mailbox_name(std::string(limits.mailbox_octets + 1, 'a'), false, limits));
  std::string deep = "a";
  for (std::size_t i = 0; i < limits.mailbox_levels; ++i) deep += "/a";
  EXPECT_FALSE(read_mailbox_name(deep, false, limits));
}

TEST(ImapFlag, PrintsInOneOrder) {
  const std::vector<std::string> keywords{"$Junk", "work"};
  const flag_printer printer(keywords);
  struct row {
    std::uint64_t flags;
    std::string_view printed;
  };
  const row rows[] = {{0, "()"},
                      {flag::seen, "(\\Seen)"},
                      {flag::seen | flag::answered | flag::flagged | flag::deleted | flag::draft | flag::recent,
                       "(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\Recent)"},
                      {flag::keyword_bit(0), "($Junk)"},
                      {flag::seen | flag::keyword_bit(0) | flag::keyword_bit(1), "(\\Seen $Junk work)"},
                      {flag::keyword_bit(2), "()"}};
  for (const auto& r : rows) {
    std::string room(printer.room(), '\0');
    const auto* end = printer.print(room.data(), r.flags);
    EXPECT_EQ(std::string_view(room.data(), static_cast<std::size_t>(end - room.data())), r.printed);
  }
  EXPECT_EQ(find_system_flag("\\sEEN"), flag::seen);
  EXPECT_EQ(find_system_flag("\\Other"), 0u);
  EXPECT_EQ(find_keyword(keywords, "WORK"), 1u);
}

TEST(ImapDate, ReadsAndPrints) {
  EXPECT_EQ(parse_date("1-Jan-1970"), 0);
  EXPECT_EQ(parse_date("01-Feb-1994"), 8797);
  EXPECT_EQ(parse_date("31-dec-1969"), -1);
  for (const auto* bad : {"", "1-Jan", "32-Jan-2000", "29-Feb-2001", "1-Foo-2000", "1-Jan-20000", "1 Jan 2000", "1-Jan-200x", " 1-Jan-2000"})
    EXPECT_FALSE(parse_date(bad)) << bad;
  const auto time = parse_date_time(" 1-Feb-1994 21:52:25 -0800");
  ASSERT_TRUE(time);
  std::string out(date_time_octets, '\0');
  EXPECT_EQ(print_date_time(out.data(), *time), out.data() + out.size());
  EXPECT_EQ(out, " 2-Feb-1994 05:52:25 +0000");
  EXPECT_EQ(parse_date_time(out), time);
  EXPECT_TRUE(parse_date_time("17-Jul-1996 02:44:25 +0530"));
  EXPECT_TRUE(parse_date_time("7-Jul-1996 02:44:25 +0000"));
  for (const auto* bad : {"17-Jul-1996", "17-Jul-1996 02:44:25", "17-Jul-1996 24:44:25 +0000", "17-Jul-1996 02:60:25 +0000",
                          "17-Jul-1996 02:44:25 +2400", "17-Jul-1996 02:44:25 0000 "})
    EXPECT_FALSE(parse_date_time(bad)) << bad;
  EXPECT_EQ(day_of(base::from_milliseconds(-1)), -1);
}

} // namespace
} // namespace rookery::imap
