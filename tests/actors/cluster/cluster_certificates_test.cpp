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
  EXPECT_FALSE(signature_fault(c.authority.certificate, c.certificate, fingerprint, "text", signature));
  EXPECT_TRUE(signature_fault(c.authority.certificate, c.certificate, fingerprint, "other text", signature));
  EXPECT_TRUE(signature_fault(c.authority.certificate, c.certificate, fingerprint, "text", ""));
  EXPECT_TRUE(signature_fault(c.authority.certificate, "no certificate", fingerprint, "text", signature));
}

TEST(ClusterCertificates, another_certificate_or_another_key_is_refused) {
  const some_cluster c, d;
  const auto fingerprint = certificate_fingerprint(c.certificate);
  // Issued by the same authority, to somebody else.
  const auto second = *issue_certificate(c.authority, d.keys.public_key, "uuid", c.now);
  EXPECT_TRUE(signature_fault(c.authority.certificate, second, fingerprint, "text", sign(d.keys.private_key, "text")));
  // The right certificate without its key.
  EXPECT_TRUE(signature_fault(c.authority.certificate, c.certificate, fingerprint, "text", sign(d.keys.private_key, "text")));
  // Another cluster's.
  EXPECT_TRUE(signature_fault(d.authority.certificate, c.certificate, fingerprint, "text", sign(c.keys.private_key, "text")));
}

TEST(ClusterCertificates, a_node_s_certificate_ends_with_the_authority) {
  const some_cluster c;
  ASSERT_TRUE(certificate_end(c.certificate));
  EXPECT_EQ(*certificate_end(c.certificate), *certificate_end(c.authority.certificate));
}

} // namespace
} // namespace rookery::actors
