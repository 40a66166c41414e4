#include "protocols/imap/response.hpp"
#include "protocols/imap/response_reader.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

client_limits small_limits() {
  client_limits limits;
  limits.response_octets = 100;
  limits.literal_octets = 20;
  limits.message_octets = 1000;
  limits.depth = 3;
  limits.flags = 3;
  return limits;
}

/// What is found when `wire` comes in pieces of `cut`: "text|", "<n:octets>" for a message, "too long".
std::string found_in(std::string_view wire, std::size_t cut) {
  const auto limits = small_limits();
  response_reader reader(limits);
  std::string out;
  bool in_message = false;
  for (std::size_t at = 0; at < wire.size(); at += cut) {
    auto piece = wire.substr(at, cut);
    while (!piece.empty()) {
      const auto step = reader.read(piece);
      piece.remove_prefix(step.used);
      using found = response_reader::found;
      if (in_message && step.what != found::message_octets && step.what != found::nothing) out += '>', in_message = false;
      if (step.what == found::nothing) break;
      if (step.what == found::too_long) return out + "too long";
      if (step.what == found::response) out += std::string(reader.text()) + "|";
      if (step.what == found::message_begin) {
        out += std::string(reader.text()) + "<" + std::to_string(step.announced) + ":";
        in_message = step.announced > 0;
        if (!in_message) out += '>';
      }
      if (step.what == found::message_octets) out += step.octets;
    }
  }
  return out;
}

struct cut_row {
  const char* name;
  std::string wire, found;
};
class ImapResponseReader : public testing::TestWithParam<cut_row> {};
TEST_P(ImapResponseReader, FindsTheSameHoweverItIsCut) {
  for (const std::size_t cut : {1u, 2u, 3u, 7u, 1000u}) EXPECT_EQ(found_in(GetParam().wire, cut), GetParam().found) << cut;
}
INSTANTIATE_TEST_SUITE_P(Imap, ImapResponseReader, testing::Values(
  cut_row{"lines", "* OK hello\r\nr1 OK done\r\n", "* OK hello|r1 OK done|"},
  cut_row{"bare_lf", "* OK hello\n", "* OK hello|"},
  cut_row{"literal_in_place", "* LIST () \"/\" {3}\r\na\r\n\r\n* 1 EXISTS\r\n", "* LIST () \"/\" {3}\r\na\r\n|* 1 EXISTS|"},
  cut_row{"message_streams", "* 1 FETCH (UID 5 BODY[] {6}\r\na\r\n.\r\n FLAGS ())\r\n",
          "* 1 FETCH (UID 5 BODY[] \"\"<6:a\r\n.\r\n>* 1 FETCH (UID 5 BODY[] \"\" FLAGS ())|"},
  cut_row{"empty_message", "* 1 FETCH (BODY[] {0}\r\n UID 5)\r\n", "* 1 FETCH (BODY[] \"\"<0:>* 1 FETCH (BODY[] \"\" UID 5)|"},
  cut_row{"partial_and_literal8", "* 1 FETCH (BODY[]<0> ~{2}\r\nab)\r\n", "* 1 FETCH (BODY[]<0> \"\"<2:ab>* 1 FETCH (BODY[]<0> \"\")|"},
  cut_row{"section_of_a_listing_is_none", "* LIST (a] {1}\r\nb\r\n", "* LIST (a] {1}\r\nb|"},
  cut_row{"human_text_has_no_literals", "* OK I say {5}\r\nr1 NO {9}\r\n+ go {3}\r\n", "* OK I say {5}|r1 NO {9}|+ go {3}|"},
  cut_row{"two_literals", "* X {1}\r\na {1}\r\nb\r\n", "* X {1}\r\na {1}\r\nb|"},
  cut_row{"at_the_limit", "* X " + std::string(95, 'x') + "\r\n", "* X " + std::string(95, 'x') + "|"},
  cut_row{"a_long_literal", "* X {21}\r\n", "too long"},
  cut_row{"literals_in_all", "* X {20}\r\n12345678901234567890 {20}\r\n12345678901234567890 {20}\r\n12345678901234567890 {20}\r\n", "too long"},
  cut_row{"a_long_message", "* 1 FETCH (BODY[] {1001}\r\n", "too long"}),
  [](const auto& row) { return std::string(row.param.name); });

