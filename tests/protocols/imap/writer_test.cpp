// Untagged answers as they stand on the wire.
#include "protocols/imap/response_writer.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace rookery::imap {
namespace {

std::string written(const std::function<void(response_writer&)>& write, client_mode mode = {}) {
  base::buffer out;
  response_writer w(out, mode);
  write(w);
  return std::string(out.view());
}

client_mode rev2() {
  client_mode m;
  m.rev2 = true;
  return m;
}

TEST(ImapWriter, FetchRowsAreBuiltPieceByPiece) {
  const std::vector<std::string> keywords{"$Junk"};
  const flag_printer printer(keywords);
  EXPECT_EQ(written([&](response_writer& w) {
              w.fetch(12).flags(printer, flag::seen | flag::keyword_bit(0)).uid(4294967295u).size(18446744073709551615u).modseq(7)
                  .internal_date(base::from_milliseconds(0)).save_date({}).email_id("M1").thread_id("").end();
            }),
            "* 12 FETCH (FLAGS (\\Seen $Junk) UID 4294967295 RFC822.SIZE 18446744073709551615 MODSEQ (7)"
            " INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" SAVEDATE NIL EMAILID (M1) THREADID NIL)\r\n");
  EXPECT_EQ(written([&](response_writer& w) {
              w.fetch(1).section("BODY[]", "abc").section("BODY[TEXT]<5>", "").no_section("BODY[9]").binary("BINARY[1]", std::string_view("a\0b", 3))
                  .binary_size("BINARY.SIZE[1]", 3).preview("a \"b\"").end();
            }),
            std::string("* 1 FETCH (BODY[] {3}\r\nabc BODY[TEXT]<5> \"\" BODY[9] NIL BINARY[1] ~{3}\r\na\0b BINARY.SIZE[1] 3 PREVIEW \"a \\\"b\\\"\")\r\n", 113));
  EXPECT_EQ(written([&](response_writer& w) {
              auto row = w.fetch(1);
              row.section_head("BODY[]", 2);
              w.out().append("xy");
              row.uid(3).end();
            }),
            "* 1 FETCH (BODY[] {2}\r\nxy UID 3)\r\n");
}

TEST(ImapWriter, SearchAnswersTakeTheFormThatWasAsked) {
  const std::vector<std::uint32_t> hits{2, 3, 4, 9};
  struct row {
    bool extended;
    bool uid;
    std::uint16_t returns;
    bool any;
    std::uint64_t modseq;
    std::string_view out;
  };
  constexpr auto min = search_return::min, max = search_return::max, all = search_return::all, count_ = search_return::count,
                 save = search_return::save;
  const row rows[] = {{false, false, 0, true, 0, "* SEARCH 2 3 4 9\r\n"},
                      {false, false, 0, false, 0, "* SEARCH\r\n"},
                      {false, true, 0, true, 917, "* SEARCH 2 3 4 9 (MODSEQ 917)\r\n"},
                      {true, false, all, true, 0, "* ESEARCH (TAG \"a1\") ALL 2:4,9\r\n"},
                      {true, true, min | max | count_, true, 0, "* ESEARCH (TAG \"a1\") UID MIN 2 MAX 9 COUNT 4\r\n"},
                      {true, true, all | count_, false, 0, "* ESEARCH (TAG \"a1\") UID COUNT 0\r\n"},
                      {true, true, all, false, 0, "* ESEARCH (TAG \"a1\") UID\r\n"},
                      {true, true, all, true, 5, "* ESEARCH (TAG \"a1\") UID ALL 2:4,9 MODSEQ 5\r\n"},
                      {true, false, save, true, 0, ""},
                      {true, false, save | count_, true, 0, "* ESEARCH (TAG \"a1\") COUNT 4\r\n"}};
  for (const auto& r : rows) {
    search s;
    s.extended = r.extended;
    s.uid = r.uid;
    s.returns = r.returns;
    EXPECT_EQ(written([&](response_writer& w) { w.search("a1", s, r.any ? std::span<const std::uint32_t>(hits) : std::span<const std::uint32_t>(), r.modseq); }), r.out);
  }
}

TEST(ImapWriter, PagesAreCountedFromBothEnds) { // RFC 9394 §3.1
  const std::vector<std::uint32_t> hits{2, 3, 4, 9};
  struct row {
    partial_range page;
    std::string_view out;
  };
  const row rows[] = {{{false, 1, 2}, "(1:2 2:3)"},       {{false, 2, 1}, "(2:1 2:3)"},        {{false, 3, 500}, "(3:500 4,9)"},
                      {{false, 5, 9}, "(5:9 NIL)"},       {{true, 1, 1}, "(-1:-1 9)"},         {{true, 2, 4}, "(-2:-4 2:4)"},
                      {{true, 4, 100}, "(-4:-100 2)"},    {{true, 5, 100}, "(-5:-100 NIL)"},   {{false, 1, 4294967295u}, "(1:4294967295 2:4,9)"},
                      {{true, 100, 1}, "(-100:-1 2:4,9)"}};
  search s;
  s.uid = s.extended = true;
  s.returns = search_return::partial;
  for (const auto& r : rows) {
    s.page = r.page;
    EXPECT_EQ(written([&](response_writer& w) { w.search("a1", s, hits); }), "* ESEARCH (TAG \"a1\") UID PARTIAL " + std::string(r.out) + "\r\n");
  }
  imap::sort by; // ESORT: the order that was asked for, and no ranges
  by.extended = true;
  by.returns = search_return::min | search_return::max | search_return::partial;
  by.page = {false, 1, 3};
  const std::vector<std::uint32_t> sorted{9, 3, 4, 2};
  EXPECT_EQ(written([&](response_writer& w) { w.sort("a1", by, sorted); }), "* ESEARCH (TAG \"a1\") MIN 9 MAX 2 PARTIAL (1:3 9,3,4)\r\n");
  EXPECT_EQ(written([&](response_writer& w) { w.search("a1", s, {}); }), "* ESEARCH (TAG \"a1\") UID PARTIAL (-100:-1 NIL)\r\n");
}

TEST(ImapWriter, RelevanciesAreThoseOfWhatIsTold) { // RFC 6203 §4, §6
  const std::vector<std::uint32_t> hits{2, 3, 4, 9};
  const std::vector<std::uint8_t> scores{40, 100, 7, 1};
  constexpr auto min = search_return::min, max = search_return::max, all = search_return::all, count_ = search_return::count,
                 partial = search_return::partial;
  const std::pair<int, std::string_view> rows[] = {{all, " ALL 2:4,9 RELEVANCY (40 100 7 1)"},
                                                   {0, " RELEVANCY (40 100 7 1)"},
                                                   {count_ | min, " MIN 2 COUNT 4 RELEVANCY (40 100 7 1)"},
                                                   {partial, " PARTIAL (2:3 3:4) RELEVANCY (100 7)"},
                                                   {partial | count_ | max, " MAX 9 PARTIAL (2:3 3:4) COUNT 4 RELEVANCY (100 7)"},
                                                   {min, " MIN 2 RELEVANCY (40)"},
                                                   {min | max, " MIN 2 MAX 9 RELEVANCY (40 1)"}};
  search s;
  s.extended = true;
  s.page = {false, 2, 3};
  for (const auto& [returns, out] : rows) {
    s.returns = static_cast<std::uint16_t>(returns | search_return::relevancy);
    EXPECT_EQ(written([&](response_writer& w) { w.search("a1", s, hits, 0, scores); }), "* ESEARCH (TAG \"a1\")" + std::string(out) + "\r\n");
    EXPECT_EQ(written([&](response_writer& w) { w.multi_search("a1", "m", 5, s, hits, 0, scores); }),
              "* ESEARCH (TAG \"a1\" MAILBOX m UIDVALIDITY 5) UID" + std::string(out) + "\r\n");
  }
  s.returns = all | search_return::relevancy;
  EXPECT_EQ(written([&](response_writer& w) { w.search("a1", s, {}); }), "* ESEARCH (TAG \"a1\") RELEVANCY ()\r\n");
  EXPECT_EQ(written([&](response_writer& w) { w.search("a1", s, hits, 8, scores); }),
            "* ESEARCH (TAG \"a1\") ALL 2:4,9 RELEVANCY (40 100 7 1) MODSEQ 8\r\n");
  imap::sort by;
  by.extended = true;
  by.returns = all | search_return::relevancy;
  const std::vector<std::uint32_t> sorted{3, 2, 4, 9};
  const std::vector<std::uint8_t> best_first{100, 40, 7, 1};
  EXPECT_EQ(written([&](response_writer& w) { w.sort("a1", by, sorted, 0, best_first); }), "* ESEARCH (TAG \"a1\") ALL 3,2,4,9 RELEVANCY (100 40 7 1)\r\n");
}

TEST(ImapWriter, ALimitSaysWhereItStopped) { // RFC 9738 §3.1
  EXPECT_EQ(message_limit_code(1000, 23221), "MESSAGELIMIT 1000 23221");
  EXPECT_EQ(message_limit_code(4294967295u), "MESSAGELIMIT 4294967295");
}

TEST(ImapWriter, ProgressIsCountedWhereItIsKnown) { // RFC 9585 §4
  EXPECT_EQ(in_progress_code("A001", 454, 1000), "INPROGRESS (\"A001\" 454 1000)");
  EXPECT_EQ(in_progress_code("A\\1", 0, 0), "INPROGRESS (\"A\\\\1\" NIL NIL)");
}

TEST(ImapWriter, UnderUidOnlyRowsBeginWithTheUid) { // RFC 9586
  client_mode mode;
  mode.uid_only = true;
  EXPECT_EQ(written([](response_writer& w) { w.message(3, 99).size(5).end(); }, mode), "* 99 UIDFETCH (RFC822.SIZE 5)\r\n");
  EXPECT_EQ(written([](response_writer& w) { w.message(3, 99).size(5).end(); }), "* 3 FETCH (RFC822.SIZE 5)\r\n");
  EXPECT_EQ(written([](response_writer& w) { w.unseen(3); }, mode), "");
  const number_ranges batches{{99, 40}, {39, 1}};
  EXPECT_EQ(written([&](response_writer& w) { w.uid_batches("a1", batches); }), "* UIDBATCHES (TAG \"a1\") 99:40,39:1\r\n");
  EXPECT_EQ(written([&](response_writer& w) { w.uid_batches("a1", {}); }), "* UIDBATCHES (TAG \"a1\")\r\n");
}

TEST(ImapWriter, NamesAreEncodedAndQuotedAsTheClientReads) {
  const auto name = [](std::string_view n, client_mode mode = {}) { return written([&](response_writer& w) { w.mailbox(n); }, mode); };
  EXPECT_EQ(name("INBOX"), "INBOX");
  EXPECT_EQ(name("a b"), "\"a b\"");
  EXPECT_EQ(name("a\"b\\"), "\"a\\\"b\\\\\"");
  EXPECT_EQ(name("Entw\xc3\xbcrfe"), "Entw&APw-rfe");
  EXPECT_EQ(name("Entw\xc3\xbcrfe", rev2()), "\"Entw\xc3\xbcrfe\"");
  EXPECT_EQ(name("A&B"), "A&-B");
  EXPECT_EQ(name("A&B", rev2()), "A&B");
  EXPECT_EQ(name("nil"), "\"nil\"");
  EXPECT_EQ(name("a%"), "\"a%\"");
}

TEST(ImapWriter, LinesOfSelectAndStatus) {
  const std::vector<std::string> keywords{"$Junk"};
  EXPECT_EQ(written([&](response_writer& w) {
              w.exists(3);
              w.recent(1);
              w.flags(keywords);
              w.permanent_flags(keywords, false, true);
              w.permanent_flags(keywords, true, true);
              w.uid_validity(7);
              w.uid_next(9);
              w.highest_modseq(11);
              w.unseen(2);
              w.expunge(5);
            }),
            "* 3 EXISTS\r\n* 1 RECENT\r\n* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk)\r\n"
            "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk \\*)] Flags that can be kept\r\n"
            "* OK [PERMANENTFLAGS ()] Read-only mailbox\r\n* OK [UIDVALIDITY 7] UIDs valid\r\n* OK [UIDNEXT 9] Predicted next UID\r\n"
            "* OK [HIGHESTMODSEQ 11] Highest\r\n* OK [UNSEEN 2] First unseen\r\n* 5 EXPUNGE\r\n");
  EXPECT_EQ(written([](response_writer& w) { w.recent(1); w.unseen(1); }, rev2()), "");
  status_values v;
  v.messages = 3;
  v.mailboxid = "F1";
  EXPECT_EQ(written([&](response_writer& w) {
              w.status("a b", status_item::messages | status_item::mailboxid | status_item::appendlimit, v);
            }),
            "* STATUS \"a b\" (MESSAGES 3 MAILBOXID (F1) APPENDLIMIT NIL)\r\n");
  const number_ranges gone{{1, 3}, {7, 7}};
  EXPECT_EQ(written([&](response_writer& w) { w.vanished(gone, true); w.vanished(gone, false); w.vanished({}, false); }),
            "* VANISHED (EARLIER) 1:3,7\r\n* VANISHED 1:3,7\r\n");
}

TEST(ImapWriter, ListRowsAndCodes) {
  list_row row;
  row.name = "a";
  row.attributes = list_attribute::has_children;
  row.child_subscribed = true;
  list plain, lsub;
  lsub.lsub = true;
  EXPECT_EQ(written([&](response_writer& w) { w.list(plain, row); }), "* LIST (\\HasChildren) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n");
  row.child_subscribed = false;
  EXPECT_EQ(written([&](response_writer& w) { w.list(lsub, row); w.list_separator(false); w.list_renamed("b", 0, "a"); }),
            "* LSUB (\\HasChildren) \"/\" a\r\n* LIST (\\Noselect) \"/\" \"\"\r\n* LIST () \"/\" b (\"OLDNAME\" (a))\r\n");
  EXPECT_EQ(append_uid_code(5, number_ranges{{1, 3}}), "APPENDUID 5 1:3");
  const std::vector<std::uint32_t> from{1, 2, 9}, to{4, 5, 6};
  EXPECT_EQ(copy_uid_code(5, from, to), "COPYUID 5 1:2,9 4:6");
  EXPECT_EQ(modified_code(number_ranges{{7, 7}}), "MODIFIED 7");
  const std::vector<quota_resource> quota{{"STORAGE", 1, 2}, {"MESSAGE", 3, 4}};
  const std::vector<std::string_view> roots{""};
  EXPECT_EQ(written([&](response_writer& w) { w.quota_root("INBOX", roots); w.quota("", quota); }),
            "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 1 2 MESSAGE 3 4)\r\n");
}

TEST(ImapWriter, StringsThatCannotBeQuotedAreLiterals) {
  const auto text = [](std::string_view s, bool utf8 = false) {
    base::buffer out;
    print_string(out, s, utf8);
    return std::string(out.view());
  };
  EXPECT_EQ(text("a\r\nb"), "{4}\r\na\r\nb");
  EXPECT_EQ(text("\xc3\xbc"), "{2}\r\n\xc3\xbc");
  EXPECT_EQ(text("\xc3\xbc", true), "\"\xc3\xbc\"");
  EXPECT_EQ(text("\xff", true), "{1}\r\n\xff");
}

} // namespace
} // namespace rookery::imap
