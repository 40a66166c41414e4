#include "protocols/tls/client_trust.hpp"

#include "client_certificates.hpp"
#include "pair.hpp"
#include "protocols/tls/certificate.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <gtest/gtest.h>

namespace rookery::tls {
namespace {

/// A client that shows this certificate; null: none.
std::shared_ptr<const tls_context> client_with(const char* certificate, const char* key, version most) {
  auto context = client_context(version::tls_1_2, most);
  if (certificate == nullptr) return context;
  const auto bio = [](const char* text) { return std::unique_ptr<BIO, int (*)(BIO*)>(BIO_new_mem_buf(text, -1), BIO_free); };
  X509* x = PEM_read_bio_X509(bio(certificate).get(), nullptr, nullptr, nullptr);
  EVP_PKEY* k = PEM_read_bio_PrivateKey(bio(key).get(), nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_CTX_use_certificate(context->native(), x), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context->native(), k), 1);
  X509_free(x);
  EVP_PKEY_free(k);
  return context;
}

struct server_side {
  server_side(std::shared_ptr<const tls_context> context, std::shared_ptr<const client_trust> clients) : layer(std::move(context), std::move(clients)) {}
  tls_layer layer;
  base::buffer plain, cipher;
};

/// The server's facts after a handshake with this client.
connection_facts facts_of(const std::shared_ptr<const tls_context>& server, const std::shared_ptr<const client_trust>& clients,
                          std::shared_ptr<const tls_context> client_context, const std::string& server_name = "a.example") {
  side client(std::move(client_context), server_name);
  server_side s(server, clients);
  client.layer.start(client.cipher);
  for (int turn = 0; turn < 20 && (!client.cipher.empty() || !s.cipher.empty()); ++turn) {
    const auto there = client.take();
    s.layer.feed_cipher(there, s.plain, s.cipher);
    const std::string back(s.cipher.view());
    s.cipher.clear();
    client.feed(back, 1 << 20);
  }
  EXPECT_EQ(s.layer.error_text(), "");
  EXPECT_TRUE(s.layer.handshake_done());
  connection_facts out;
  s.layer.describe(out);
  return out;
}

TEST(ClientTrust, SaysWhatTheCertificateIs) {
  const auto trusting = client_trust::make(client_authority).value();
  const auto nobody = client_trust::make({}).value();
  const struct { const char* name; const char *certificate, *key; bool trusted; const char* fault; } rows[] = {
      {"of the authority", client_ann, client_ann_key, true, ""},
      {"for servers", client_for_servers, client_for_servers_key, false, "unsuitable certificate purpose"},
      {"expired", client_expired, client_expired_key, false, "certificate has expired"},
  };
  for (const auto most : {version::tls_1_2, version::tls_1_3})
    for (const auto& row : rows) {
      const auto facts = facts_of(server_context("a.example"), trusting, client_with(row.certificate, row.key, most));
      ASSERT_TRUE(facts.tls_client) << row.name;
      EXPECT_EQ(facts.tls_client->trusted, row.trusted) << row.name;
      EXPECT_EQ(facts.tls_client->fault, row.fault) << row.name;
      EXPECT_EQ(facts.tls_client->sha256, read_certificate(row.certificate)->sha256) << row.name;
      EXPECT_EQ(facts.tls_client->subject, "CN=Ann") << row.name;
    }
  const auto facts = facts_of(server_context("a.example"), nobody, client_with(client_ann, client_ann_key, version::tls_1_3));
  ASSERT_TRUE(facts.tls_client);
  EXPECT_FALSE(facts.tls_client->trusted);
  EXPECT_EQ(facts.tls_client->fault, "no authority is trusted");
  EXPECT_EQ(facts.tls_client->addresses, (std::vector<std::string>{"ann@example.org", "a.second@example.org"}));
}

TEST(ClientTrust, OfServersOtherCertificatesAreRight) {
  const auto trusting = client_trust::make(client_authority, peer_kind::server).value();
  EXPECT_TRUE(facts_of(server_context("a.example"), trusting, client_with(client_for_servers, client_for_servers_key, version::tls_1_3)).tls_client->trusted);
  EXPECT_FALSE(facts_of(server_context("a.example"), trusting, client_with(client_ann, client_ann_key, version::tls_1_3)).tls_client->trusted);
}

TEST(ClientTrust, NamesOfAnXmppServer) {
  const auto facts = facts_of(server_context("a.example"), client_trust::make({}, peer_kind::server).value(),
                              client_with(xmpp_server, xmpp_server_key, version::tls_1_3));
  ASSERT_TRUE(facts.tls_client);
  EXPECT_EQ(facts.tls_client->domains, std::vector<std::string>{"chat.example.org"});
  EXPECT_EQ(facts.tls_client->services, std::vector<std::string>{"_xmpp-server.example.net"});
  EXPECT_EQ(facts.tls_client->xmpp_addresses, std::vector<std::string>{"example.org"});
  EXPECT_EQ(facts.tls_client->addresses, std::vector<std::string>{"ann@example.org"});
}

TEST(ClientTrust, ItsOwnSignatureIsNoAuthority) {
  const auto& own = pair_for("ann.example");
  const auto facts = facts_of(server_context("a.example"), client_trust::make(client_authority).value(),
                              client_with(own.certificates.c_str(), own.key.c_str(), version::tls_1_3));
  ASSERT_TRUE(facts.tls_client);
  EXPECT_FALSE(facts.tls_client->trusted);
  EXPECT_TRUE(facts.tls_client->addresses.empty());
}

TEST(ClientTrust, AClientWithoutACertificateIsServed) {
  for (const auto most : {version::tls_1_2, version::tls_1_3})
    EXPECT_FALSE(facts_of(server_context("a.example"), client_trust::make(client_authority).value(), client_with(nullptr, nullptr, most)).tls_client);
}

TEST(ClientTrust, NobodyIsAskedWithoutIt) {
  EXPECT_FALSE(facts_of(server_context("a.example"), nullptr, client_with(client_ann, client_ann_key, version::tls_1_3)).tls_client);
}

TEST(ClientTrust, ACertificateChosenByNameAsksToo) {
  server_settings settings;
  settings.certificates_pem = pair_for("a.example").certificates;
  settings.key_pem = pair_for("a.example").key;
  settings.choose = [other = server_context("b.example")](std::string_view) { return other; };
  const auto context = tls_context::make_server(std::move(settings)).value();
  const auto facts = facts_of(context, client_trust::make(client_authority).value(), client_with(client_ann, client_ann_key, version::tls_1_3), "b.example");
  ASSERT_TRUE(facts.tls_client);
  EXPECT_TRUE(facts.tls_client->trusted);
}

TEST(ClientTrust, ATextWithoutCertificatesIsRefused) {
  EXPECT_FALSE(client_trust::make("\n"));
  EXPECT_FALSE(client_trust::make("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

} // namespace
} // namespace rookery::tls