TEST(ImapResponseReaderLimits, EndALineThatHasNoEnd) {
  EXPECT_EQ(found_in("* X " + std::string(98, 'x'), 1000), "too long");
  EXPECT_EQ(found_in("* X " + std::string(98, 'x'), 1), "too long");
}

std::string numbers(const number_ranges& ranges) { return ranges.empty() ? "none" : print(ranges); }

/// One line for what was parsed.
std::string parsed(std::string_view text, bool utf8 = false) {
  const auto response = parse_response(text, utf8, small_limits());
  if (!response) return "nothing";
  if (const auto* s = std::get_if<status_response>(&*response))
    return "status " + (s->tag.empty() ? "*" : s->tag) + " " + std::to_string(static_cast<int>(s->what)) + " [" + s->code +
           (s->arguments.empty() ? "" : " " + s->arguments) + "] " + s->text;
  if (const auto* c = std::get_if<continuation_response>(&*response)) return "continue " + c->text;
  if (const auto* c = std::get_if<capability_response>(&*response)) {
    std::string out("capabilities");
    for (const auto& name : c->names) out += " " + name;
    return out;
  }
  if (const auto* e = std::get_if<exists_response>(&*response)) return "exists " + std::to_string(e->messages);
  if (const auto* e = std::get_if<expunge_response>(&*response)) return "expunge " + std::to_string(e->number);
  if (const auto* f = std::get_if<fetch_response>(&*response)) {
    auto out = "fetch " + std::to_string(f->number);
    if (f->uid) out += " uid=" + std::to_string(*f->uid);
    if (f->size) out += " size=" + std::to_string(*f->size);
    if (f->flags) {
      out += " flags=" + std::to_string(f->flags->system);
      for (const auto& k : f->flags->keywords) out += "," + k;
    }
    if (f->internal_date) out += " date=" + std::to_string(base::to_seconds(*f->internal_date));
    if (f->has_section) out += f->section ? " section=" + *f->section : " no section";
    return out;
  }
  if (const auto* l = std::get_if<list_response>(&*response)) {
    std::string out("list ");
    out += l->name + " " + (l->separator == '\0' ? std::string("flat") : std::string(1, l->separator));
    for (const auto& a : l->attributes) out += " " + a;
    return out;
  }
  if (const auto* s = std::get_if<search_response>(&*response)) return "search " + numbers(s->numbers);
  return "other " + std::get<other_response>(*response).name;
}

