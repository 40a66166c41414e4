#include "server/cli/migration_list.hpp"

#include <gtest/gtest.h>

namespace rookery::cli {
namespace {

json::value common() {
  json::value out{json::object{}};
  out.set("what", "migrate");
  out.set("host", "old.example");
  return out;
}

TEST(MigrationList, MakesAnOrderOfEachRow) {
  const auto rows = read_migration_list("\xef\xbb\xbf" "Account,login,password,host,port,tls\r\n"
                                        "a@x,\"a,*master\",\" pass\"\"word \",other.example,143,required\r\n"
                                        "\r\n"
                                        "b@x,,secret\n",
                                        common());
  ASSERT_TRUE(rows) << rows.error().log.value;
  ASSERT_EQ(rows->size(), 2u);
  const auto& a = (*rows)[0];
  EXPECT_EQ(a.get_string("what"), "migrate");
  EXPECT_EQ(a.get_string("login"), "a,*master");
  EXPECT_EQ(a.get_string("password"), " pass\"word ");
  EXPECT_EQ(a.get_string("host"), "other.example");
  EXPECT_EQ(a.get_unsigned("port"), 143u);
  EXPECT_EQ(a.get_string("tls"), "required");
  const auto& b = (*rows)[1];
  EXPECT_EQ(b.get_string("login"), "b@x");
  EXPECT_EQ(b.get_string("host"), "old.example");
  EXPECT_EQ(b.find("port"), nullptr);
}

TEST(MigrationList, TheRefusalNamesTheLineAndNoSecret) {
  struct row {
    const char* text;
    const char* part;
  };
  for (const auto& [text, part] : {
           row{"", "empty"},
           row{"account,secret\n", "line 1"},
           row{"account,password\na@x,p\n,hidden\n", "line 3"},
           row{"account,password\na@x,\n", "line 2: there is no password"},
           row{"account,password,port\na@x,hidden,0\n", "line 2: port"},
           row{"account,password\na@x,hidden,more\n", "line 2: there are more"},
           row{"account,password\na@x,\"hidden\n", "does not end"},
       }) {
    const auto rows = read_migration_list(text, common());
    ASSERT_FALSE(rows) << text;
    EXPECT_NE(rows.error().log.value.find(part), std::string::npos) << rows.error().log.value;
    EXPECT_EQ(rows.error().log.value.find("hidden"), std::string::npos);
  }
  EXPECT_FALSE(read_migration_list("account,password\na@x,p\n", json::value(json::object{}))) << "no host";
}

} // namespace
} // namespace rookery::cli
