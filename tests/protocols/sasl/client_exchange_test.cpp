#include "base/text.hpp"
#include "protocols/sasl/client_exchange.hpp"
#include "protocols/sasl/server_exchange.hpp"

#include <gtest/gtest.h>

namespace rookery::sasl {
namespace {

connection_facts facts(bool tls, bool exporter = true, std::string nonce = "clientnonce") {
  connection_facts f;
  f.tls = tls;
  if (tls && exporter) f.tls_exporter = std::string(32, 'e');
  if (tls) f.tls_server_end_point = std::string(32, 'c');
  f.peer_is_loopback = true;
  f.nonce = std::move(nonce);
  return f;
}

TEST(SaslClient, ChoosesTheBestThatBothCanDo) {
  using m = client_mechanism;
  struct row {
    std::vector<std::string> offered;
    bool tls;
    std::uint8_t refused;
    std::optional<m> chosen;
  };
  const row rows[] = {
    {{"PLAIN", "LOGIN"}, true, 0, m::plain},
    {{"login"}, true, 0, m::login},
    {{"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"}, true, 0, m::scram_sha_256},
    {{"PLAIN", "SCRAM-SHA-256", "scram-sha-256-plus"}, true, 0, m::scram_sha_256_plus},
    {{"PLAIN", "SCRAM-SHA-256-PLUS"}, false, 0, m::plain},
    {{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}, true, 0, m::scram_sha_1_plus},
    {{"SCRAM-SHA-256", "PLAIN"}, true, 2, m::plain},
    {{"GSSAPI", "CRAM-MD5"}, true, 0, {}},
    {{}, true, 0, {}},
  };
  for (const auto& r : rows) EXPECT_EQ(r.chosen, choose(r.offered, facts(r.tls), r.refused));
}

TEST(SaslClient, PlainAndLoginGoAsTheirStandardsSay) {
  client_exchange plain(client_mechanism::plain, {"tim", "tanstaaftanstaaf", ""}, facts(true), false);
  EXPECT_EQ(std::string("\0tim\0tanstaaftanstaaf", 21), plain.begin()); // RFC 4616 §4
  EXPECT_TRUE(plain.succeeded());
  EXPECT_TRUE(std::holds_alternative<client_failed>(plain.challenged("more")));

  client_exchange login(client_mechanism::login, {"tim", "secret", ""}, facts(true), false);
  EXPECT_EQ(std::nullopt, login.begin());
  EXPECT_FALSE(login.succeeded());
  EXPECT_EQ("tim", std::get<client_response>(login.challenged("User Name")).octets);
  EXPECT_EQ("secret", std::get<client_response>(login.challenged("")).octets);
  EXPECT_TRUE(login.succeeded());
}

struct example {
  client_mechanism mechanism;
  const char *nonce, *server_first, *client_final, *server_final;
};
// RFC 5802 §5 and RFC 7677 §3.
const example examples[] = {
  {client_mechanism::scram_sha_1, "fyko+d2lbbFgONRv9qkxdawL", "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
   "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
  {client_mechanism::scram_sha_256, "rOprNGfwEbeRWgbNEkqO",
   "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
   "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
   "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="}};

TEST(SaslClient, GivesTheExamplesOfTheStandards) {
  for (const auto& e : examples) {
    client_exchange c(e.mechanism, {"user", "pencil", ""}, facts(false, false, e.nonce), false);
    EXPECT_EQ(std::string("n,,n=user,r=") + e.nonce, c.begin());
    const auto question = std::get<key_question>(c.challenged(e.server_first));
    EXPECT_EQ(e.client_final, std::get<client_response>(c.key_derived(derive_key(question))).octets);
    EXPECT_FALSE(c.succeeded()) << "the server has proved nothing yet";
    EXPECT_EQ("", std::get<client_response>(c.challenged(e.server_final)).octets);
    EXPECT_TRUE(c.succeeded());
  }
}

TEST(SaslClient, DistrustsAServerThatBreaksTheRules) {
  struct row {
    const char *first, *last;
    client_failure why;
  };
  const row rows[] = {
    {"r=other,s=QSXCR+Q6sek8bf92,i=4096", nullptr, client_failure::malformed},
    {"r=abc,s=QSXCR+Q6sek8bf92,i=4096", nullptr, client_failure::malformed},          // nothing of its own
    {"r=abcd,s=,i=4096", nullptr, client_failure::malformed},
    {"r=abcd,s=!!!!,i=4096", nullptr, client_failure::malformed},
    {"r=abcd,s=QSXCR+Q6sek8bf92", nullptr, client_failure::malformed},
    {"r=abcd,s=QSXCR+Q6sek8bf92,i=x", nullptr, client_failure::malformed},
    {"m=ext,r=abcd,s=QSXCR+Q6sek8bf92,i=4096", nullptr, client_failure::malformed},
    {"", nullptr, client_failure::malformed},
    {"r=abcd,s=QSXCR+Q6sek8bf92,i=1", nullptr, client_failure::iterations},
    {"r=abcd,s=QSXCR+Q6sek8bf92,i=1000001", nullptr, client_failure::iterations},
    {"r=abcd,s=QSXCR+Q6sek8bf92,i=4096", "e=invalid-proof", client_failure::rejected},
    {"r=abcd,s=QSXCR+Q6sek8bf92,i=4096", "v=AAAA", client_failure::impostor},
    {"r=abcd,s=QSXCR+Q6sek8bf92,i=4096", "x", client_failure::malformed},
    {"r=abcd,s=QSXCR+Q6sek8bf92,i=4096", "v=!", client_failure::malformed},
  };
  for (const auto& r : rows) {
    client_exchange c(client_mechanism::scram_sha_256, {"user", "pencil", ""}, facts(false, false, "abc"), false);
    c.begin();
    auto step = c.challenged(r.first);
    if (r.last != nullptr) {
      c.key_derived(std::string(32, 'k'));
      step = c.challenged(r.last);
    }
    ASSERT_TRUE(std::holds_alternative<client_failed>(step)) << r.first;
    EXPECT_EQ(r.why, std::get<client_failed>(step).why) << r.first;
    EXPECT_FALSE(c.succeeded());
  }
}

TEST(SaslClient, TakesNoChallengeBeyondItsLimit) {
  client_exchange c(client_mechanism::scram_sha_256, {"user", "pencil", ""}, facts(false, false, "abc"), false);
  c.begin();
  EXPECT_TRUE(std::holds_alternative<client_failed>(c.challenged("r=abc" + std::string(challenge_octets_max, 'x'))));
}

/// Plays our client against our server. "" = both are content.
std::string against_server(client_mechanism cm, mechanism sm, const std::string& user, const std::string& password, const std::string& right,
                           const connection_facts& at_client, const connection_facts& at_server, bool server_offers_plus) {
  client_exchange c(cm, {user, password, ""}, at_client, server_offers_plus);
  auto server_facts = at_server;
  server_facts.nonce = "servernonce";
  server_exchange s(sm, server_facts);
  auto step = s.begin(c.begin());
  for (int i = 0; i < 10; ++i) {
    if (auto* ask = std::get_if<challenge>(&step)) {
      auto reply = c.challenged(ask->octets);
      if (auto* q = std::get_if<key_question>(&reply)) reply = c.key_derived(derive_key(*q));
      if (std::holds_alternative<client_failed>(reply)) return "the client fails";
      step = s.respond(std::get<client_response>(reply).octets);
    } else if (auto* check = std::get_if<check_password>(&step)) {
      if (check->user != user) return "another user";
      step = s.password_verified(check->password == right);
    } else if (std::holds_alternative<find_credentials>(step)) {
      step = s.credentials_found(make_credentials(right, "saltsalt", 4096), true);
    } else if (auto* no = std::get_if<failed>(&step)) {
      return no->why == failure::channel_binding ? "channel binding" : "the server fails";
    } else {
      const auto& done = std::get<succeeded>(step);
      return c.succeeded(done.last) ? "" : "the client is not content";
    }
  }
  return "no end";
}

TEST(SaslClient, ComesInAtOurServer) {
  const std::pair<client_mechanism, mechanism> pairs[] = {
    {client_mechanism::plain, mechanism::plain}, {client_mechanism::login, mechanism::login},
    {client_mechanism::scram_sha_256, mechanism::scram_sha_256}, {client_mechanism::scram_sha_256_plus, mechanism::scram_sha_256_plus}};
  for (const auto& [cm, sm] : pairs)
    for (const bool exporter : {true, false}) {
      const auto both = facts(true, exporter);
      EXPECT_EQ("", against_server(cm, sm, "ann=a,b@example.org", "pass,word", "pass,word", both, both, true)) << name(cm);
      EXPECT_EQ("", against_server(cm, sm, "jürgen", "pässword", "pässword", both, both, true)) << name(cm);
      EXPECT_EQ("the server fails", against_server(cm, sm, "ann", "wrong", "right", both, both, true)) << name(cm);
    }
}

TEST(SaslClient, FindsOutWhoStandsInTheMiddle) {
  auto other = facts(true);
  other.tls_exporter = std::string(32, 'x');
  EXPECT_EQ("channel binding", against_server(client_mechanism::scram_sha_256_plus, mechanism::scram_sha_256_plus, "ann", "p", "p", facts(true), other, true));
  // Somebody took -PLUS out of the list.
  EXPECT_EQ("channel binding", against_server(client_mechanism::scram_sha_256, mechanism::scram_sha_256, "ann", "p", "p", facts(true), facts(true), false));
}

} // namespace
} // namespace rookery::sasl