struct parse_row {
  std::string text, parsed;
};
class ImapResponse : public testing::TestWithParam<parse_row> {};
TEST_P(ImapResponse, IsRead) { EXPECT_EQ(parsed(GetParam().text), GetParam().parsed) << GetParam().text; }
INSTANTIATE_TEST_SUITE_P(Imap, ImapResponse, testing::Values(
  parse_row{"* OK hello", "status * 0 [] hello"}, parse_row{"* ok [Capability IMAP4rev1 IDLE] hi", "status * 0 [CAPABILITY IMAP4rev1 IDLE] hi"},
  parse_row{"r1 NO [AUTHENTICATIONFAILED] no", "status r1 1 [AUTHENTICATIONFAILED] no"}, parse_row{"r1 OK", "status r1 0 [] "},
  parse_row{"r1 BAD [", "status r1 2 [] "}, parse_row{"* BYE so long", "status * 3 [] so long"}, parse_row{"* PREAUTH in", "status * 4 [] in"},
  parse_row{"r1 MAYBE", "nothing"}, parse_row{"r1", "nothing"}, parse_row{"", "nothing"}, parse_row{" OK", "nothing"}, parse_row{"* ", "nothing"},
  parse_row{"+", "continue "}, parse_row{"+ go on", "continue go on"},
  parse_row{"* CAPABILITY IMAP4rev1  AUTH=PLAIN", "capabilities IMAP4rev1 AUTH=PLAIN"},
  parse_row{"* 23 EXISTS", "exists 23"}, parse_row{"* 23 exists", "exists 23"}, parse_row{"* 4 EXPUNGE", "expunge 4"}, parse_row{"* 4294967296 EXISTS", "nothing"},
  parse_row{"* 5 RECENT", "other RECENT"}, parse_row{"* FLAGS (\\Seen)", "other FLAGS"},
  parse_row{"* 3 FETCH (UID 7 RFC822.SIZE 9 FLAGS (\\Seen \\Recent $Junk))", "fetch 3 uid=7 size=9 flags=1,$Junk"},
  parse_row{"* 3 FETCH (INTERNALDATE \" 1-Jan-1970 00:01:40 +0000\" UID 1)", "fetch 3 uid=1 date=100"},
  parse_row{"* 3 FETCH (FLAGS (\\Seen a A b c d))", "fetch 3 flags=1,a"},
  parse_row{"* 3 FETCH (ENVELOPE (NIL \"a)\" ((\"x\" NIL)) {2}\r\n)() UID 4)", "fetch 3 uid=4"},
  parse_row{"* 3 FETCH (X ((((a)))) UID 4)", "nothing"}, parse_row{"* 3 FETCH (UID 4", "nothing"}, parse_row{"* 3 FETCH UID 4", "nothing"},
  parse_row{"* 3 FETCH (UID x)", "nothing"}, parse_row{"* 3 FETCH (UID 4294967296)", "nothing"}, parse_row{"* 3 FETCH (FLAGS ())", "fetch 3 flags=0"},
  parse_row{"* 3 FETCH ()", "fetch 3"}, parse_row{"* 3 FETCH (FLAGS (\"x\"))", "nothing"}, parse_row{"* 3 FETCH (FLAGS (a", "nothing"},
  parse_row{"* 3 FETCH (BODY[] \"a\\\"b\" MODSEQ (5) UID 1)", "fetch 3 uid=1 section=a\"b"}, parse_row{"* 3 FETCH (BODY[] NIL)", "fetch 3 no section"},
  parse_row{"* 3 FETCH (BODY[HEADER.FIELDS (A B)] {1}\r\nx UID 2)", "fetch 3 uid=2 section=x"}, parse_row{"* 3 FETCH (BODY[ x)", "nothing"},
  parse_row{"* 3 FETCH (BODY[] {9}\r\nx)", "nothing"},
  parse_row{"* LIST (\\HasNoChildren \\Sent) \"/\" \"a b\"", "list a b / \\HasNoChildren \\Sent"}, parse_row{"* LIST () NIL INBOX", "list INBOX flat"},
  parse_row{"* LIST () \"\\\\\" x", "list x \\"}, parse_row{"* LIST () \".\" Entw&APw-rfe", "list Entwürfe ."},
  parse_row{"* LIST () \".\" wrong&", "list wrong& ."}, parse_row{"* LIST () \".\" {5}\r\na]b(c", "list a]b(c ."}, parse_row{"* LIST \".\" x", "nothing"},
  parse_row{"* LIST () \".\"", "nothing"},
  parse_row{"* SEARCH", "search none"}, parse_row{"* SEARCH 3 1 2 9", "search 1:3,9"}, parse_row{"* SEARCH 3 (MODSEQ 5)", "search 3"}, parse_row{"* SEARCH 0", "nothing"},
  parse_row{"* SEARCH x", "nothing"}, parse_row{"* ESEARCH (TAG \"r1\") UID ALL 1:3,9", "search 1:3,9"}, parse_row{"* ESEARCH (TAG \"r1\") UID", "search none"},
  parse_row{"* ESEARCH UID COUNT 4 ALL 2:5", "search 2:5"}, parse_row{"* ESEARCH UID ALL 1:*", "nothing"}, parse_row{"* ESEARCH UID ALL x", "nothing"}));

TEST(ImapResponse, TakesNamesAsUtf8WhereTheyAre) {
  EXPECT_EQ(parsed("* LIST () \"/\" \"Entw\xc3\xbcrfe\"", true), "list Entwürfe /");
  EXPECT_EQ(parsed("* LIST () \"/\" \"A&-B\"", true), "list A&-B /");
  EXPECT_EQ(parsed("* LIST () \"/\" \"A&-B\"", false), "list A&B /");
}

TEST(ImapResponse, ReadsNoNameAboveTheLimit) {
  EXPECT_EQ(parsed("* LIST () \"/\" " + std::string(1001, 'x')), "nothing");
}

} // namespace
} // namespace rookery::imap
