#include "policy/federation/peer_rules.hpp"
#include "protocols/xmpp/federation/certificate_identity.hpp"
#include "protocols/xmpp/federation/dialback.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp::federation {
namespace {

TEST(Dialback, TheKeyIsThatOfXep0185) {
  const auto key = dialback_key("s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F");
  EXPECT_EQ(key, "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643");
  EXPECT_TRUE(is_dialback_key(key, "s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F"));
  EXPECT_FALSE(is_dialback_key(key, "s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229G"));
  EXPECT_FALSE(is_dialback_key(key, "s3cr3tf0rd14lb4ck", "example.org", "xmpp.example.com", "D60000229F"));
  EXPECT_FALSE(is_dialback_key("", "s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F"));
}

TEST(CertificateIdentity, OneOfItsNamesFits) {
  struct {
    const char* what;
    std::vector<std::string> domains, services, addresses;
    const char* domain;
    bool fits;
  } const rows[] = {
      {"dNSName", {"other.example", "example.org"}, {}, {}, "example.org", true},
      {"another dNSName", {"example.org"}, {}, {}, "example.net", false},
      {"below it", {"example.org"}, {}, {}, "a.example.org", false},
      {"wildcard", {"*.example.org"}, {}, {}, "a.example.org", true},
      {"wildcard takes one label", {"*.example.org"}, {}, {}, "a.b.example.org", false},
      {"wildcard takes a label", {"*.example.org"}, {}, {}, "example.org", false},
      {"wildcard below the top", {"*.org"}, {}, {}, "example.org", false},
      {"two wildcards", {"*.*.org"}, {}, {}, "a.b.org", false},
      {"part of a label", {"a*.example.org"}, {}, {}, "ab.example.org", false},
      {"IDNA", {"xn--bcher-kva.example"}, {}, {}, "b\xc3\xbc" "cher.example", true},
      {"SRVName", {}, {"_xmpp-server.example.org"}, {}, "example.org", true},
      {"SRVName of clients", {}, {"_xmpp-client.example.org"}, {}, "example.org", false},
      {"XmppAddr", {}, {}, {"Example.ORG"}, "example.org", true},
      {"XmppAddr of a person", {}, {}, {"ann@example.org"}, "example.org", false},
      {"XmppAddr in Unicode", {}, {}, {"b\xc3\xbc" "cher.example"}, "b\xc3\xbc" "cher.example", true},
      {"nothing", {}, {}, {}, "example.org", false},
      {"no domain", {"example.org"}, {}, {}, "", false},
  };
  for (const auto& row : rows) {
    client_certificate c;
    c.domains = row.domains;
    c.services = row.services;
    c.xmpp_addresses = row.addresses;
    EXPECT_EQ(speaks_for(c, row.domain), row.fits) << row.what;
  }
}

TEST(PeerRules, DomainsMeanWhatIsBelowThem) {
  const rookery::federation::peer_rules all, some("Example.org other.example", "bad.example.org"), blocked("", "example.org");
  EXPECT_TRUE(all.admits("example.org"));
  EXPECT_TRUE(some.admits("example.org"));
  EXPECT_TRUE(some.admits("conference.example.org"));
  EXPECT_FALSE(some.admits("bad.example.org"));
  EXPECT_FALSE(some.admits("a.bad.example.org"));
  EXPECT_FALSE(some.admits("notexample.org"));
  EXPECT_FALSE(some.admits("example.net"));
  EXPECT_FALSE(blocked.admits("a.example.org"));
  EXPECT_TRUE(blocked.admits("example.net"));
}

} // namespace
} // namespace rookery::xmpp::federation
