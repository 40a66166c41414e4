#include "protocols/oauth/access_token.hpp"

#include "example_tokens.hpp"
#include "protocols/encoding/base64.hpp"

#include <gtest/gtest.h>

namespace rookery::oauth {
namespace {

constexpr std::int64_t issued = 1'800'000'000;

base::wall_time at(std::int64_t seconds) { return base::wall_time{std::chrono::seconds(seconds)}; }

std::vector<base::public_key> keys(const char* pem) { return base::public_key::read_all(pem).value(); }

token_rules rules() { return {"https://id.example", "mail", "email", ""}; }

std::string for_addresses(std::string_view octets) {
  auto text = encoding::base64_encode(octets);
  while (text.ends_with('=')) text.pop_back();
  for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

// RFC 7515 A.2 and A.3: the signature is right; nothing is said of an audience.
TEST(AccessToken, TheStandardsExamplesAreSigned) {
  const token_rules joes{"joe", "mail", "email", ""};
  const auto now = at(1'300'819'379);
  EXPECT_EQ(judge(example_rs256, keys(example_rsa_key), joes, now).fault, token_fault::audience);
  EXPECT_EQ(judge(example_es256, keys(example_ec_key), joes, now).fault, token_fault::audience);
  const auto both = keys((std::string(example_ec_key) + example_rsa_key).c_str());
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(judge(example_rs256, both, joes, now).fault, token_fault::audience);
  EXPECT_EQ(judge(example_es256, both, joes, now).fault, token_fault::audience);
}

TEST(AccessToken, AnotherOctetBreaksTheSignature) {
  const auto rsa = keys(example_rsa_key), ec = keys(example_ec_key);
  for (const auto* example : {&example_rs256, &example_es256}) {
    const auto& right = example == &example_rs256 ? rsa : ec;
    const auto dot = example->rfind('.');
    for (const auto place : {dot - 1, dot + 1}) {
      auto changed = *example;
      changed[place] = changed[place] == 'A' ? 'B' : 'A';
      EXPECT_EQ(judge(changed, right, rules(), at(issued)).fault, token_fault::signature) << place;
    }
    EXPECT_EQ(judge(*example, example == &example_rs256 ? ec : rsa, rules(), at(issued)).fault, token_fault::signature);
    EXPECT_EQ(judge(*example, {}, rules(), at(issued)).fault, token_fault::signature);
    EXPECT_NE(judge(example->substr(0, example->size() - 4), right, rules(), at(issued)).fault, token_fault::none);
  }
}

TEST(AccessToken, OtherHeadersAreRefusedBeforeTheSignature) {
  const struct { const char* header; token_fault fault; } rows[] = {
      {R"({"alg":"none"})", token_fault::algorithm},
      {R"({"alg":"HS256"})", token_fault::algorithm}, // the public key as a shared secret
      {R"({"alg":"RS512"})", token_fault::algorithm},
      {R"({"alg":"rs256"})", token_fault::algorithm},
      {R"({})", token_fault::algorithm},
      {R"({"alg":5})", token_fault::algorithm},
      {R"({"alg":"RS256","crit":["b64"]})", token_fault::algorithm},
      {R"({"alg":"RS256","typ":"dpop+jwt"})", token_fault::malformed},
      {R"({"alg":"RS256","typ":7})", token_fault::malformed},
      {R"({"alg":"RS256","typ":"at+jwt"})", token_fault::signature},
      {R"({"alg":"RS256","typ":"jwt"})", token_fault::signature},
      {R"([])", token_fault::malformed},
      {R"({"alg":"RS256")", token_fault::malformed},
  };
  for (const auto& row : rows)
    EXPECT_EQ(judge(for_addresses(row.header) + '.' + example_claims + ".AAAA", keys(example_rsa_key), rules(), at(issued)).fault, row.fault) << row.header;
}

TEST(AccessToken, WhatIsNoTokenIsMalformed) {
  for (const std::string& text : {std::string(), std::string("."), std::string(".."), std::string("a.b"), std::string("a.b.c.d"), example_rs256 + "=",
                                  example_rs256 + ".", " " + example_rs256, std::string(token_octets_max + 1, 'a')})
    EXPECT_EQ(judge(text, keys(example_rsa_key), rules(), at(issued)).fault, token_fault::malformed) << text.substr(0, 20);
}

TEST(AccessToken, ClaimsAreJudged) {
  const std::string good = R"("iss":"https://id.example","aud":"mail","exp":1800000600,"email":"ann@example.org")";
  const struct { const char* name; std::string claims; token_fault fault; } rows[] = {
      {"usual", good, token_fault::none},
      {"several audiences", R"("iss":"https://id.example","aud":["web","mail"],"exp":1800000600,"email":"ann@example.org")", token_fault::none},
      {"verified", good + R"(,"email_verified":true)", token_fault::none},
      {"not verified", good + R"(,"email_verified":false)", token_fault::nobody},
      {"issued now", good + R"(,"iat":1800000000,"nbf":1800000000)", token_fault::none},
      {"issued by a clock that is ahead", good + R"(,"iat":1800000060)", token_fault::none},
      {"issued in the future", good + R"(,"iat":1800000061)", token_fault::too_early},
      {"not valid yet", good + R"(,"nbf":1800000061)", token_fault::too_early},
      {"a date with a fraction", good + R"(,"nbf":1799999999.5)", token_fault::none},
      {"no date", good + R"(,"nbf":"yesterday")", token_fault::malformed},
      {"a date before all", good + R"(,"nbf":-1)", token_fault::malformed},
      {"a date after all", good + R"(,"nbf":1e300)", token_fault::malformed},
      {"no issuer", R"("aud":"mail","exp":1800000600,"email":"ann@example.org")", token_fault::issuer},
      {"another issuer", R"("iss":"https://id.example/","aud":"mail","exp":1800000600,"email":"ann@example.org")", token_fault::issuer},
      {"no audience", R"("iss":"https://id.example","exp":1800000600,"email":"ann@example.org")", token_fault::audience},
      {"another audience", R"("iss":"https://id.example","aud":"mailbox","exp":1800000600,"email":"ann@example.org")", token_fault::audience},
      {"audiences that are no texts", R"("iss":"https://id.example","aud":["mail",1],"exp":1800000600,"email":"a@b")", token_fault::audience},
      {"for ever", R"("iss":"https://id.example","aud":"mail","email":"ann@example.org")", token_fault::expired},
      {"expired", R"("iss":"https://id.example","aud":"mail","exp":1799999940,"email":"ann@example.org")", token_fault::expired},
      {"expired a moment ago", R"("iss":"https://id.example","aud":"mail","exp":1799999941,"email":"ann@example.org")", token_fault::none},
      {"nobody", R"("iss":"https://id.example","aud":"mail","exp":1800000600)", token_fault::nobody},
      {"an empty name", R"("iss":"https://id.example","aud":"mail","exp":1800000600,"email":"")", token_fault::nobody},
      {"a name that is no text", R"("iss":"https://id.example","aud":"mail","exp":1800000600,"email":["a@b"])", token_fault::nobody},
      {"a claim twice", good + R"(,"email":"bob@example.org")", token_fault::malformed},
  };
  for (const auto& row : rows) {
    const auto v = judge_claims('{' + row.claims + '}', rules(), at(issued));
    EXPECT_EQ(v.fault, row.fault) << row.name << ": " << name(v.fault);
    EXPECT_EQ(v.user, row.fault == token_fault::none ? "ann@example.org" : "") << row.name;
  }
}

TEST(AccessToken, AScopeAndAnotherClaimMayBeAskedFor) {
  token_rules r = rules();
  r.claim = "preferred_username";
  r.scope = "mail.read";
  const std::string good = R"({"iss":"https://id.example","aud":"mail","exp":1800000600,"preferred_username":"ann@example.org","email_verified":false)";
  const struct { const char* scope; token_fault fault; } rows[] = {
      {"", token_fault::scope},
      {R"(,"scope":"openid mail.read")", token_fault::none},
      {R"(,"scope":"mail.reader")", token_fault::scope},
      {R"(,"scp":["openid","mail.read"])", token_fault::none},
      {R"(,"scp":"mail.read")", token_fault::none},
      {R"(,"scope":7)", token_fault::scope},
  };
  for (const auto& row : rows) EXPECT_EQ(judge_claims(good + row.scope + '}', r, at(issued)).fault, row.fault) << row.scope;
}

TEST(PublicKey, OnlyGoodKeysAreRead) {
  const std::string short_rsa(rsa_key_of_1024_bits), p384(p384_key);
  for (const auto& text : {std::string(), std::string("no key"), short_rsa, p384, std::string(example_ec_key) + short_rsa,
                           std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
                           std::string("-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n")})
    EXPECT_FALSE(base::public_key::read_all(text)) << text.substr(0, 60);
  EXPECT_EQ(keys(example_rsa_key).front().kind(), base::key_kind::rsa);
  EXPECT_EQ(keys(example_ec_key).front().kind(), base::key_kind::ec_p256);
}

} // namespace
} // namespace rookery::oauth
