#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rookery::xml {
namespace {

constexpr limits small{.stanza_octets = 400, .tag_octets = 200, .depth = 4, .attributes = 3, .namespaces = 4, .elements = 8, .name_octets = 60};

/// What a stream gives when it comes in pieces of so many octets.
std::string outcome(std::string_view octets, std::size_t piece, limits l = {}) {
  reader r(l);
  std::string waiting, told;
  for (std::size_t at = 0; at < octets.size();) {
    const auto next = octets.substr(at, piece);
    at += next.size();
    waiting += next;
    for (;;) {
      const auto read = r.read(waiting);
      waiting.erase(0, read.used);
      if (!read.what) {
        if (read.used == 0) break;
        continue;
      }
      if (const auto* f = std::get_if<fault>(&*read.what)) return told + "! " + std::string(name(*f));
      if (const auto* root = std::get_if<root_opened>(&*read.what)) told += "root " + to_text(root->root) + " in " + root->default_space + "\n";
      if (const auto* child = std::get_if<child_read>(&*read.what)) told += "child " + to_text(child->child) + "\n";
      if (std::holds_alternative<root_closed>(*read.what)) return told + "end, rest " + waiting + std::string(octets.substr(at));
    }
  }
  return told;
}

struct row {
  const char* name;
  std::string octets;
  std::string expected;
};

class Reader : public testing::TestWithParam<row> {};

TEST_P(Reader, GivesTheSameHoweverTheOctetsAreCut) {
  for (const std::size_t piece : {100'000u, 1u, 2u, 7u, 64u})
    EXPECT_EQ(outcome(GetParam().octets, piece), GetParam().expected) << "in pieces of " << piece;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Reader,
    testing::Values(
        row{"a_stream", "<?xml version='1.0'?><s:a xmlns='d' xmlns:s='u' to='x'> <b/>\n<c y='1'>t<d/></c></s:a>",
            "root <a xmlns='u' to='x'/> in d\nchild <b xmlns='d'/>\nchild <c xmlns='d' y='1'>t<d/></c>\nend, rest "},
        row{"an_empty_root", "<a/>", "root <a/> in \nend, rest "},
        row{"octets_behind_the_root", "<a></a>\r\nSTARTED", "root <a/> in \nend, rest \r\nSTARTED"},
        row{"the_five_entities_and_numbers", "<a><b>&lt;&gt;&amp;&apos;&quot;&#x20ac;</b>",
            "root <a/> in \nchild <b>&lt;&gt;&amp;&apos;&quot;\xe2\x82\xac</b>\n"},
        row{"character_data_sections", "<a><b><![CDATA[<x>&]]></b>", "root <a/> in \nchild <b>&lt;x&gt;&amp;</b>\n"},
        row{"an_attribute_with_a_namespace", "<a xmlns:p='u'><b p:c='1' xml:lang='de'/>",
            "root <a/> in \nchild <b xmlns:n0='u' n0:c='1' xml:lang='de'/>\n"},
        row{"names_in_several_namespaces", "<a xmlns='d'><b xmlns='e'><c xmlns='d'/><f/></b>",
            "root <a xmlns='d'/> in d\nchild <b xmlns='e'><c xmlns='d'/><f/></b>\n"},
        row{"a_document_type", "<!DOCTYPE a><a/>", "! restricted"},
        row{"an_entity_of_its_own", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "! restricted"},
        row{"an_unknown_entity", "<a><b>&nbsp;</b>", "root <a/> in \n! restricted"},
        row{"an_unknown_entity_in_an_attribute", "<a><b c='&nbsp;'/>", "root <a/> in \n! restricted"},
        row{"a_comment", "<a><!-- no --><b/>", "root <a/> in \n! restricted"},
        row{"a_processing_instruction", "<a><?php no ?>", "root <a/> in \n! restricted"},
        row{"another_encoding", "<?xml version='1.0' encoding='ISO-8859-1'?><a>", "! encoding"},
        row{"utf_8_said_in_any_case", "<?xml version='1.0' encoding='utf-8'?><a/>", "root <a/> in \nend, rest "},
        row{"no_utf_8", "<a><b>\xff</b>", "root <a/> in \n! not well-formed"},
        row{"no_utf_16", std::string("<\0a\0/\0>\0", 8), "! not well-formed"},
        row{"no_byte_order_mark_of_utf_16", "\xff\xfe<", "! not well-formed"},
        row{"a_zero", std::string("<a><b>x\0</b>", 12), "root <a/> in \n! not well-formed"},
        row{"text_between_children", "<a><b/>text<c/>", "root <a/> in \nchild <b/>\n! not well-formed"},
        row{"a_wrong_end", "<a><b></c>", "root <a/> in \n! not well-formed"},
        row{"an_unbound_prefix", "<a><p:b/>", "root <a/> in \n! not well-formed"},
        row{"a_doubled_attribute", "<a><b c='1' c='2'/>", "root <a/> in \n! not well-formed"},
        row{"a_control_character", "<a><b>\x01</b>", "root <a/> in \n! not well-formed"},
        row{"a_second_declaration", "<a><?xml version='1.0'?>", "root <a/> in \n! not well-formed"}),
    [](const auto& of) { return of.param.name; });

struct bound {
  const char* name;
  std::string within, beyond;
};
std::string times(std::size_t n, std::string_view what) {
  std::string out;
  while (n-- > 0) out += what;
  return out;
}

class ReaderLimit : public testing::TestWithParam<bound> {};

TEST_P(ReaderLimit, IsKept) {
  for (const std::size_t piece : {100'000u, 1u, 50u}) {
    EXPECT_EQ(outcome("<a>" + GetParam().within + GetParam().within, piece, small).find('!'), std::string::npos) << piece;
    const auto told = outcome("<a>" + GetParam().within + GetParam().beyond, piece, small);
    EXPECT_NE(told.find("! over limit"), std::string::npos) << told << " in pieces of " << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReaderLimit,
    testing::Values(bound{"octets", "<b>" + times(393, "x") + "</b>", "<b>" + times(394, "x") + "</b>"},
                    bound{"octets_without_end", "<b/>", "<b>" + times(401, "x")},
                    bound{"tag", "<b c='" + times(150, "x") + "'/>", "<b c='" + times(300, "x")},
                    bound{"depth", "<b><b><b><b/></b></b></b>", "<b><b><b><b><b/></b></b></b></b>"},
                    bound{"attributes", "<b c='' d='' e=''/>", "<b c='' d='' e='' f=''/>"},
                    bound{"namespaces", "<b xmlns:a='a' xmlns:b='b' xmlns:c='c' xmlns:d='d'/>",
                          "<b xmlns:a='a' xmlns:b='b' xmlns:c='c'><c xmlns:d='d' xmlns:e='e'/></b>"},
                    bound{"elements", "<b>" + times(7, "<c/>") + "</b>", "<b>" + times(8, "<c/>") + "</b>"},
                    bound{"name", "<" + times(60, "n") + "/>", "<" + times(61, "n") + "/>"}),
    [](const auto& of) { return of.param.name; });

TEST(Reader, LeavesWhatFollowsAnElementToItsOwner) {
  // Behind <starttls/> the octets belong to TLS.
  reader r;
  std::string octets = "<a><b/>\x16\x03\x01";
  auto read = r.read(octets);
  octets.erase(0, read.used);
  ASSERT_TRUE(std::holds_alternative<root_opened>(*read.what));
  read = r.read(octets);
  ASSERT_TRUE(std::holds_alternative<child_read>(*read.what));
  EXPECT_EQ(octets.substr(read.used), "\x16\x03\x01");
}

TEST(Reader, ReadsAtOnceWhatComesAfterAnElement) {
  reader r;
  ASSERT_EQ(r.read("<a>").used, 3u);
  EXPECT_TRUE(r.read("<b/>").what);
  EXPECT_TRUE(r.read("<c/>").what);
}

TEST(Reader, CountsSpaceBetweenChildrenForNothing) {
  EXPECT_EQ(outcome("<a>" + times(2000, " ") + "<b/>", 10, small), "root <a/> in \nchild <b/>\n");
}

TEST(Parse, TakesAWholeDocument) {
  const auto read = parse("<?xml version='1.0'?>\n<a xmlns='u'>x<b/>y</a>\n");
  ASSERT_TRUE(std::holds_alternative<element>(read));
  EXPECT_EQ(to_text(std::get<element>(read)), "<a xmlns='u'>x<b/>y</a>");
}

TEST(Parse, RefusesWhatIsNoDocument) {
  for (const auto* text : {"", "x", "<a>", "<a/><b/>", "<a/>x", "<a>&x;</a>", "<!DOCTYPE a><a/>", "<a/><!-- x -->"})
    EXPECT_TRUE(std::holds_alternative<fault>(parse(text))) << text;
  EXPECT_EQ(std::get<fault>(parse("<a>" + times(400, "x") + "</a>", small)), fault::over_limit);
}

} // namespace
} // namespace rookery::xml
