#include "protocols/sasl/bearer.hpp"

#include <gtest/gtest.h>

namespace rookery::sasl {
namespace {

using namespace std::string_literals;

TEST(BearerMessage, OauthbearerIsReadOrRefused) {
  const struct { const char* name; std::string message; bool read; const char *authzid, *token; } rows[] = {
      {"of the standard", "n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer vF9d==\1\1", true, "user@example.com", "vF9d=="},
      {"nobody in particular", "n,,\1auth=Bearer abc\1\1", true, "", "abc"},
      {"scheme in any case", "y,,\1auth=bearer abc\1\1", true, "", "abc"},
      {"an escaped name", "n,a=a=2Cb=3D,\1auth=Bearer abc\1\1", true, "a,b=", "abc"},
      {"an empty token asks", "n,,\1auth=\1\1", true, "", ""},
      {"unknown keys", "n,,\1mthd=POST\1path=/\1post=\1qs=x=y\1auth=Bearer abc\1\1", true, "", "abc"},
      {"empty", "", false, "", ""},
      {"channel binding", "p=tls-exporter,,\1auth=Bearer abc\1\1", false, "", ""},
      {"no header", "\1auth=Bearer abc\1\1", false, "", ""},
      {"no separator", "n,,auth=Bearer abc\1\1", false, "", ""},
      {"no auth", "n,,\1host=x\1\1", false, "", ""},
      {"auth twice", "n,,\1auth=Bearer abc\1auth=Bearer def\1\1", false, "", ""},
      {"no end", "n,,\1auth=Bearer abc\1", false, "", ""},
      {"more behind the end", "n,,\1auth=Bearer abc\1\1x", false, "", ""},
      {"another scheme", "n,,\1auth=MAC abc\1\1", false, "", ""},
      {"no token", "n,,\1auth=Bearer \1\1", false, "", ""},
      {"padding alone", "n,,\1auth=Bearer ==\1\1", false, "", ""},
      {"a space in the token", "n,,\1auth=Bearer a b\1\1", false, "", ""},
      {"a line end in the token", "n,,\1auth=Bearer a\r\nb\1\1", false, "", ""},
      {"a NUL", "n,,\1host=a\0b\1auth=Bearer abc\1\1"s, false, "", ""},
      {"no key", "n,,\1=x\1auth=Bearer abc\1\1", false, "", ""},
      {"no equals sign", "n,,\1host\1auth=Bearer abc\1\1", false, "", ""},
  };
  for (const auto& row : rows) {
    const auto got = read_oauthbearer(row.message);
    ASSERT_EQ(got.has_value(), row.read) << row.name;
    if (!got) continue;
    EXPECT_EQ(got->authzid, row.authzid) << row.name;
    EXPECT_EQ(got->token, row.token) << row.name;
  }
}

TEST(BearerMessage, Xoauth2IsReadOrRefused) {
  const struct { const char* name; std::string message; bool read; } rows[] = {
      {"usual", "user=u@example.com\1auth=Bearer abc\1\1", true},
      {"the other way round", "auth=Bearer abc\1user=u@example.com\1\1", true},
      {"no user", "auth=Bearer abc\1\1", false},
      {"an empty user", "user=\1auth=Bearer abc\1\1", false},
      {"user twice", "user=u@example.com\1user=v\1auth=Bearer abc\1\1", false},
      {"no auth", "user=u@example.com\1\1", false},
      {"of the other mechanism", "n,,\1auth=Bearer abc\1\1", false},
      {"no end", "user=u@example.com\1auth=Bearer abc", false},
      {"nothing", "", false},
  };
  for (const auto& row : rows) {
    const auto got = read_xoauth2(row.message);
    ASSERT_EQ(got.has_value(), row.read) << row.name;
    if (got) {
      EXPECT_EQ(got->authzid, "u@example.com") << row.name;
      EXPECT_EQ(got->token, "abc") << row.name;
    }
  }
}

TEST(BearerMessage, RefusalsSayWhatIsKnown) {
  EXPECT_EQ(bearer_refusal("", ""), R"({"status":"invalid_token"})");
  EXPECT_EQ(xoauth2_refusal("https://mail.example/"), R"({"status":"401","schemes":"bearer","scope":"https://mail.example/"})");
}

} // namespace
} // namespace rookery::sasl
