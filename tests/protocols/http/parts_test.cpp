#include "protocols/http/date.hpp"
#include "protocols/http/field.hpp"
#include "protocols/http/status.hpp"
#include "protocols/http/target.hpp"

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
