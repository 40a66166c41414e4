// From a command's text to its struct.
#include "protocols/imap/command_parser.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

struct read_result {
  std::optional<request> asked;
  parse_fault fault = parse_fault::none;
};

read_result read(std::string_view text, client_mode mode = {}) {
  static const server_limits limits;
  const auto head = read_head(text);
  if (!head.rule || !head.rule->read) return {{}, parse_fault::syntax};
  word_reader reader(text, {&limits, mode.utf8_names(), mode.uid_only});
  reader.skip(head.octets);
  auto asked = read_arguments(head, reader, mode);
  return {std::move(asked), reader.fault()};
}

template <class T>
T command_of(std::string_view text, client_mode mode = {}) {
  auto r = read(text, mode);
  EXPECT_TRUE(r.asked) << text;
  if (!r.asked) return {};
  auto* any = std::get_if<any_command>(&*r.asked);
  EXPECT_TRUE(any) << text;
  auto* command = any ? std::get_if<T>(any) : nullptr;
  EXPECT_TRUE(command) << text;
  return command ? std::move(*command) : T{};
}

TEST(ImapCommand, FaultsAreNamed) {
  struct row {
    std::string_view text;
    parse_fault fault = parse_fault::none;
  };
  const auto bad = parse_fault::syntax;
  const row rows[] = {
      {"a NOOP"}, {"a noop "}, {"a NOOP x", bad}, {"a FOO", bad}, {"a", bad}, {"a ", bad}, {" a NOOP", bad}, {"+ NOOP", bad},
      {"a UID NOOP", bad}, {"a UID", bad}, {"a LOGIN a b"}, {"a LOGIN \"a b\" \"c\\\"d\""}, {"a LOGIN {3}\r\nann {2}\r\nxy"},
      {"a LOGIN {3+}\r\nann \"\""}, {"a LOGIN a", bad}, {"a LOGIN a b c", bad}, {"a LOGIN \"a b", bad}, {"a LOGIN a(b c", bad},
      {"a SELECT INBOX"}, {"a select \"INBOX\""}, {"a SELECT {5}\r\ninbox"}, {"a SELECT", bad}, {"a SELECT INBOX (CONDSTORE)"},
      {"a SELECT INBOX (FOO)", bad}, {"a DELETE a//b", parse_fault::mailbox}, {"a DELETE &x", parse_fault::mailbox}, {"a SELECT a//b"},
      {"a SELECT INBOX (QRESYNC (1 2))", bad}, // not enabled
      {"a CREATE x/"}, {"a CREATE x (USE (\\Sent \\Drafts))"}, {"a CREATE x (USE (\\Foo))", parse_fault::use_attribute},
      {"a CREATE x (FOO)", bad}, {"a CREATE \"a*b\"", parse_fault::mailbox}, {"a CREATE \"a%\"", parse_fault::mailbox},
      {"a RENAME a b"}, {"a RENAME a", bad}, {"a DELETE a"}, {"a SUBSCRIBE a"}, {"a UNSUBSCRIBE a"},
      {"a STATUS a (MESSAGES UIDNEXT)"}, {"a STATUS a ()", bad}, {"a STATUS a (FOO)", bad}, {"a STATUS a MESSAGES", bad},
      {"a EXPUNGE"}, {"a UID EXPUNGE 1:5"}, {"a UID EXPUNGE", bad}, {"a EXPUNGE 1", bad}, {"a CLOSE"}, {"a UNSELECT"},
      {"a COPY 1:2 x"}, {"a UID MOVE 1:* x"}, {"a COPY x 1", bad}, {"a ENABLE CONDSTORE X-FOO"}, {"a ENABLE", bad},
      {"a ID NIL"}, {"a ID (\"name\" \"x\" \"v\" NIL)"}, {"a ID ()"}, {"a ID (\"name\")", bad}, {"a ID", bad},
      {"a COMPRESS DEFLATE"}, {"a GETQUOTA \"\""}, {"a GETQUOTAROOT INBOX"}, {"a SETQUOTA \"\" (STORAGE 5)"},
      {"a SETQUOTA \"\" (STORAGE)", bad}, {"a AUTHENTICATE PLAIN"}, {"a AUTHENTICATE PLAIN AGEAYg=="}, {"a IDLE"},
      {"a STORE 1 FLAGS (\\Seen)"}, {"a STORE 1 +FLAGS \\Seen \\Deleted"}, {"a STORE 1 -FLAGS.SILENT (a b)"}, {"a STORE 1 FLAGS ()"},
      {"a STORE 1 FLAGS (\\Foo)", bad}, {"a STORE 1 FLAGS (\\*)", bad}, {"a STORE 1 FOO (a)", bad}, {"a STORE 1 FLAGS", bad},
      {"a UID STORE 1 (UNCHANGEDSINCE 12) FLAGS (a)"}, {"a STORE 1 (FOO 1) FLAGS (a)", bad},
      {"a FETCH 1 FLAGS"}, {"a FETCH 1 (FLAGS)"}, {"a FETCH 1 (FLAGS UID )"}, {"a FETCH 1 ALL"}, {"a FETCH 1 (ALL)", bad}, {"a FETCH 1 FOO", bad},
      {"a FETCH 1 ()", bad}, {"a FETCH 1", bad}, {"a FETCH 0 FLAGS", bad}, {"a FETCH 1 BODY[", bad}, {"a FETCH 1 BODY.PEEK", bad},
      {"a FETCH 1 BODY[1.]", bad}, {"a FETCH 1 BODY[0]", bad}, {"a FETCH 1 BODY[MIME]", bad}, {"a FETCH 1 BODY[1.MIME]"},
      {"a FETCH 1 BODY[HEADER.FIELDS]", bad}, {"a FETCH 1 BODY[HEADER.FIELDS ()]", bad}, {"a FETCH 1 BODY[]<0.0>", bad},
      {"a FETCH 1 BODY[]<0>", bad}, {"a FETCH 1 BINARY[TEXT]", bad}, {"a FETCH 1 BINARY.SIZE[1]<0.5>", bad},
      {"a FETCH 1 (FLAGS) (CHANGEDSINCE 5)"}, {"a FETCH 1 (FLAGS) (CHANGEDSINCE 5 VANISHED)", bad}, {"a FETCH 1 (FLAGS) (FOO)", bad},
      {"a SEARCH ALL"}, {"a SEARCH", bad}, {"a SEARCH RETURN () ALL"}, {"a SEARCH RETURN (FOO) ALL", bad}, {"a SEARCH FOO", bad},
      {"a SEARCH CHARSET UTF-8 TEXT x"}, {"a SEARCH CHARSET x-nothing TEXT x", parse_fault::charset}, {"a SEARCH CHARSET", bad},
      {"a SEARCH (", bad}, {"a SEARCH (ALL", bad}, {"a SEARCH ()", bad}, {"a SEARCH OR SEEN", bad}, {"a SEARCH NOT", bad},
      {"a SEARCH SINCE 1-Feb-1994"}, {"a SEARCH SINCE \"1-Feb-1994\""}, {"a SEARCH SINCE x", bad}, {"a SEARCH LARGER x", bad},
      {"a SEARCH OLDER 0", bad}, {"a SEARCH MODSEQ 5"}, {"a SEARCH MODSEQ \"/flags/\\\\Seen\" all 5"}, {"a SEARCH EMAILID M1"},
      {"a SEARCH EMAILID \"a b\"", bad}, {"a SORT (DATE) UTF-8 ALL"}, {"a SORT (REVERSE DATE SUBJECT) US-ASCII SEEN FROM x"},
      {"a SORT () UTF-8 ALL", bad}, {"a SORT (REVERSE) UTF-8 ALL", bad}, {"a SORT (FOO) UTF-8 ALL", bad}, {"a SORT (DATE) UTF-8", bad},
      {"a THREAD REFERENCES UTF-8 ALL"}, {"a THREAD FOO UTF-8 ALL", bad}, {"a LIST \"\" *"}, {"a LIST \"\" \"\""}, {"a LIST", bad},
      {"a LIST (SUBSCRIBED) \"\" (a b%) RETURN (CHILDREN STATUS (MESSAGES))"}, {"a LIST (RECURSIVEMATCH) \"\" *", bad},
      {"a LIST (FOO) \"\" *", bad}, {"a LIST \"\" * RETURN (FOO)", bad}, {"a LSUB \"\" \"*\""}, {"a LIST () \"\" INBOX"}};
  for (const auto& r : rows) {
    const auto got = read(r.text);
    EXPECT_EQ(got.fault, r.fault) << r.text;
    EXPECT_EQ(got.asked.has_value(), r.fault == parse_fault::none) << r.text;
  }
}

