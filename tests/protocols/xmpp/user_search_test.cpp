#include "protocols/xmpp/user_search.hpp"

#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

TEST(UserSearch, PatternsFitWholeTexts) {
  struct row {
    const char *pattern, *text;
    bool fits;
  };
  for (const auto& r : std::initializer_list<row>{{"ann", "ann", true}, {"ann", "anna", false}, {"ann%", "anna", true}, {"%nn%", "anna", true},
                                                  {"%", "", true}, {"%%", "x", true}, {"", "", true}, {"", "x", false}, {"a%b%c", "aXbXbXc", true},
                                                  {"a%b%c", "aXbX", false}, {"%b", "bab", true}, {"a_c", "abc", false}})
    EXPECT_EQ(fits(r.pattern, r.text), r.fits) << r.pattern << " in " << r.text;
  // Many wildcards cost no more than their product.
  EXPECT_FALSE(fits("%a%a%a%a%a%a%a%b", std::string(10'000, 'a')));
}

xml::element query(const std::string& inner) {
  const auto parsed = xml::parse("<query xmlns='jabber:iq:search'>" + inner + "</query>");
  return std::get<xml::element>(parsed);
}

TEST(UserSearch, AllThatIsSaidMustFit) {
  const search_person ann{"Ánn Marie Bée", "ann.bee@x.example", {"ann.bee", "x.example", {}}};
  struct row {
    const char* asked;
    bool fits;
  };
  for (const auto& r : std::initializer_list<row>{{"<nick>ánn marie bée</nick>", true},
                                                  {"<nick>MARIE</nick>", true},
                                                  {"<nick>Mari</nick>", false},
                                                  {"<nick>mari%</nick>", true},
                                                  {"<nick>ann.bee</nick>", true},
                                                  {"<first>ánn</first><last>BÉE</last>", true},
                                                  {"<first>ánn</first><last>marie</last>", false},
                                                  {"<email>ann.bee</email>", true},
                                                  {"<email>%@x.example</email>", true},
                                                  {"<email>bee</email>", false},
                                                  {"<unknown>zzz</unknown><email>ANN%</email>", true},
                                                  {"<x xmlns='jabber:x:data' type='submit'><field var='email'><value>%bee@%</value></field></x>", true}}) {
    const auto w = read_search(query(r.asked));
    ASSERT_TRUE(w) << r.asked;
    EXPECT_EQ(w->fits(ann), r.fits) << r.asked;
  }
}

TEST(UserSearch, IsBounded) {
  EXPECT_TRUE(read_search(query("<nick>" + std::string(search_text_max, 'x') + "</nick>")));
  EXPECT_FALSE(read_search(query("<nick>" + std::string(search_text_max + 1, 'x') + "</nick>")));
  EXPECT_TRUE(read_search(query("<nick>%%%%%%%%</nick>")));
  EXPECT_FALSE(read_search(query("<nick>%%%%%%%%%</nick>")));
  EXPECT_FALSE(read_search(query("<x xmlns='jabber:x:data' type='cancel'/>")));
  EXPECT_TRUE(read_search(query("<nick> </nick>"))->empty());
}

TEST(UserSearch, AnswersInTheFormThatWasAsked) {
  const std::vector<search_person> found{{"Ann Bee", "ann@x.example", {"ann", "x.example", {}}}};
  EXPECT_EQ(xml::to_text(search_answer(*read_search(query("<nick>a</nick>")), found)),
            "<query xmlns='jabber:iq:search'><item jid='ann@x.example'><first>Ann</first><last>Bee</last><nick>Ann Bee</nick><email>ann@x.example</email></item></query>");
  const auto form = xml::to_text(search_answer(*read_search(query("<x xmlns='jabber:x:data' type='submit'/>")), found));
  EXPECT_NE(form.find("<reported>"), std::string::npos);
  EXPECT_NE(form.find("<item><field var='jid'><value>ann@x.example</value></field>"), std::string::npos);
}

} // namespace
} // namespace rookery::xmpp
