#include "protocols/xmpp/jid.hpp"

#include <gtest/gtest.h>

#include <string>

namespace rookery::xmpp {
namespace {

struct row {
  const char* name;
  std::string text;
  std::string expected; ///< empty: no address
};

class Jid : public testing::TestWithParam<row> {};

TEST_P(Jid, HasOneNormalForm) {
  const auto read = read_jid(GetParam().text);
  EXPECT_EQ(read ? read->text() : "", GetParam().expected);
  if (read) {
    EXPECT_EQ(read_jid(read->text()), read) << "normal forms stay";
  }
}

const std::string long_part(1023, 'x');

// RFC 7622 §3.5 has many of these.
INSTANTIATE_TEST_SUITE_P(
    Table, Jid,
    testing::Values(
        row{"full", "juliet@example.com/foo bar", "juliet@example.com/foo bar"},
        row{"case_of_parts", "Juliet@EXAMPLE.com/Foo", "juliet@example.com/Foo"},
        row{"domain_alone", "example.com", "example.com"}, row{"domain_and_resource", "example.com/foobar", "example.com/foobar"},
        row{"at_and_slash_in_a_resource", "a.example.com/b@example.net/c", "a.example.com/b@example.net/c"},
        row{"final_dot_of_a_domain", "a@example.com.", "a@example.com"},
        row{"sharp_s", "fu\xc3\x9f"
                       "ball@example.com",
            "fu\xc3\x9f"
            "ball@example.com"},
        row{"greek_case", "\xce\xa3@example.com/\xce\xa3", "\xcf\x83@example.com/\xce\xa3"},
        row{"final_sigma", "\xcf\x82@example.com", "\xcf\x82@example.com"},
        row{"unicode_domain", "a@B\xc3\xbc"
                              "cher.example",
            "a@b\xc3\xbc"
            "cher.example"},
        row{"ascii_form_of_a_domain", "a@xn--bcher-kva.example", "a@b\xc3\xbc"
                                                                  "cher.example"},
        row{"wide_letters_of_a_name", "\xef\xbd\x81@example.com", "a@example.com"},
        row{"composed", "u\xcc\x88@example.com/u\xcc\x88", "\xc3\xbc@example.com/\xc3\xbc"},
        row{"king_of_chess_as_a_resource", "a@example.com/\xe2\x99\x9a", "a@example.com/\xe2\x99\x9a"},
        row{"king_of_chess_as_a_name", "\xe2\x99\x9a@example.com", ""},
        row{"any_space_in_a_resource", "a@example.com/b\xc2\xa0"
                                       "c",
            "a@example.com/b c"},
        row{"ipv4", "a@192.0.2.1", "a@192.0.2.1"}, row{"ipv6", "a@[2001:DB8::1]/b", "a@[2001:db8::1]/b"},
        row{"hebrew_name", "\xd7\x90\xd7\x91@example.com", "\xd7\x90\xd7\x91@example.com"},
        row{"hebrew_name_that_begins_with_a_digit", "1\xd7\x90@example.com", ""},
        row{"middle_dot_between_l", "l\xc2\xb7l@example.com", "l\xc2\xb7l@example.com"},
        row{"middle_dot_elsewhere", "a\xc2\xb7l@example.com", ""},
        row{"mixed_arabic_digits", "\xd9\xa1\xdb\xb1@example.com", ""},
        row{"roman_numeral", "henry\xe2\x85\xa3@example.com", ""},
        row{"longest_name", long_part + "@example.com", long_part + "@example.com"},
        row{"name_too_long", long_part + "x@example.com", ""},
        row{"longest_resource", "a@example.com/" + long_part, "a@example.com/" + long_part},
        row{"resource_too_long", "a@example.com/" + long_part + "x", ""},
        row{"domain_too_long", std::string(64, 'x') + ".example", ""},
        row{"quote", "\"juliet\"@example.com", ""}, row{"space_in_a_name", "foo bar@example.com", ""},
        row{"empty_resource", "juliet@example.com/", ""}, row{"empty_name", "@example.com", ""}, row{"empty_domain", "juliet@", ""},
        row{"empty", "", ""}, row{"two_ats", "a@b@example.com", ""}, row{"slash_first", "/foo", ""},
        row{"control", "a@example.com/\x01", ""}, row{"no_utf_8", "\xff@example.com", ""},
        row{"unassigned", "a@example.com/\xf3\xbf\xbf\xbf", ""}, row{"space_in_a_domain", "a@ex ample.com", ""},
        row{"markup_in_a_domain", "a@<x>", ""}, row{"a_label_that_no_name_has", "xn--bchvane.example", ""},
        row{"empty_label", "a@example..com", ""}),
    [](const auto& of) { return of.param.name; });

TEST(JidEscape, BringsAnyTextIntoALocalPart) {
  // XEP-0106 §5
  for (const auto& [text, local] : {std::pair{"space cadet", "space\\20cadet"}, {"call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22"},
                                    {"at&t guy", "at\\26t\\20guy"}, {"d'artagnan", "d\\27artagnan"}, {"/.fanboy", "\\2f.fanboy"},
                                    {"<foo>", "\\3cfoo\\3e"}, {"user@host", "user\\40host"}, {"c:\\net", "c\\3a\\net"},
                                    {"c:\\cool stuff", "c\\3a\\cool\\20stuff"}, {"c:\\5commas", "c\\3a\\5c5commas"}}) {
    EXPECT_EQ(escape_local(text), local);
    EXPECT_EQ(unescape_local(local), text);
  }
}

} // namespace
} // namespace rookery::xmpp
