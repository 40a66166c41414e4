#include "storage/search/document.hpp"

#include <gtest/gtest.h>

#include <map>

namespace rookery::storage::search {
namespace {

std::map<std::string, std::uint32_t> terms(const document& d) {
  std::map<std::string, std::uint32_t> all;
  d.for_each([&](word_class c, std::string_view w, std::uint32_t n) { all[static_cast<char>(c) + std::string(w)] = n; });
  return all;
}

void text(document& d, text_source s, std::string_view t) {
  d.feed(s, t);
  d.end_text();
}

TEST(SearchDocument, AWordIsKeptOnceForExactAndFuzzySearches) {
  document d;
  text(d, text_source::plain, "ONE TWO ONE");
  text(d, text_source::markup, "<B>THREE</B> FOUR");
  text(d, text_source::visible, "THREE \xc3\x84 FOUR");
  EXPECT_EQ(terms(d), (std::map<std::string, std::uint32_t>{{"BONE", 2}, {"BTWO", 1}, {"GB", 0}, {"BTHREE", 1}, {"BFOUR", 1}, {"V\xc3\x84", 1}}));
}

TEST(SearchDocument, FieldsHaveClassesOfTheirOwn) {
  document d;
  text(d, text_source::header, "SUBJECT: HI");
  text(d, text_source::header_value, "HI OTHER");
  text(d, text_source::subject, "HI");
  text(d, text_source::part_header, "CONTENT-TYPE: X");
  EXPECT_EQ(terms(d), (std::map<std::string, std::uint32_t>{
                          {"HSUBJECT", 0}, {"HHI", 0}, {"AOTHER", 0}, {"SHI", 1}, {"GCONTENT", 0}, {"GTYPE", 0}, {"GX", 0},
                          {"bCONTENT-TYPE", 0}}));
}

TEST(SearchDocument, JoinedWordsAreForExactSearchesAlone) {
  document d;
  text(d, text_source::plain, "E-MAIL");
  text(d, text_source::markup, "E-MAIL A.B");
  text(d, text_source::visible, "SEEN.ONLY");
  text(d, text_source::header_value, "<U@HOST>");
  text(d, text_source::from, "U@HOST");
  std::map<std::string, std::uint32_t> joined;
  for (const auto& [term, count] : terms(d))
    if (term.front() >= 'a') joined[term] = count;
  EXPECT_EQ(joined, (std::map<std::string, std::uint32_t>{{"bE-MAIL", 0}, {"bA.B", 0}, {"aU@HOST", 0}, {"fU@HOST", 0}}));
}

TEST(SearchDocument, LimitsMakeItPartial) {
  document few({100, 2});
  text(few, text_source::plain, "A B");
  EXPECT_FALSE(few.partial());
  text(few, text_source::plain, "C");
  EXPECT_TRUE(few.partial());
  EXPECT_EQ(terms(few).size(), 2u);
  document small({4, 100});
  text(small, text_source::plain, "ABCDE");
  EXPECT_TRUE(small.partial());
  EXPECT_TRUE(small.full());
  EXPECT_TRUE(terms(small).empty());
}

} // namespace
} // namespace rookery::storage::search
