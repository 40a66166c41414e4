#include "protocols/smtp/address.hpp"

#include <gtest/gtest.h>

namespace rookery::smtp {
namespace {

TEST(SmtpAddress, PathsAreReadAndPrinted) {
  const struct { const char* input; const char* text; const char* key; } rows[] = {
      {"<ann@example.net>", "ann@example.net", "ann@example.net"},
      {"<Ann.B@EXAMPLE.net>", "Ann.B@example.net", "ann.b@example.net"},
      {"<@a.example,@b.example:ann@example.net>", "ann@example.net", "ann@example.net"},
      {"<\"ann\"@example.net>", "ann@example.net", "ann@example.net"},
      {"<\"a b\\\"\\\\\"@example.net>", "\"a b\\\"\\\\\"@example.net", "\"a b\\\"\\\\\"@example.net"},
      {"<\"a@b>\"@example.net>", "\"a@b>\"@example.net", "\"a@b>\"@example.net"},
      {"<a..b@example.net>", "\"a..b\"@example.net", "\"a..b\"@example.net"},
      {"<ann+list=x#!@example.net>", "ann+list=x#!@example.net", "ann+list=x#!@example.net"},
      {"<ann@[192.0.2.1]>", "ann@[192.0.2.1]", "ann@[192.0.2.1]"},
      {"<ann@[IPv6:::1]>", "ann@[ipv6:::1]", "ann@[ipv6:::1]"},
      {"<ann@host_name.example>", "ann@host_name.example", "ann@host_name.example"},
      {"<ann@localhost>", "ann@localhost", "ann@localhost"},
      {"<\xc3\xa4@b\xc3\xbc.example>", "\xc3\xa4@b\xc3\xbc.example", "\xc3\xa4@b\xc3\xbc.example"},
  };
  for (const auto& row : rows) {
    std::string_view text = row.input;
    const auto m = read_path(text, {});
    ASSERT_TRUE(m.ok()) << row.input;
    EXPECT_EQ(m->text(), row.text);
    EXPECT_EQ(m->key(), row.key);
    EXPECT_TRUE(text.empty()) << row.input;
    std::string again = "<" + m->text() + ">";
    text = again;
    const auto second = read_path(text, {});
    ASSERT_TRUE(second.ok()) << again;
    EXPECT_EQ(second->text(), row.text);
  }
}

TEST(SmtpAddress, OtherTextsAreRefused) {
  const struct { std::string input; address_error why; } rows[] = {
      {"", address_error::syntax},
      {"ann@example.net", address_error::syntax},
      {"<>", address_error::syntax},
      {"<ann@example.net", address_error::domain},
      {"<ann>", address_error::domain},
      {"<@example.net>", address_error::syntax},
      {"<@a.example,ann@example.net>", address_error::syntax},
      {"<ann@>", address_error::domain},
      {"<ann b@example.net>", address_error::local_part},
      {"<ann@exa mple.net>", address_error::domain},
      {"<\"ann@example.net>", address_error::local_part},
      {"<\"\"@example.net>", address_error::local_part},
      {"<\"a\tb\"@example.net>", address_error::local_part},
      {"<ann@-example.net>", address_error::domain},
      {"<ann@example-.net>", address_error::domain},
      {"<ann@example..net>", address_error::domain},
      {"<ann@example.net.>", address_error::domain},
      {"<ann@[1.2.3]>", address_error::domain},
      {"<ann@[1.2.3.256]>", address_error::domain},
      {"<ann@[1.2.3.4.5]>", address_error::domain},
      {"<ann@[IPv6:1::2::3]>", address_error::domain},
      {"<ann@[IPv6:1:2:3:4:5:6:7]>", address_error::domain},
      {"<ann@[IPv6:1:2:3:4:5:6:7:8:9]>", address_error::domain},
      {"<ann@[IPv6:12345::]>", address_error::domain},
      {"<ann@[x]>", address_error::domain},
      {"<\xff@example.net>", address_error::local_part},
      {"<" + std::string(256, 'a') + "@example.net>", address_error::too_long},
      {"<ann@" + std::string(300, 'a') + ">", address_error::too_long},
      {"<ann@" + std::string(64, 'a') + ".net>", address_error::domain},
  };
  for (const auto& row : rows) {
    std::string_view text = row.input;
    const auto m = read_path(text, {});
    ASSERT_FALSE(m.ok()) << row.input;
    EXPECT_EQ(m.error(), row.why) << row.input;
    EXPECT_EQ(text, row.input);
  }
}

TEST(SmtpAddress, RulesAllowTheNullPathAndBareNames) {
  const auto reads = [](std::string_view text, path_rules rules) { return read_path(text, rules).ok(); };
  EXPECT_TRUE(reads("<>", {.null = true}));
  EXPECT_TRUE(reads("<POSTmaster>", {.bare_postmaster = true}));
  EXPECT_FALSE(reads("<ann>", {.bare_postmaster = true}));
  EXPECT_TRUE(reads("<ann>", {.bare_local_part = true}));
  EXPECT_TRUE(read_mailbox("ann@example.net").ok());
  EXPECT_FALSE(read_mailbox("ann").ok());
  EXPECT_FALSE(read_mailbox("ann@example.net>").ok());
}

TEST(SmtpAddress, LiteralsAreValidated) {
  for (const auto* good : {"[0.0.0.0]", "[IPv6:::]", "[ipv6:2001:db8::1]", "[IPv6:::ffff:192.0.2.1]", "[IPv6:1:2:3:4:5:6:7:8]", "[IPv6:1::]", "[x-y:abc]"})
    EXPECT_TRUE(valid_address_literal(good)) << good;
  for (const auto* bad : {"[]", "[IPv6:]", "[IPv6:1:::2]", "[IPv6:1:2:3:4:5:6:7:8::]", "[IPv6:g::]", "[1.2.3.4", "[:x]", "[x:]", "[x: y]"})
    EXPECT_FALSE(valid_address_literal(bad)) << bad;
}

} // namespace
} // namespace rookery::smtp
