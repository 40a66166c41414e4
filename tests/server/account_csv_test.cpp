#include "server/cli/account_csv.hpp"

#include <gtest/gtest.h>

namespace rookery::cli {
namespace {

TEST(AccountCsv, ReadsQuotesMarksAndLineEndsOfAllKinds) {
  const auto rows = read_account_csv("\xef\xbb\xbf" "Address,password,display_name,admin,may_send_as\r\n"
                                     "a@x,\"pass,word\",\"Ann \"\"A\"\" Lee\",yes,\r\n"
                                     "\r\n"
                                     "b@x, spaced ,\"two\nlines\",,b1@x; @y\n"
                                     "c@x");
  ASSERT_TRUE(rows) << rows.error().client.value;
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].get_string("password"), "pass,word");
  EXPECT_EQ((*rows)[0].get_string("display_name"), "Ann \"A\" Lee");
  EXPECT_EQ((*rows)[0].get_bool("admin"), true);
  EXPECT_EQ((*rows)[0].find("may_send_as"), nullptr);
  EXPECT_EQ((*rows)[1].get_string("password"), " spaced ");
  EXPECT_EQ((*rows)[1].get_string("display_name"), "two\nlines");
  EXPECT_EQ((*rows)[1].get_strings("may_send_as"), (std::vector<std::string>{"b1@x", "@y"}));
  EXPECT_EQ((*rows)[2].as_object()->size(), 1u);
}

TEST(AccountCsv, TheRefusalNamesTheLine) {
  struct row {
    const char* text;
    const char* part;
  };
  const row rows[] = {
      {"", "empty"},
      {"address,colour\n", "line 1: colour is no column"},
      {"password\n", "line 1: there is no column address"},
      {"address\na@x,b\n", "line 2: there are more fields"},
      {"address,password\na@x,p\nb@x,\"p\nc@x,p\n", "line 3: a quoted field does not end"},
      {"address,admin\na@x,perhaps\n", "line 2: admin is yes or no"},
  };
  for (const auto& r : rows) {
    const auto got = read_account_csv(r.text);
    ASSERT_FALSE(got) << r.text;
    EXPECT_NE(got.error().client.value.find(r.part), std::string::npos) << got.error().client.value;
  }
}

} // namespace
} // namespace rookery::cli
