#include "base/crypto/secret_box.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace rookery::base {
namespace {

const std::string key(sealing_key_octets, 'k');

TEST(SecretBox, OpensWhatItSealed) {
  const secret_box box(key);
  for (const std::string& secret : {std::string(), std::string("p"), std::string("pass\0word", 9), std::string(5000, 'x')}) {
    const auto sealed = box.seal(secret, "queue");
    EXPECT_EQ(sealed.size(), secret.size() + 29);
    EXPECT_EQ(secret_box(key).open(sealed, "queue"), secret);
    EXPECT_TRUE(secret.size() < 2 || sealed.find(secret) == std::string::npos);
  }
  EXPECT_NE(box.seal("secret", "queue"), box.seal("secret", "queue")) << "a nonce of its own each time";
}

TEST(SecretBox, OpensNothingElse) {
  const secret_box box(key);
  const auto sealed = box.seal("secret", "queue");
  EXPECT_FALSE(box.open(sealed, "route")) << "another purpose";
  EXPECT_FALSE(box.open(sealed, ""));
  EXPECT_FALSE(secret_box(std::string(sealing_key_octets, 'l')).open(sealed, "queue")) << "another key";
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(box.open(changed, "queue")) << i;
    EXPECT_FALSE(box.open(sealed.substr(0, i), "queue")) << i;
  }
  EXPECT_FALSE(box.open(sealed + "x", "queue"));
}

// Made with another program over OpenSSL: what lies on disks must open for ever.
TEST(SecretBox, OpensWhatWasSealedBefore) {
  const auto sealed = from_hex("01000102030405060708090a0b19b8975c61a48a9499d7a72435ed3e20664803a8992c");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(secret_box(key).open(*sealed, "queue"), "secret");
}

} // namespace
} // namespace rookery::base
