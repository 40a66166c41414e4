#include "protocols/http/date.hpp"
#include "protocols/http/field.hpp"
#include "protocols/http/status.hpp"
#include "protocols/http/target.hpp"

#include "protocols/http/range.hpp"

#include <gtest/gtest.h>

namespace rookery::http {
namespace {

TEST(HttpTarget, IsReadInEveryForm) {
  struct {
    const char *target, *path, *query;
  } rows[] = {{"/", "/", ""}, {"/a/b?c=d?e", "/a/b", "c=d?e"}, {"http://h/x?y", "/x", "y"}, {"HTTPS://h:443", "/", ""},
              {"*", "*", ""}, {"/%41", "/%41", ""}};
  for (const auto& [target, path, query] : rows) {
    const auto parts = read_target(target);
    ASSERT_TRUE(parts) << target;
    EXPECT_EQ(parts->path, path);
    EXPECT_EQ(parts->query, query);
  }
  for (const char* target : {"", "a", "http:///x", "ftp://h/x", "/\x7f", "/\xc3\xa4", "h:25", "http://h?x", "http://"})
    EXPECT_FALSE(read_target(target)) << target;
}

TEST(HttpTarget, PercentCodingIsUndoneOnce) {
  EXPECT_EQ(percent_decoded("a%20b%2fc%2541+"), "a b/c%41+");
  for (const char* bad : {"%", "%4", "%zz", "%00", "a%"}) EXPECT_FALSE(percent_decoded(bad)) << bad;
  EXPECT_EQ(query_value("a=1&b=x+y%21&c", "b"), "x y!");
  EXPECT_EQ(query_value("a=1&b=x+y%21&c", "c"), "");
  EXPECT_EQ(query_value("a=1", "z"), std::nullopt);
}

TEST(HttpField, ListsAreSearchedItemByItem) {
  const std::vector<field> fields{{"Connection", "keep-alive , Upgrade"}, {"connection", "close"}, {"X", "closed"}};
  EXPECT_TRUE(lists(fields, "connection", "upgrade"));
  EXPECT_TRUE(lists(fields, "connection", "CLOSE"));
  EXPECT_FALSE(lists(fields, "connection", "keep"));
  EXPECT_FALSE(lists(fields, "x", "close"));
  EXPECT_EQ(count(fields, "CONNECTION"), 2u);
  EXPECT_EQ(find(fields, "x")->value, "closed");
}

TEST(HttpRange, OneRangeIsGivenAndTheRestIsTheWholeFile) {
  struct {
    const char *range, *expected;
  } rows[] = {
      {"bytes=0-0", "206 0+1 bytes 0-0/100"},      {"bytes=10-", "206 10+90 bytes 10-99/100"},
      {"bytes=-5", "206 95+5 bytes 95-99/100"},    {"bytes=-500", "206 0+100 bytes 0-99/100"},
      {"bytes=90-500", "206 90+10 bytes 90-99/100"}, {"BYTES=1-2", "206 1+2 bytes 1-2/100"},
      {"bytes=100-", "416 0+0 bytes */100"},       {"bytes=-0", "416 0+0 bytes */100"},
      {"bytes=99999999999999999999999-", "416 0+0 bytes */100"},
      {"bytes=5-4", "200 0+100 "},                 {"bytes=0-1,4-5", "200 0+100 "},
      {"bytes=", "200 0+100 "},                    {"bytes=-", "200 0+100 "},
      {"bytes=a-b", "200 0+100 "},                 {"lines=0-1", "200 0+100 "},
      {"bytes=+1-2", "200 0+100 "},
  };
  for (const auto& [range, expected] : rows) {
    const std::vector<field> fields{{"Range", range}};
    const auto got = answer_for_file(fields, 100, "\"t\"", true);
    const auto text = std::to_string(got.status) + " " + std::to_string(got.first) + "+" + std::to_string(got.length) + " " +
                      (got.fields.size() > 2 ? got.fields[2].value : "");
    EXPECT_EQ(text, expected) << range;
  }
  const std::vector<field> fields{{"Range", "bytes=0-0"}};
  EXPECT_EQ(answer_for_file(fields, 100, "\"t\"", false).status, 200);
  EXPECT_EQ(answer_for_file(fields, 0, "\"t\"", true).status, 416);
}

TEST(HttpRange, HoldsOnlyForTheSameFile) {
  const auto ask = [](std::vector<field> fields) { return answer_for_file(fields, 100, "\"t\"", true).status; };
  EXPECT_EQ(ask({{"Range", "bytes=0-0"}, {"If-Range", "\"t\""}}), 206);
  EXPECT_EQ(ask({{"Range", "bytes=0-0"}, {"If-Range", "W/\"t\""}}), 200);
  EXPECT_EQ(ask({{"Range", "bytes=0-0"}, {"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}}), 200);
  EXPECT_EQ(ask({{"Range", "bytes=0-0"}, {"Range", "bytes=1-1"}}), 200);
  EXPECT_EQ(ask({{"If-None-Match", "\"a\", W/\"t\""}}), 304);
  EXPECT_EQ(ask({{"If-None-Match", "*"}}), 304);
  EXPECT_EQ(ask({{"If-None-Match", "\"a\""}}), 200);
}

TEST(HttpDate, IsWrittenInItsOneForm) {
  EXPECT_EQ(date_text(base::from_milliseconds(784'111'777'999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date_text(base::from_milliseconds(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpStatus, HasAPhraseForWhatWeSend) {
  EXPECT_EQ(phrase(404), "Not Found");
  EXPECT_EQ(phrase(299), "Unknown");
  EXPECT_FALSE(has_body(304));
}

} // namespace
} // namespace rookery::http