TEST(ImapCommand, LimitsAreAnswered) {
  std::string sections = "a FETCH 1 (";
  for (int i = 1; i < 300; ++i) sections += "BODY[" + std::to_string(i) + "] ";
  EXPECT_EQ(read(sections + ")").fault, parse_fault::limit);
  std::string deep = "a SEARCH ", terms = "a SEARCH";
  for (int i = 0; i < 40; ++i) deep += "NOT ";
  EXPECT_EQ(read(deep + "SEEN").fault, parse_fault::limit);
  for (int i = 0; i < 2100; ++i) terms += " SEEN";
  EXPECT_EQ(read(terms).fault, parse_fault::limit);
  EXPECT_EQ(read("a STORE 1 FLAGS (" + std::string(65, 'k') + ")").fault, parse_fault::limit);
}

TEST(ImapCommand, FetchNamesItsSections) {
  const auto f = command_of<fetch>("a UID FETCH 1:*,7 (FLAGS BODY.PEEK[HEADER.FIELDS (From \"To\" {2}\r\nCC)] BODY[1.2.TEXT]<10.20> body[]"
                                   " binary.peek[1] BINARY.SIZE[2] RFC822.HEADER RFC822 PREVIEW (LAZY))");
  EXPECT_TRUE(f.uid);
  EXPECT_EQ(f.items.bits, fetch_item::flags | fetch_item::uid | fetch_item::preview | fetch_item::preview_lazy);
  std::vector<std::string> labels;
  for (const auto& s : f.items.sections) labels.push_back(s.label);
  EXPECT_EQ(labels, (std::vector<std::string>{"BODY[HEADER.FIELDS (From To CC)]", "BODY[1.2.TEXT]<10>", "BODY[]", "BINARY[1]",
                                              "BINARY.SIZE[2]", "RFC822.HEADER", "RFC822"}));
  EXPECT_TRUE(f.items.sections[0].peek);
  EXPECT_EQ(f.items.sections[1].part, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(f.items.sections[1].octets, 20u);
  EXPECT_TRUE(f.items.marks_seen());
  EXPECT_EQ(command_of<fetch>("a FETCH 1 FULL").items.bits, fetch_item::flags | fetch_item::internal_date | fetch_item::size |
                                                                fetch_item::envelope | fetch_item::body);
  EXPECT_EQ(command_of<fetch>("a FETCH 1 BODY").items.bits, fetch_item::body);
  EXPECT_TRUE(command_of<fetch>("a FETCH 1 FAST").items.cheap());
  client_mode mode;
  mode.qresync = true;
  const auto changed = command_of<fetch>("a UID FETCH 1:* (FLAGS) (CHANGEDSINCE 9 VANISHED)", mode);
  EXPECT_TRUE(changed.vanished);
  EXPECT_EQ(changed.changed_since, 9u);
  EXPECT_TRUE(changed.items.bits & fetch_item::modseq);
}

TEST(ImapCommand, StoreTakesFlagsWithAndWithoutParentheses) {
  const auto s = command_of<store>("a UID STORE 5 (UNCHANGEDSINCE 320162338) +flags.silent \\Seen $Junk $JUNK \\Recent");
  EXPECT_TRUE(s.uid);
  EXPECT_TRUE(s.silent);
  EXPECT_EQ(s.how, store::change::add);
  EXPECT_EQ(s.flags, (flag_list{flag::seen, {"$Junk"}}));
  EXPECT_EQ(s.unchanged_since, 320162338u);
}

TEST(ImapCommand, QresyncParametersAreRead) {
  client_mode mode;
  mode.qresync = true;
  const auto s = command_of<select>("a SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541 (1:2,5 10:11,20)))", mode);
  ASSERT_TRUE(s.qresync);
  EXPECT_EQ(s.qresync->uid_validity, 67890007u);
  EXPECT_EQ(s.qresync->modseq, 90060115194045000u);
  EXPECT_EQ(print(*s.qresync->known_uids), "41:211,214:541");
  EXPECT_EQ(print(s.qresync->match_uids), "10:11,20");
  EXPECT_FALSE(command_of<select>("a SELECT INBOX (QRESYNC (1 2))", mode).qresync->known_uids);
  EXPECT_EQ(print(command_of<select>("a SELECT INBOX (QRESYNC (1 2 (1 5)))", mode).qresync->match_uids), "5");
  for (const auto* bad : {"a SELECT INBOX (QRESYNC (0 2))", "a SELECT INBOX (QRESYNC (1 2 1:*))", "a SELECT INBOX (QRESYNC (1 2 1:5 (1:2 1)))",
                          "a SELECT INBOX (QRESYNC (1))", "a SELECT INBOX (QRESYNC 1 2)"})
    EXPECT_EQ(read(bad, mode).fault, parse_fault::syntax) << bad;
}

TEST(ImapCommand, SearchTextIsUtf8WhateverItsCharset) {
  const auto s = command_of<search>("a SEARCH CHARSET ISO-8859-1 SUBJECT {3}\r\n\xe4\xf6\xfc");
  EXPECT_EQ(s.program.nodes[s.program.root].text, "\xc3\xa4\xc3\xb6\xc3\xbc");
  EXPECT_EQ(read("a SEARCH SUBJECT \"\xff\"").fault, parse_fault::syntax);
  client_mode utf8;
  utf8.utf8 = true;
  EXPECT_EQ(read("a SEARCH CHARSET UTF-8 SUBJECT x", utf8).fault, parse_fault::syntax);
}

TEST(ImapCommand, AppendHeadsAreRead) {
  static const server_limits limits;
  struct row {
    std::string_view text; ///< up to the literal
    std::string_view mailbox;
    bool fault = false;
  };
  const row rows[] = {{"a APPEND INBOX ", "INBOX"},
                      {"a APPEND saved-messages (\\Seen) ", "saved-messages"},
                      {"a APPEND {5}\r\ninbox (a b) \"17-Jul-1996 02:44:25 -0700\" ", "INBOX"},
                      {"a APPEND x UTF8 (", "x"},
                      {"a APPEND ", ""},
                      {"a APPEND x \"yesterday\" ", "", true},
                      {"a APPEND x (\\Foo) ", "", true},
                      {"a APPEND x CATENATE (URL ", "x"},
                      {"a APPEND x CATENATE URL ", "", true},
                      {"a REPLACE 4 Drafts (\\Seen) ", "Drafts"},
                      {"a UID REPLACE * Drafts ", "Drafts"},
                      {"a REPLACE 4 ", ""},
                      {"a REPLACE 0 Drafts ", "", true},
                      {"a REPLACE 1:2 Drafts ", "", true},
                      {"a REPLACE Drafts ", "", true},
                      {"a APPEND", "", true}};
  for (const auto& r : rows) {
    const auto head = read_head(r.text);
    word_reader reader(r.text, {&limits, false});
    reader.skip(head.octets);
    const auto append = read_append_head(*head.rule, reader);
    EXPECT_EQ(reader.fault() != parse_fault::none, r.fault) << r.text;
    EXPECT_EQ(append ? append->mailbox : "", r.mailbox) << r.text;
  }
}

} // namespace
} // namespace rookery::imap
