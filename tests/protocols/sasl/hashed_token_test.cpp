// Logins with a token that the server gave out: names, messages and proofs.
#include "protocols/sasl/hashed_token.hpp"

#include "base/crypto/crypto.hpp"

#include <gtest/gtest.h>

namespace rookery::sasl {
namespace {

connection_facts facts_of(bool tls, const char* exporter = "", const char* end_point = "") {
  connection_facts f;
  f.tls = tls;
  f.tls_exporter = exporter;
  f.tls_server_end_point = end_point;
  return f;
}

std::string offered_on(const connection_facts& f) {
  std::string all;
  for (const auto m : offered_tokens(f)) all += std::string(name(m)) + " ";
  return all;
}

TEST(HashedToken, IsOfferedWhereTheChannelAllowsIt) {
  EXPECT_EQ(offered_on(facts_of(false, "x", "y")), "");
  EXPECT_EQ(offered_on(facts_of(true)), "HT-SHA-256-NONE ");
  EXPECT_EQ(offered_on(facts_of(true, "", "y")), "HT-SHA-256-ENDP HT-SHA-256-NONE ");
  EXPECT_EQ(offered_on(facts_of(true, "x", "y")), "HT-SHA-256-EXPR HT-SHA-256-ENDP HT-SHA-256-NONE ");
  auto loopback = facts_of(false, "x");
  loopback.peer_is_loopback = true;
  EXPECT_EQ(offered_on(loopback), "HT-SHA-256-NONE ");
  for (const auto m : {token_mechanism::exporter, token_mechanism::end_point, token_mechanism::none}) EXPECT_EQ(find_token_mechanism(name(m)), m);
  for (const auto* wrong : {"", "HT-SHA-256", "HT-SHA-256-UNIQ", "HT-SHA-256-NONE ", "PLAIN"}) EXPECT_FALSE(find_token_mechanism(wrong)) << wrong;
}

TEST(HashedToken, MessagesHaveANameAndADigest) {
  const std::string proof(32, 'p');
  const auto m = read_token_message(std::string("user") + '\0' + proof);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->user, "user");
  EXPECT_EQ(m->proof, proof);
  // A digest may hold any octet.
  EXPECT_TRUE(read_token_message(std::string("u") + '\0' + std::string(32, '\0')));
  for (const auto& wrong : {std::string(), std::string(32, 'p'), std::string(1, '\0') + proof, std::string("user") + '\0' + proof + "x",
                            std::string("user") + '\0' + proof.substr(1), std::string(5000, 'u') + '\0' + proof})
    EXPECT_FALSE(read_token_message(wrong)) << wrong.size();
}

TEST(HashedToken, AProofIsOfOneTokenAndOneChannel) {
  const auto f = facts_of(true, "exporter", "end point");
  const auto proof_of = [](std::string_view token, std::string_view binding) {
    return std::string(base::view(base::hmac_sha256(token, "Initiator" + std::string(binding))));
  };
  EXPECT_TRUE(token_proves("token", token_mechanism::none, f, proof_of("token", "")));
  EXPECT_TRUE(token_proves("token", token_mechanism::exporter, f, proof_of("token", "exporter")));
  EXPECT_TRUE(token_proves("token", token_mechanism::end_point, f, proof_of("token", "end point")));
  EXPECT_FALSE(token_proves("token", token_mechanism::end_point, f, proof_of("token", "exporter")));
  EXPECT_FALSE(token_proves("token", token_mechanism::exporter, f, proof_of("token", "")));
  EXPECT_FALSE(token_proves("other", token_mechanism::none, f, proof_of("token", "")));
  EXPECT_FALSE(token_proves("", token_mechanism::none, f, proof_of("", "")));
  EXPECT_EQ(token_answer("token", token_mechanism::exporter, f), std::string(base::view(base::hmac_sha256("token", "Responderexporter"))));
}

} // namespace
} // namespace rookery::sasl
