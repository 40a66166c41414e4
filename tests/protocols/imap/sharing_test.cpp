// Rights and annotations on the wire: what is read, what is refused, what is printed.
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/mailbox_name.hpp"
#include "protocols/imap/response_writer.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace rookery::imap {
namespace {

struct read_result {
  std::optional<request> asked;
  parse_fault fault = parse_fault::none;
};

read_result read(std::string_view text) {
  static const server_limits limits;
  const auto head = read_head(text);
  EXPECT_NE(head.rule, nullptr) << text;
  word_reader reader(text, {&limits, false});
  reader.skip(head.octets);
  auto asked = read_arguments(head, reader, {});
  return {std::move(asked), reader.fault()};
}

template <class T>
T as(std::string_view text) {
  auto got = read(text);
  EXPECT_TRUE(got.asked) << text;
  return got.asked ? std::get<T>(std::get<any_command>(*got.asked)) : T{};
}

std::string written(const std::function<void(response_writer)>& write, client_mode mode = {}) {
  base::buffer out;
  write({out, mode});
  return std::string(out.view());
}

TEST(ImapSharing, WrongArgumentsAreRefused) {
  const std::string entry(257, 'e'), identifier(331, 'i');
  struct row {
    std::string text;
    parse_fault fault;
  };
  const row rows[] = {
      {"a SETACL INBOX ann lrs", parse_fault::none},
      {"a SETACL INBOX {3}\r\nann \"\"", parse_fault::none},
      {"a SETACL INBOX ann", parse_fault::syntax},
      {"a SETACL INBOX ann lrs more", parse_fault::syntax},
      {"a SETACL a//b ann lrs", parse_fault::mailbox},
      {"a SETACL INBOX " + identifier + " lrs", parse_fault::limit},
      {"a SETACL INBOX ann " + identifier, parse_fault::limit},
      {"a DELETEACL INBOX", parse_fault::syntax},
      {"a LISTRIGHTS INBOX ann", parse_fault::none},
      {"a GETMETADATA INBOX /shared/comment", parse_fault::none},
      {"a GETMETADATA INBOX", parse_fault::syntax},
      {"a GETMETADATA INBOX ()", parse_fault::syntax},
      {"a GETMETADATA INBOX (/shared//x)", parse_fault::syntax},
      {"a GETMETADATA INBOX shared/x", parse_fault::syntax},
      {"a GETMETADATA INBOX (MAXSIZE) /shared", parse_fault::syntax},
      {"a GETMETADATA INBOX (SIZE 3) /shared", parse_fault::syntax},
      {"a GETMETADATA INBOX \"/shared/\xc3\xa4\"", parse_fault::syntax},
      {"a GETMETADATA INBOX /shared/" + entry, parse_fault::limit},
      {"a SETMETADATA INBOX (/shared/x)", parse_fault::syntax},
      {"a SETMETADATA INBOX (/shared/x atom)", parse_fault::syntax},
      {"a SETMETADATA INBOX /shared/x \"y\"", parse_fault::syntax},
      {"a SETMETADATA INBOX (/shared \"y\")", parse_fault::syntax},
      {"a LIST \"\" * RETURN (MYRIGHTS METADATA (/shared/x))", parse_fault::none},
      {"a LIST \"\" * RETURN (METADATA /shared/x)", parse_fault::syntax},
  };
  for (const auto& r : rows) {
    const auto got = read(r.text);
    EXPECT_EQ(got.fault, r.fault) << r.text;
    EXPECT_EQ(got.asked.has_value(), r.fault == parse_fault::none) << r.text;
  }
  std::string many;
  for (int i = 0; i < 201; ++i) many += "/shared/x ";
  EXPECT_EQ(read("a GETMETADATA INBOX (" + many + ")").fault, parse_fault::limit);
  many.clear();
  for (int i = 0; i < 201; ++i) many += "/shared/x NIL ";
  EXPECT_EQ(read("a SETMETADATA INBOX (" + many + ")").fault, parse_fault::limit);
}

TEST(ImapSharing, ArgumentsAreRead) {
  const auto acl = as<set_acl>("a setacl inbox $Staff@x -lr");
  EXPECT_EQ(acl.mailbox + " " + acl.identifier + " " + acl.rights, "INBOX $Staff@x -lr");
  const auto get = as<get_metadata>("a GETMETADATA (DEPTH 1 MAXSIZE 5) \"\" (/Shared/A /private)");
  EXPECT_EQ(get.mailbox, "");
  EXPECT_EQ(get.entries, (std::vector<std::string>{"/shared/a", "/private"}));
  EXPECT_EQ(get.octets_max, 5u);
  EXPECT_EQ(get.depth, metadata_depth::one);
  const auto set = as<set_metadata>(std::string_view("a SETMETADATA INBOX (/shared/a ~{3}\r\nx\0y /shared/b nil /private/c {0}\r\n)", 72));
  ASSERT_EQ(set.entries.size(), 3u);
  EXPECT_EQ(set.entries[0].second, std::string("x\0y", 3));
  EXPECT_EQ(set.entries[1].second, std::nullopt);
  EXPECT_EQ(set.entries[2].second, "");
  const auto l = as<list>("a LIST \"\" * RETURN (MYRIGHTS METADATA (/shared/x /private/y))");
  EXPECT_TRUE(l.return_my_rights);
  EXPECT_EQ(l.return_metadata.size(), 2u);
}

TEST(ImapSharing, DepthSaysWhatIsSelected) {
  using enum metadata_depth;
  EXPECT_TRUE(selects("/shared/a", none, "/shared/a"));
  EXPECT_FALSE(selects("/shared/a", none, "/shared/a/b"));
  EXPECT_TRUE(selects("/shared/a", one, "/shared/a/b"));
  EXPECT_FALSE(selects("/shared/a", one, "/shared/a/b/c"));
  EXPECT_TRUE(selects("/shared/a", infinity, "/shared/a/b/c"));
  EXPECT_FALSE(selects("/shared/a", infinity, "/shared/ab"));
  EXPECT_FALSE(selects("/shared/a", infinity, "/shared"));
}

TEST(ImapSharing, AnswersAreWritten) {
  using lines = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(written([](auto w) { write_acl(w, "a b", lines{{"ann@x", "lrs"}, {"-two words", ""}}); }),
            "* ACL \"a b\" ann@x lrs \"-two words\" \"\"\r\n");
  EXPECT_EQ(written([](auto w) { write_acl(w, "INBOX", lines{}); }), "* ACL INBOX\r\n");
  EXPECT_EQ(written([](auto w) { write_list_rights(w, {"INBOX", "ann"}, "la", "rs"); }), "* LISTRIGHTS INBOX ann la r s\r\n");
  EXPECT_EQ(written([](auto w) { write_my_rights(w, "\xc3\xa4", "lr"); }), "* MYRIGHTS &AOQ- lr\r\n");
  using rows = std::vector<metadata_row>;
  EXPECT_EQ(written([](auto w) { write_metadata(w, "", rows{{"/shared/a", "say \"x\""}, {"/shared/b", "1\r\n2"}}); }),
            "* METADATA \"\" (/shared/a \"say \\\"x\\\"\" /shared/b {4}\r\n1\r\n2)\r\n");
  EXPECT_EQ(written([](auto w) { write_metadata(w, "INBOX", rows{{"/shared/a", std::string("\0", 1)}}); }),
            std::string("* METADATA INBOX (/shared/a ~{1}\r\n\0)\r\n", 38));
  EXPECT_EQ(written([](auto w) { write_metadata(w, "INBOX", rows{}); }), "");
  using names = std::vector<std::string>;
  EXPECT_EQ(written([](auto w) { write_metadata_names(w, "a b", names{"/shared/a", "/private/b c"}); }),
            "* METADATA \"a b\" /shared/a \"/private/b c\"\r\n");
  EXPECT_EQ(written([](auto w) { write_metadata_names(w, "", names{"/private/s"}); }), "* METADATA \"\" /private/s\r\n");
  EXPECT_EQ(written([](auto w) { write_metadata_names(w, "", names{}); }), "");
}

TEST(ImapSharing, NamespacesAndFlagsAreAsTheyMayBe) {
  EXPECT_EQ(written([](auto w) { w.name_space(); }), "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
  EXPECT_EQ(written([](auto w) { w.name_space("", "\xc3\xa4"); }), "* NAMESPACE ((\"\" \"/\")) NIL ((\"&AOQ-/\" \"/\"))\r\n");
  const auto flags = [](std::uint8_t may, bool read_only) {
    const auto line = written([&](auto w) { w.permanent_flags({"k"}, read_only, true, may); });
    return line.substr(0, line.find(']') + 1);
  };
  EXPECT_EQ(flags(0, false), "* OK [PERMANENTFLAGS ()]");
  EXPECT_EQ(flags(flag_right::seen, false), "* OK [PERMANENTFLAGS (\\Seen)]");
  EXPECT_EQ(flags(flag_right::seen | flag_right::deleted, false), "* OK [PERMANENTFLAGS (\\Deleted \\Seen)]");
  EXPECT_EQ(flags(flag_right::others, false), "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft k \\*)]");
  EXPECT_EQ(flags(flag_right::all, true), "* OK [PERMANENTFLAGS ()]");
  EXPECT_EQ(namespace_name("Other Users"), "Other Users");
  for (const char* wrong : {"", "a/b", "inbox", "#shared", "~x", "a*", "a\n"}) EXPECT_EQ(namespace_name(wrong), "") << wrong;
  EXPECT_EQ(kinds_of({flag::seen | flag::draft, {}}), flag_right::seen | flag_right::others);
  EXPECT_EQ(kinds_of({flag::deleted, {"k"}}), flag_right::deleted | flag_right::others);
  EXPECT_EQ(allowed({31, {"k"}}, flag_right::seen), (flag_list{flag::seen, {}}));
  EXPECT_EQ(allowed({31, {"k"}}, flag_right::others), (flag_list{flag::answered | flag::flagged | flag::draft, {"k"}}));
}

} // namespace
} // namespace rookery::imap
