#include "base/crypto/crypto.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/sasl/prepared.hpp"
#include "protocols/sasl/server_exchange.hpp"

#include <gtest/gtest.h>

namespace rookery::sasl {
namespace {

using namespace std::string_literals;

connection_facts plain_loopback() {
  connection_facts facts;
  facts.peer_is_loopback = true;
  facts.nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  return facts;
}

connection_facts over_tls() {
  connection_facts facts;
  facts.tls = true;
  facts.tls_exporter = std::string(32, 'e');
  facts.tls_server_end_point = std::string(32, 'd');
  facts.nonce = "srv";
  return facts;
}

template <class T>
const T& as(const step& s) {
  EXPECT_TRUE(std::holds_alternative<T>(s)) << "step " << s.index();
  return std::get<T>(s);
}

failure why(const step& s) { return as<failed>(s).why; }

/// A SCRAM client, as far as a test needs one.
std::string client_final(std::string_view password, std::string_view first_bare, const std::string& server_first,
                         const std::string& binding) {
  const auto salt_at = server_first.find(",s=") + 3;
  const auto count_at = server_first.find(",i=");
  const auto salt = encoding::base64_decode(server_first.substr(salt_at, count_at - salt_at)).value();
  const auto nonce = server_first.substr(2, server_first.find(',') - 2);
  const auto salted = base::pbkdf2_sha256(prepared(password), salt, static_cast<unsigned>(std::stoul(server_first.substr(count_at + 3))));
  const auto key = base::hmac_sha256(base::view(salted), "Client Key");
  const auto bare = "c=" + encoding::base64_encode(binding) + ",r=" + nonce;
  const auto signature = base::hmac_sha256(base::view(base::sha256(base::view(key))), std::string(first_bare) + ',' + server_first + ',' + bare);
  std::string proof(32, '\0');
  for (std::size_t i = 0; i < 32; ++i) proof[i] = static_cast<char>(key[i] ^ signature[i]);
  return bare + ",p=" + encoding::base64_encode(proof);
}

TEST(Sasl, OffersNothingWhereAPasswordMayNotTravel) {
  connection_facts facts;
  EXPECT_TRUE(offered(facts).empty());
  facts.peer_is_loopback = true;
  EXPECT_EQ(offered(facts), (std::vector{mechanism::scram_sha_256, mechanism::plain, mechanism::login}));
  EXPECT_EQ(offered(over_tls()).front(), mechanism::scram_sha_256_plus);
}

TEST(Sasl, FindsMechanismsWhateverTheirCase) {
  EXPECT_EQ(find("plain"), mechanism::plain);
  EXPECT_EQ(find("Scram-Sha-256-Plus"), mechanism::scram_sha_256_plus);
  EXPECT_FALSE(find("CRAM-MD5"));
  EXPECT_FALSE(find(""));
}

TEST(Sasl, PlainReadsItsThreeFields) {
  const struct { const char* name; std::string message; const char *authzid, *user, *password; } rows[] = {
      {"usual", "\0tim\0tanstaaftanstaaf"s, "", "tim", "tanstaaftanstaaf"},
      {"acting as another", "Ursel\0Kurt\0xipj3plmq"s, "Ursel", "Kurt", "xipj3plmq"},
      {"empty password", "\0tim\0"s, "", "tim", ""},
      {"utf-8", "\0tim\0\xc3\xa9"s, "", "tim", "\xc3\xa9"},
  };
  for (const auto& row : rows) {
    server_exchange e(mechanism::plain, plain_loopback());
    const auto s = e.begin(row.message);
    ASSERT_TRUE(std::holds_alternative<check_password>(s)) << row.name;
    const auto& q = std::get<check_password>(s);
    EXPECT_EQ(q.authzid, row.authzid) << row.name;
    EXPECT_EQ(q.user, row.user) << row.name;
    EXPECT_EQ(q.password, row.password) << row.name;
  }
}

TEST(Sasl, PlainRefusesOtherMessages) {
  for (const auto& message : {""s, "tim"s, "\0tim"s, "\0\0pw"s, "\0tim\0p\0w"s}) {
    server_exchange e(mechanism::plain, plain_loopback());
    EXPECT_EQ(why(e.begin(message)), failure::malformed);
  }
  server_exchange e(mechanism::plain, plain_loopback());
  EXPECT_EQ(why(e.begin(std::string(message_octets_max + 1, 'x'))), failure::too_long);
}

TEST(Sasl, PlainWithoutInitialResponseAsksWithAnEmptyChallenge) {
  server_exchange e(mechanism::plain, plain_loopback());
  EXPECT_EQ(as<challenge>(e.begin({})).octets, "");
  as<check_password>(e.respond("\0u\0p"s));
  EXPECT_FALSE(as<succeeded>(e.password_verified(true)).last);
}

TEST(Sasl, LoginAsksForNameAndPassword) {
  server_exchange e(mechanism::login, plain_loopback());
  EXPECT_EQ(as<challenge>(e.begin({})).octets, "Username:");
  EXPECT_EQ(as<challenge>(e.respond("ann")).octets, "Password:");
  const auto q = as<check_password>(e.respond("secret"));
  EXPECT_EQ(q.user, "ann");
  EXPECT_EQ(q.password, "secret");
  EXPECT_EQ(why(e.password_verified(false)), failure::wrong);
  server_exchange initial(mechanism::login, plain_loopback());
  EXPECT_EQ(as<challenge>(initial.begin("ann")).octets, "Password:");
}

TEST(Sasl, OffersMoreWhereItIsChosen) {
  mechanism_choice all;
  all.scram_sha_1 = all.certificates = all.tokens = true;
  // Neither certificates nor tokens without TLS, whoever the peer is.
  EXPECT_EQ(offered(plain_loopback(), all), (std::vector{mechanism::scram_sha_256, mechanism::scram_sha_1, mechanism::plain, mechanism::login}));
  EXPECT_TRUE(offered({}, all).empty());
  auto facts = over_tls();
  EXPECT_EQ(offered(facts, all),
            (std::vector{mechanism::scram_sha_256_plus, mechanism::scram_sha_256, mechanism::scram_sha_1_plus, mechanism::scram_sha_1,
                         mechanism::plain, mechanism::login, mechanism::oauthbearer, mechanism::xoauth2}));
  facts.tls_client = std::make_shared<const client_certificate>();
  EXPECT_EQ(offered(facts, all).front(), mechanism::external);
  EXPECT_EQ(offered(facts).front(), mechanism::scram_sha_256_plus);
}

// RFC 5802 §5.
TEST(Sasl, ScramSha1AgreesWithTheStandardsExample) {
  const auto salt = encoding::base64_decode("QSXCR+Q6sek8bf92").value();
  const auto credentials = make_credentials("pencil", salt, 4096, scram_digest::sha_1);
  auto facts = plain_loopback();
  facts.nonce = "3rfcNHYJY1ZVvWVs7j";
  server_exchange e(mechanism::scram_sha_1, facts);
  const auto q = as<find_credentials>(e.begin("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"));
  EXPECT_EQ(q.user, "user");
  EXPECT_EQ(q.digest, scram_digest::sha_1);
  EXPECT_EQ(as<challenge>(e.credentials_found(credentials, true)).octets,
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
  const auto s = as<succeeded>(e.respond("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
  EXPECT_EQ(s.last, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
  EXPECT_EQ(credentials.stored_key.size(), 20u);
}

TEST(Sasl, ScramSha1TakesNoProofOfAnotherLength) {
  for (const std::size_t octets : {0u, 19u, 21u, 32u}) {
    server_exchange e(mechanism::scram_sha_1, over_tls());
    e.begin("n,,n=user,r=abc");
    e.credentials_found(make_credentials("pencil", "salt", 10, scram_digest::sha_1), true);
    EXPECT_EQ(why(e.respond("c=biws,r=abcsrv,p=" + encoding::base64_encode(std::string(octets, 'x')))), failure::malformed) << octets;
  }
}

// RFC 4422 appendix A.
TEST(Sasl, ExternalAsksWhoseTheCertificateIs) {
  const struct { const char* name; std::optional<std::string> initial; const char* authzid; } rows[] = {
      {"nobody in particular", "", ""}, {"as somebody", "ann@example.org", "ann@example.org"}, {"without initial response", {}, "fred"}};
  for (const auto& row : rows) {
    for (const bool right : {true, false}) {
      server_exchange e(mechanism::external, over_tls());
      auto s = row.initial ? e.begin(std::string_view(*row.initial)) : e.begin({});
      if (!row.initial) {
        EXPECT_EQ(as<challenge>(s).octets, "") << row.name;
        s = e.respond(row.authzid);
      }
      const auto q = as<check_proof>(s);
      EXPECT_EQ(q.what, check_proof::kind::certificate) << row.name;
      EXPECT_EQ(q.authzid, row.authzid) << row.name;
      const auto end = e.proof_judged(right, "ann@example.org");
      if (!right) {
        EXPECT_EQ(why(end), failure::wrong) << row.name;
        continue;
      }
      EXPECT_EQ(as<succeeded>(end).user, "ann@example.org") << row.name;
      EXPECT_EQ(as<succeeded>(end).authzid, row.authzid) << row.name;
      EXPECT_FALSE(as<succeeded>(end).last) << row.name;
    }
  }
  server_exchange e(mechanism::external, over_tls());
  EXPECT_EQ(why(e.begin("ann\0bob"s)), failure::malformed);
  server_exchange long_one(mechanism::external, over_tls());
  EXPECT_EQ(why(long_one.begin(std::string(message_octets_max + 1, 'x'))), failure::too_long);
}

// RFC 7628 §4.1 and §4.3.
TEST(Sasl, ARefusedTokenIsExplainedAndThenFails) {
  mechanism_choice choice;
  choice.token_scope = "example_scope";
  choice.token_discovery = "https://example.com/.well-known/openid-configuration";
  const std::string first = "n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1";
  server_exchange good(mechanism::oauthbearer, over_tls(), choice);
  const auto q = as<check_proof>(good.begin(first));
  EXPECT_EQ(q.what, check_proof::kind::token);
  EXPECT_EQ(q.authzid, "user@example.com");
  EXPECT_EQ(q.token, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  const auto done = as<succeeded>(good.proof_judged(true, "user@example.com"));
  EXPECT_EQ(done.user, "user@example.com");
  EXPECT_FALSE(done.last);
  for (const auto* answer : {"\1", "", "whatever"}) {
    server_exchange e(mechanism::oauthbearer, over_tls(), choice);
    e.begin(first);
    EXPECT_EQ(as<challenge>(e.proof_judged(false, "")).octets,
              R"({"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"})");
    const auto end = e.respond(answer);
    EXPECT_EQ(why(end), failure::wrong) << answer;
    EXPECT_EQ(as<failed>(end).user, "user@example.com") << answer;
  }
}

TEST(Sasl, Xoauth2IsTheSameInOtherWords) {
  server_exchange e(mechanism::xoauth2, over_tls());
  EXPECT_EQ(as<challenge>(e.begin({})).octets, "");
  const auto q = as<check_proof>(e.respond("user=someuser@example.com\1auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\1\1"));
  EXPECT_EQ(q.authzid, "someuser@example.com");
  EXPECT_EQ(q.token, "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
  EXPECT_EQ(as<challenge>(e.proof_judged(false, "")).octets, R"({"status":"401","schemes":"bearer"})");
  EXPECT_EQ(why(e.respond("")), failure::wrong);
}

TEST(Sasl, ATokenMayBeLargeButNotTooLarge) {
  server_exchange e(mechanism::xoauth2, over_tls());
  as<check_proof>(e.begin("user=a\1auth=Bearer " + std::string(8192, 't') + "\1\1"));
  server_exchange long_one(mechanism::xoauth2, over_tls());
  EXPECT_EQ(why(long_one.begin("user=a\1auth=Bearer " + std::string(token_message_octets_max, 't') + "\1\1")), failure::too_long);
}

// RFC 7677 §3.
TEST(Sasl, ScramSha256AgreesWithTheStandardsExample) {
  const auto salt = encoding::base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==").value();
  const auto credentials = make_credentials("pencil", salt, 4096);
  server_exchange e(mechanism::scram_sha_256, plain_loopback());
  const auto q = as<find_credentials>(e.begin("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  EXPECT_EQ(q.user, "user");
  EXPECT_EQ(as<challenge>(e.credentials_found(credentials, true)).octets,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  const auto s = as<succeeded>(e.respond("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                         "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
  EXPECT_EQ(s.last, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_TRUE(verify("pencil", credentials));
  EXPECT_FALSE(verify("pencils", credentials));
}

TEST(Sasl, ScramFailsAtItsEndForMadeUpCredentials) {
  const auto credentials = make_credentials("pencil", "salt", 10);
  for (const bool known : {true, false})
    for (const auto* password : {"pencil", "crayon"}) {
      server_exchange e(mechanism::scram_sha_256, plain_loopback());
      e.begin("n,,n=user,r=abc");
      const auto first = as<challenge>(e.credentials_found(credentials, known)).octets;
      const auto s = e.respond(client_final(password, "n=user,r=abc", first, "n,,"));
      const bool right = known && std::string_view(password) == "pencil";
      EXPECT_EQ(std::holds_alternative<succeeded>(s), right);
      if (!right) {
        EXPECT_EQ(why(s), failure::wrong);
      }
    }
}

TEST(Sasl, ScramPlusBindsTheChannel) {
  const auto facts = over_tls();
  const auto credentials = make_credentials("pencil", "salt", 10);
  const struct { const char* header; std::string data; bool right; } rows[] = {
      {"p=tls-exporter,,", facts.tls_exporter, true},
      {"p=tls-server-end-point,,", facts.tls_server_end_point, true},
      {"p=tls-exporter,,", std::string(32, 'x'), false},
      {"p=tls-exporter,,", "", false},
  };
  for (const auto& row : rows) {
    server_exchange e(mechanism::scram_sha_256_plus, facts);
    as<find_credentials>(e.begin(row.header + "n=user,r=abc"s));
    const auto first = as<challenge>(e.credentials_found(credentials, true)).octets;
    const auto s = e.respond(client_final("pencil", "n=user,r=abc", first, row.header + row.data));
    EXPECT_EQ(std::holds_alternative<succeeded>(s), row.right) << row.header;
    if (!row.right) {
      EXPECT_EQ(why(s), failure::channel_binding);
    }
  }
}

TEST(Sasl, ScramRefusesFirstMessages) {
  const struct { const char* name; mechanism m; bool tls; const char* message; failure why; } rows[] = {
      {"empty", mechanism::scram_sha_256, false, "", failure::malformed},
      {"no header", mechanism::scram_sha_256, false, "n=user,r=abc", failure::malformed},
      {"no nonce", mechanism::scram_sha_256, false, "n,,n=user", failure::malformed},
      {"empty nonce", mechanism::scram_sha_256, false, "n,,n=user,r=", failure::malformed},
      {"empty user", mechanism::scram_sha_256, false, "n,,n=,r=abc", failure::malformed},
      {"bad escape", mechanism::scram_sha_256, false, "n,,n=a=2Db,r=abc", failure::malformed},
      {"mandatory extension", mechanism::scram_sha_256, false, "n,,m=x,n=user,r=abc", failure::malformed},
      {"binding without -PLUS", mechanism::scram_sha_256, true, "p=tls-exporter,,n=user,r=abc", failure::malformed},
      {"offer was taken out", mechanism::scram_sha_256, true, "y,,n=user,r=abc", failure::channel_binding},
      {"-PLUS without binding", mechanism::scram_sha_256_plus, true, "n,,n=user,r=abc", failure::channel_binding},
      {"unknown binding", mechanism::scram_sha_256_plus, true, "p=tls-unique,,n=user,r=abc", failure::channel_binding},
  };
  for (const auto& row : rows) {
    server_exchange e(row.m, row.tls ? over_tls() : plain_loopback());
    const auto s = e.begin(row.message);
    ASSERT_TRUE(std::holds_alternative<failed>(s)) << row.name;
    EXPECT_EQ(std::get<failed>(s).why, row.why) << row.name;
  }
}

TEST(Sasl, ScramDecodesNamesAndTakesExtensions) {
  server_exchange e(mechanism::scram_sha_256, plain_loopback());
  const auto q = as<find_credentials>(e.begin("y,a=b=3Dc,n=a=2Cb,r=abc,x=later"));
  EXPECT_EQ(q.user, "a,b");
  EXPECT_EQ(q.authzid, "b=c");
}

TEST(Sasl, ScramRefusesFinalMessages) {
  const auto credentials = make_credentials("pencil", "salt", 10);
  const auto proof = encoding::base64_encode(std::string(32, 'x'));
  const std::string rows[] = {"", "c=biws", "c=biws,r=abcsrv", "r=abcsrv,c=biws,p=" + proof, "c=biws,r=abcsrv,p=AAAA", "c=*,r=abcsrv,p=" + proof};
  for (const auto& message : rows) {
    auto facts = plain_loopback();
    facts.nonce = "srv";
    server_exchange e(mechanism::scram_sha_256, facts);
    e.begin("n,,n=user,r=abc");
    e.credentials_found(credentials, true);
    EXPECT_EQ(why(e.respond(message)), failure::malformed) << message;
  }
}

TEST(Sasl, PasswordsAreComparedPrepared) {
  EXPECT_EQ(prepared("I\xc2\xadX"), "IX");            // RFC 4013 §3
  EXPECT_EQ(prepared("\xe2\x85\xa8"), "IX");
  EXPECT_EQ(prepared("\xff\xfe"), "\xff\xfe");
  EXPECT_TRUE(verify("\xe2\x85\xa8\xc2\xaa", make_credentials("IXa", "salt", 10)));
}

} // namespace
} // namespace rookery::sasl
