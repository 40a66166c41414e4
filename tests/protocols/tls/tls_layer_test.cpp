#include "tests/protocols/tls/pair.hpp"

#include <gtest/gtest.h>

namespace rookery::tls {
namespace {

struct row {
  version most;
  std::size_t cut;
};

class TlsLayer : public testing::TestWithParam<row> {};

TEST_P(TlsLayer, CarriesOctetsBothWaysHoweverTheyAreCut) {
  const auto [most, cut] = GetParam();
  side client(client_context(version::tls_1_2, most), "mail.example");
  side server(server_context("mail.example"));
  client.layer.start(client.cipher);
  settle(client, server, cut);
  ASSERT_TRUE(client.layer.handshake_done());
  ASSERT_TRUE(server.layer.handshake_done());

  std::string large;
  for (int i = 0; large.size() < 100'000; ++i) large += std::to_string(i);
  client.layer.write_plain(large, client.cipher);
  server.layer.write_plain("220 hello\r\n", server.cipher);
  settle(client, server, cut);
  EXPECT_EQ(server.plain.view(), large);
  EXPECT_EQ(client.plain.view(), "220 hello\r\n");

  connection_facts facts, other;
  server.layer.describe(facts);
  client.layer.describe(other);
  EXPECT_TRUE(facts.tls);
  EXPECT_EQ(facts.tls_version, most == version::tls_1_3 ? "TLSv1.3" : "TLSv1.2");
  EXPECT_FALSE(facts.tls_cipher.empty());
  EXPECT_EQ(facts.tls_server_name, "mail.example");
  EXPECT_EQ(facts.tls_exporter.size(), most == version::tls_1_3 ? 32u : 0u);
  EXPECT_EQ(facts.tls_exporter, other.tls_exporter);
  EXPECT_EQ(facts.tls_server_end_point.size(), 32u);

  server.layer.close(server.cipher);
  settle(client, server, cut);
  EXPECT_EQ(client.layer.state(), tls_state::peer_closed);
  client.layer.write_plain("still here", client.cipher);
  client.layer.close(client.cipher);
  client.layer.end_of_stream();
  EXPECT_EQ(client.layer.state(), tls_state::closed);
  EXPECT_EQ(client.layer.error(), tls_error::none);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsLayer,
                         testing::Values(row{version::tls_1_3, 1 << 20}, row{version::tls_1_3, 1},
                                         row{version::tls_1_3, 7}, row{version::tls_1_2, 1 << 20},
                                         row{version::tls_1_2, 1}, row{version::tls_1_2, 1000}));

TEST(TlsLayer, WhatIsWrittenBeforeTheHandshakeIsOverWaits) {
  side client(client_context()), server(server_context("a.example"));
  server.layer.write_plain("* OK hello\r\n", server.cipher);
  EXPECT_TRUE(server.cipher.empty());
  client.layer.start(client.cipher);
  settle(client, server);
  EXPECT_EQ(client.plain.view(), "* OK hello\r\n");
}

TEST(TlsLayer, TooMuchWrittenBeforeTheHandshakeFails) {
  side server(server_context("a.example"));
  server.layer.write_plain(std::string(tls_layer::pending_octets_max, 'x'), server.cipher);
  EXPECT_EQ(server.layer.error(), tls_error::none);
  server.layer.write_plain("x", server.cipher);
  EXPECT_EQ(server.layer.error(), tls_error::pending_limit);
}

TEST(TlsLayer, PlainTextAtATlsPortIsNamed) {
  for (const char* text : {"EHLO there\r\n", "GET / HTTP/1.0\r\n\r\n", "\x80\x2e\x01", "a1 LOGIN\r\n"}) {
    side server(server_context("a.example"));
    server.feed(text, 3);
    EXPECT_EQ(server.layer.error(), tls_error::not_tls) << text;
    EXPECT_TRUE(server.plain.empty());
  }
}

TEST(TlsLayer, GarbageBehindARecordHeadIsRefusedWithAnAlert) {
  side server(server_context("a.example"));
  server.feed(std::string("\x16\x03\x01\x00\x20", 5) + std::string(64, 'z'), 1000);
  EXPECT_EQ(server.layer.state(), tls_state::failed);
  EXPECT_EQ(server.layer.error(), tls_error::damaged);
  EXPECT_FALSE(server.layer.error_text().empty());
  EXPECT_FALSE(server.cipher.empty());
}

TEST(TlsLayer, AChangedOctetInARecordEndsTheConnection) {
  side client(client_context()), server(server_context("a.example"));
  client.layer.start(client.cipher);
  settle(client, server);
  client.layer.write_plain("DELE 1\r\n", client.cipher);
  auto octets = client.take();
  octets.back() = static_cast<char>(octets.back() ^ 1);
  server.feed(octets, 1000);
  EXPECT_EQ(server.layer.error(), tls_error::damaged);
  EXPECT_TRUE(server.plain.empty());
  settle(client, server);
  EXPECT_EQ(client.layer.error(), tls_error::peer_alert);
}

TEST(TlsLayer, AStreamThatEndsWithoutCloseNotifyIsTruncated) {
  side client(client_context()), server(server_context("a.example"));
  client.layer.start(client.cipher);
  settle(client, server);
  server.layer.end_of_stream();
  EXPECT_EQ(server.layer.error(), tls_error::truncated);
  EXPECT_EQ(name(server.layer.error()), "truncated");
}

TEST(TlsLayer, NothingIsReadBehindTheCloseOfThePeer) {
  side client(client_context()), server(server_context("a.example"));
  client.layer.start(client.cipher);
  settle(client, server);
  client.layer.write_plain("QUIT\r\n", client.cipher);
  client.layer.close(client.cipher);
  server.feed(client.take() + "and some plain text", 1 << 20);
  EXPECT_EQ(server.plain.view(), "QUIT\r\n");
  EXPECT_EQ(server.layer.state(), tls_state::peer_closed);
}

TEST(TlsLayer, TheServerNameChoosesTheCertificate) {
  const auto other = server_context("two.example");
  server_settings settings;
  settings.certificates_pem = pair_for("one.example").certificates;
  settings.key_pem = pair_for("one.example").key;
  settings.choose = [&](std::string_view asked) {
    return asked == "two.example" ? other : std::shared_ptr<const tls_context>();
  };
  const auto first = *tls_context::make_server(settings);
  struct {
    const char* asked;
    const char* certificate;
  } rows[] = {{"one.example", "one.example"}, {"TWO.example", "two.example"},
              {"unknown.example", "one.example"}, {"", "one.example"}};
  for (const auto& [asked, certificate] : rows)
    for (const auto most : {version::tls_1_2, version::tls_1_3}) {
      client_settings client;
      client.trusted_pem = pair_for(certificate).certificates;
      client.most = most;
      side a(*tls_context::make_client(client), asked), b(first);
      a.layer.start(a.cipher);
      settle(a, b);
      ASSERT_TRUE(a.layer.handshake_done()) << asked << a.layer.error_text();
      connection_facts facts;
      b.layer.describe(facts);
      EXPECT_EQ(facts.tls_server_end_point, read_certificate(pair_for(certificate).certificates)->sha256) << asked;
    }
}

TEST(TlsLayer, WhoNamesNobodyIsShownTheExpectedName) {
  const auto other = server_context("two.example");
  server_settings settings;
  settings.certificates_pem = pair_for("one.example").certificates;
  settings.key_pem = pair_for("one.example").key;
  settings.choose = [&](std::string_view asked) { return asked == "two.example" ? other : std::shared_ptr<const tls_context>(); };
  const auto first = *tls_context::make_server(settings);
  struct {
    const char *asked, *expected, *certificate;
  } rows[] = {{"", "two.example", "two.example"}, {"", "Two.Example", "two.example"}, {"", "three.example", "one.example"},
              {"one.example", "two.example", "one.example"}, {"two.example", "one.example", "two.example"}, {"", "", "one.example"}};
  for (const auto& [asked, expected, certificate] : rows)
    for (const auto most : {version::tls_1_2, version::tls_1_3}) {
      client_settings client;
      client.trusted_pem = pair_for(certificate).certificates;
      client.most = most;
      side a(*tls_context::make_client(client), asked), b(first);
      if (*expected != 0) b.layer.expect_name(expected);
      a.layer.start(a.cipher);
      settle(a, b);
      ASSERT_TRUE(a.layer.handshake_done()) << asked << a.layer.error_text();
      connection_facts facts;
      b.layer.describe(facts);
      EXPECT_EQ(facts.tls_server_name, asked);
      EXPECT_EQ(facts.tls_server_end_point, read_certificate(pair_for(certificate).certificates)->sha256) << asked << " " << expected;
    }
}

TEST(TlsLayer, ACertificateForAnotherNameIsRefusedByAClientThatVerifies) {
  client_settings settings;
  settings.trusted_pem = pair_for("one.example").certificates;
  const auto context = *tls_context::make_client(settings);
  peer_check check;
  check.mode = check_mode::names;
  check.required = true;
  check.names = {"other.example"};
  side client(context, "other.example", check), server(server_context("one.example"));
  client.layer.start(client.cipher);
  settle(client, server);
  EXPECT_EQ(client.layer.error(), tls_error::bad_certificate);
  EXPECT_EQ(client.layer.trust_failure(), "certificate-host-mismatch");
  EXPECT_EQ(server.layer.error(), tls_error::peer_alert);
  check.names = {"two.example"};
  side stranger(context, "two.example", check), untrusted(server_context("two.example"));
  stranger.layer.start(stranger.cipher);
  settle(stranger, untrusted);
  EXPECT_EQ(stranger.layer.error(), tls_error::bad_certificate);
}

TEST(TlsLayer, VersionsWithoutOneInCommonAreRefused) {
  side client(client_context(version::tls_1_2, version::tls_1_2));
  side server(server_context("a.example", version::tls_1_3));
  client.layer.start(client.cipher);
  settle(client, server);
  EXPECT_EQ(server.layer.error(), tls_error::no_common_ground) << server.layer.error_text();
  EXPECT_EQ(client.layer.error(), tls_error::peer_alert);
}

TEST(TlsLayer, ApplicationProtocolsAreAgreedOnOrRefused) {
  server_settings settings;
  settings.certificates_pem = pair_for("a.example").certificates;
  settings.key_pem = pair_for("a.example").key;
  settings.alpn = {"imap", "pop3"};
  const auto context = *tls_context::make_server(settings);
  client_settings good, bad;
  good.alpn = {"http/1.1", "pop3"};
  bad.alpn = {"http/1.1"};
  side a(*tls_context::make_client(good)), b(context);
  a.layer.start(a.cipher);
  settle(a, b);
  EXPECT_EQ(b.layer.alpn(), "pop3");
  EXPECT_EQ(a.layer.alpn(), "pop3");
  side c(*tls_context::make_client(bad)), d(context);
  c.layer.start(c.cipher);
  settle(c, d);
  EXPECT_EQ(d.layer.error(), tls_error::no_common_ground) << d.layer.error_text();
  side e(client_context()), f(context);
  e.layer.start(e.cipher);
  settle(e, f);
  EXPECT_TRUE(f.layer.handshake_done());
  EXPECT_EQ(f.layer.alpn(), "");
}

TEST(TlsContext, KeysAndCertificatesThatDoNotFitAreRefused) {
  server_settings settings;
  settings.certificates_pem = pair_for("one.example").certificates;
  settings.key_pem = pair_for("two.example").key;
  EXPECT_FALSE(tls_context::make_server(settings));
  settings.key_pem = "nonsense";
  EXPECT_FALSE(tls_context::make_server(settings));
  settings.certificates_pem = "";
  EXPECT_FALSE(tls_context::make_server(settings));
  client_settings client;
  client.trusted_pem = "nonsense";
  EXPECT_FALSE(tls_context::make_client(client));
}

} // namespace
} // namespace rookery::tls
