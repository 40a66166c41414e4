#include "actors/cluster/certificate_renewal.hpp"
#include "actors/cluster/cluster_certificates.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

struct some_cluster {
  base::wall_time now = base::from_milliseconds(1'800'000'000'000);
  key_and_certificate authority = *make_authority("0011223344556677", now);
  key_pair keys = *make_key_pair();
  std::string certificate = *issue_certificate(authority, keys.public_key, "uuid", now);
};

TEST(ClusterCertificates, a_node_proves_that_it_is_the_one_that_joined) {
  const some_cluster c;
  const auto fingerprint = certificate_fingerprint(c.certificate);
  EXPECT_EQ(fingerprint.size(), 64u);
  const auto signature = sign(c.keys.private_key, "text");
  EXPECT_FALSE(signature_fault(c.authority.certificate, c.certificate, {fingerprint}, "text", signature));
  EXPECT_TRUE(signature_fault(c.authority.certificate, c.certificate, {fingerprint}, "other text", signature));
  EXPECT_TRUE(signature_fault(c.authority.certificate, c.certificate, {fingerprint}, "text", ""));
  EXPECT_TRUE(signature_fault(c.authority.certificate, "no certificate", {fingerprint}, "text", signature));
}

TEST(ClusterCertificates, another_certificate_or_another_key_is_refused) {
  const some_cluster c, d;
  const auto fingerprint = certificate_fingerprint(c.certificate);
  // Issued by the same authority, to somebody else.
  const auto second = *issue_certificate(c.authority, d.keys.public_key, "uuid", c.now);
  EXPECT_TRUE(signature_fault(c.authority.certificate, second, {fingerprint}, "text", sign(d.keys.private_key, "text")));
  // The right certificate without its key.
  EXPECT_TRUE(signature_fault(c.authority.certificate, c.certificate, {fingerprint}, "text", sign(d.keys.private_key, "text")));
  // Another cluster's.
  EXPECT_TRUE(signature_fault(d.authority.certificate, c.certificate, {fingerprint}, "text", sign(c.keys.private_key, "text")));
}

TEST(ClusterCertificates, both_of_a_change_are_accepted_and_nothing_else) {
  const some_cluster c;
  const auto next = *make_authority("0011223344556677", c.now);
  const auto keys = *make_key_pair();
  const auto certificate = *issue_certificate(next, keys.public_key, "uuid", c.now);
  const auto bundle = next.certificate + c.authority.certificate;
  const std::vector<std::string> both{certificate_fingerprint(c.certificate), certificate_fingerprint(certificate)};
  EXPECT_FALSE(signature_fault(bundle, certificate, both, "text", sign(keys.private_key, "text")));
  EXPECT_FALSE(signature_fault(bundle, c.certificate, both, "text", sign(c.keys.private_key, "text")));
  EXPECT_TRUE(signature_fault(c.authority.certificate, certificate, both, "text", sign(keys.private_key, "text"))) << "an authority that is not trusted";
  EXPECT_TRUE(signature_fault(bundle, certificate, {}, "text", sign(keys.private_key, "text")));
  EXPECT_EQ(certificate_fingerprints(bundle), (std::vector<std::string>{certificate_fingerprint(next.certificate), certificate_fingerprint(c.authority.certificate)}));
  EXPECT_EQ(certificate_issuer(bundle, certificate), certificate_fingerprint(next.certificate));
  EXPECT_EQ(certificate_issuer(c.authority.certificate, certificate), "");
  EXPECT_EQ(certificate_issuer("nothing", certificate), "");
}

TEST(ClusterCertificates, a_node_s_certificate_lasts_a_year_and_not_longer_than_the_authority) {
  const some_cluster c;
  ASSERT_TRUE(certificate_end(c.certificate));
  EXPECT_EQ(*certificate_end(c.certificate), c.now + certificate_life);
  EXPECT_EQ(*certificate_begin(c.certificate), c.now - std::chrono::days(1));
  const auto late = *certificate_end(c.authority.certificate) - std::chrono::days(10);
  EXPECT_EQ(*certificate_end(*issue_certificate(c.authority, c.keys.public_key, "uuid", late)), *certificate_end(c.authority.certificate));
}

} // namespace
} // namespace rookery::actors
