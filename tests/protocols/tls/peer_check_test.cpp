#include "protocols/tls/peer_check.hpp"

#include "tests/protocols/tls/pair.hpp"
#include "tests/support/authority.hpp"

#include <gtest/gtest.h>

namespace rookery::tls {
namespace {

using tests::authority;
using tests::test_day;
using tests::tlsa_data;

struct outcome {
  bool open = false;
  peer_trust trust = peer_trust::unchecked;
  std::string failure;
  std::string server_name;
};

std::shared_ptr<const tls_context> server_with(const pem_pair& pem) {
  server_settings settings;
  settings.certificates_pem = pem.certificates;
  settings.key_pem = pem.key;
  return *tls_context::make_server(settings);
}

outcome meet(const pem_pair& server_pem, const std::string& trusted, peer_check check, const std::string& server_name = "mx.example") {
  outcome out;
  for (const auto most : {version::tls_1_2, version::tls_1_3}) {
    client_settings settings;
    settings.trusted_pem = trusted;
    settings.most = most;
    check.now = test_day;
    side client(*tls_context::make_client(settings), server_name, check), server(server_with(server_pem));
    client.layer.start(client.cipher);
    settle(client, server);
    connection_facts facts, other;
    client.layer.describe(facts);
    server.layer.describe(other);
    const outcome one{client.layer.handshake_done(), client.layer.trust(), std::string(client.layer.trust_failure()), other.tls_server_name};
    if (one.open) {
      EXPECT_EQ(facts.tls_peer, one.trust);
      EXPECT_EQ(facts.tls_peer_failure, one.failure);
      EXPECT_EQ(facts.tls_peer_text.empty(), one.failure.empty());
    }
    if (most == version::tls_1_3) {
      EXPECT_EQ(one.open, out.open);
      EXPECT_EQ(one.trust, out.trust);
      EXPECT_EQ(one.failure, out.failure);
    }
    out = one;
  }
  return out;
}

peer_check by_names(std::vector<std::string> names) {
  peer_check check;
  check.mode = check_mode::names;
  check.names = std::move(names);
  return check;
}

peer_check by_dane(std::vector<dns::tlsa> records, std::vector<std::string> names = {"mx.example"}) {
  peer_check check;
  check.mode = check_mode::dane;
  check.names = std::move(names);
  check.tlsa = std::move(records);
  return check;
}

const authority& ours() {
  static const authority a("Ours");
  return a;
}
const authority& others() {
  static const authority a("Others");
  return a;
}

TEST(PeerCheck, WithoutACheckAnyCertificateWillDo) {
  const auto got = meet(others().issue({{"elsewhere.example"}}), {}, {});
  EXPECT_TRUE(got.open);
  EXPECT_EQ(got.trust, peer_trust::unchecked);
  EXPECT_EQ(got.failure, "");
  EXPECT_EQ(got.server_name, "mx.example");
}

TEST(PeerCheck, AChainMustBeTrustedAndTheNameFit) {
  using hours = std::chrono::hours;
  struct {
    const char* what;
    pem_pair pem;
    std::vector<std::string> names;
    std::string failure;
  } rows[] = {
      {"good", ours().issue({{"mx.example"}}), {"mx.example"}, ""},
      {"upper case", ours().issue({{"MX.Example"}}), {"mx.example"}, ""},
      {"the second name asked for", ours().issue({{"mx.example"}}), {"example", "mx.example"}, ""},
      {"one of many in it", ours().issue({{"a.example", "b.example", "mx.example"}}), {"mx.example"}, ""},
      {"wildcard", ours().issue({{"*.sub.example"}}), {"mx.sub.example"}, ""},
      {"wildcard below the top", ours().issue({{"*.example"}}), {"mx.example"}, "certificate-host-mismatch"},
      {"wildcard takes one label", ours().issue({{"*.sub.example"}}), {"a.mx.sub.example"}, "certificate-host-mismatch"},
      {"wildcard takes a label", ours().issue({{"*.mx.example"}}), {"mx.example"}, "certificate-host-mismatch"},
      {"part of a label", ours().issue({{"m*.mx.example"}}), {"mail.mx.example"}, "certificate-host-mismatch"},
      {"another name", ours().issue({{"mail.example"}}), {"mx.example"}, "certificate-host-mismatch"},
      {"only the common name", ours().issue({{}, "mx.example"}), {"mx.example"}, "certificate-host-mismatch"},
      {"address", ours().issue({{"192.0.2.1"}}), {"192.0.2.1"}, ""},
      {"another address", ours().issue({{"192.0.2.2"}}), {"192.0.2.1"}, "certificate-host-mismatch"},
      {"another authority", others().issue({{"mx.example"}}), {"mx.example"}, "certificate-not-trusted"},
      {"signed by itself", *make_self_signed({"mx.example"}, test_day), {"mx.example"}, "certificate-not-trusted"},
      {"expired", ours().issue({{"mx.example"}, {}, test_day - hours(48), test_day - hours(24)}), {"mx.example"}, "certificate-expired"},
      {"not yet valid", ours().issue({{"mx.example"}, {}, test_day + hours(24), test_day + hours(48)}), {"mx.example"}, "validation-failure"},
  };
  for (const auto& [what, pem, names, failure] : rows) {
    const auto got = meet(pem, ours().pem(), by_names(names));
    EXPECT_TRUE(got.open) << what;
    EXPECT_EQ(got.failure, failure) << what;
    EXPECT_EQ(got.trust, failure.empty() ? peer_trust::pkix : peer_trust::failed) << what;
  }
}

TEST(PeerCheck, ARequiredCheckEndsTheHandshake) {
  auto check = by_names({"mx.example"});
  check.required = true;
  const auto bad = meet(others().issue({{"mx.example"}}), ours().pem(), check);
  EXPECT_FALSE(bad.open);
  EXPECT_EQ(bad.trust, peer_trust::failed);
  EXPECT_EQ(bad.failure, "certificate-not-trusted");
  EXPECT_TRUE(meet(ours().issue({{"mx.example"}}), ours().pem(), check).open);
}

TEST(PeerCheck, ADaneEndEntityNeedsNeitherNameNorDateNorAuthority) {
  using hours = std::chrono::hours;
  const auto self = *make_self_signed({"whatever.example"}, test_day);
  const auto expired = others().issue({{"elsewhere.example"}, {}, test_day - hours(48), test_day - hours(24)});
  for (const auto& pem : {self, expired})
    for (std::uint8_t selector = 0; selector < 2; ++selector)
      for (std::uint8_t matching = 0; matching < 3; ++matching) {
        const auto got = meet(pem, {}, by_dane({{3, selector, matching, tlsa_data(pem.certificates, selector, matching)}}));
        EXPECT_TRUE(got.open);
        EXPECT_EQ(got.trust, peer_trust::dane) << int{selector} << int{matching} << got.failure;
      }
}

TEST(PeerCheck, ADaneTrustAnchorNeedsTheNameAndTheDate) {
  using hours = std::chrono::hours;
  const std::vector<dns::tlsa> anchor{{2, 0, 1, tlsa_data(ours().pem(), 0, 1)}};
  struct {
    const char* what;
    pem_pair pem;
    std::vector<std::string> names;
    std::string failure;
  } rows[] = {
      {"good", ours().issue({{"mx.example"}}), {"mx.example"}, ""},
      {"the next hop's name", ours().issue({{"example"}}), {"mx.example", "example"}, ""},
      {"common name without others", ours().issue({{}, "mx.example"}), {"mx.example"}, ""},
      {"another name", ours().issue({{"elsewhere.example"}}), {"mx.example", "example"}, "certificate-host-mismatch"},
      {"another authority", others().issue({{"mx.example"}}), {"mx.example"}, "tlsa-invalid"},
      {"expired", ours().issue({{"mx.example"}, {}, test_day - hours(48), test_day - hours(24)}), {"mx.example"}, "certificate-expired"},
  };
  for (const auto& [what, pem, names, failure] : rows) {
    const auto got = meet(pem, {}, by_dane(anchor, names));
    EXPECT_EQ(got.failure, failure) << what;
    EXPECT_EQ(got.trust, failure.empty() ? peer_trust::dane : peer_trust::failed) << what;
  }
  // A trusted chain alone is no match: the records have the last word (RFC 7672 §3.1).
  const auto got = meet(others().issue({{"mx.example"}}), others().pem(), by_dane(anchor));
  EXPECT_EQ(got.trust, peer_trust::failed);
}

TEST(PeerCheck, OneRecordThatMatchesIsEnough) {
  const auto pem = ours().issue({{"mx.example"}});
  const dns::tlsa wrong{3, 1, 1, std::string(32, 'x')}, right{3, 1, 1, tlsa_data(pem.certificates, 1, 1)};
  EXPECT_EQ(meet(pem, {}, by_dane({wrong, right})).trust, peer_trust::dane);
  const auto bad = meet(pem, {}, by_dane({wrong}));
  EXPECT_TRUE(bad.open);
  EXPECT_EQ(bad.trust, peer_trust::failed);
  EXPECT_EQ(bad.failure, "tlsa-invalid");
}

TEST(PeerCheck, RecordsThatCannotBeUsedCheckNothing) {
  const auto pem = ours().issue({{"mx.example"}});
  const auto digest = tlsa_data(pem.certificates, 1, 1);
  const dns::tlsa useless[] = {{0, 1, 1, digest}, {1, 1, 1, digest}, {4, 1, 1, digest}, {3, 2, 1, digest},
                               {3, 1, 3, digest}, {3, 1, 1, "short"}, {3, 1, 2, digest}, {3, 1, 0, ""}};
  for (const auto& one : useless) {
    EXPECT_FALSE(usable(one));
    const auto got = meet(pem, {}, by_dane({one}));
    EXPECT_TRUE(got.open);
    EXPECT_EQ(got.trust, peer_trust::unchecked);
    EXPECT_EQ(got.failure, "tlsa-invalid");
  }
  EXPECT_TRUE(any_usable({useless[0], {3, 1, 1, digest}}));
}

TEST(PeerCheck, ATlsaRecordThatIsNoCertificateMatchesNothing) {
  const auto got = meet(ours().issue({{"mx.example"}}), {}, by_dane({{3, 0, 0, "not a certificate"}}));
  EXPECT_TRUE(got.open);
  EXPECT_NE(got.trust, peer_trust::dane);
  EXPECT_NE(got.trust, peer_trust::pkix);
}

TEST(PeerCheck, AChainAloneSaysWhoseItIs) {
  const auto pem = ours().issue({{"chat.example"}});
  for (const auto& [trusted, good] : {std::pair{ours().pem(), true}, std::pair{others().pem(), false}}) {
    client_settings settings;
    settings.trusted_pem = trusted;
    peer_check check;
    check.mode = check_mode::chain;
    check.now = test_day;
    side client(*tls_context::make_client(settings), "else.example", check), server(server_with(pem));
    client.layer.start(client.cipher);
    settle(client, server);
    connection_facts facts;
    client.layer.describe(facts);
    ASSERT_TRUE(facts.tls_server);
    EXPECT_EQ(facts.tls_server->domains, std::vector<std::string>{"chat.example"});
    EXPECT_EQ(facts.tls_server->trusted, good);
    EXPECT_EQ(facts.tls_server->fault.empty(), good);
    EXPECT_FALSE(facts.tls_client);
  }
}

TEST(PeerCheck, AClientShowsItsCertificate) {
  client_settings settings;
  const auto own = ours().issue({{"chat.example"}});
  settings.certificates_pem = own.certificates;
  settings.key_pem = own.key;
  ASSERT_TRUE(tls_context::make_client(settings));
  settings.key_pem = others().issue({{"chat.example"}}).key;
  EXPECT_FALSE(tls_context::make_client(settings)) << "the key of another";
  settings.certificates_pem = "no certificate";
  EXPECT_FALSE(tls_context::make_client(settings));
}

} // namespace
} // namespace rookery::tls
