#include "base/crypto/public_box.hpp"
#include "base/crypto/sealing_keys.hpp"
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

TEST(SecretBox, SealsWithTheFirstOfItsKeysAndOpensWithAll) {
  const secret_box before(key);
  const auto old = before.seal("secret", "queue");
  const sealing_key next{std::string(sealing_key_octets, 'n'), true}, last{std::string(sealing_key_octets, 'z'), true};
  const auto made = make_secret_box({next, {key, false}});
  const auto& box = *made;
  const auto sealed = box.seal("secret", "queue");
  EXPECT_EQ(sealed.size(), 6 + 37u);
  EXPECT_EQ(to_hex(sealed.substr(1, key_id_octets)), key_id(next.key));
  EXPECT_EQ(box.open(sealed, "queue"), "secret");
  EXPECT_EQ(box.open(old, "queue"), "secret");
  EXPECT_FALSE(before.open(sealed, "queue")) << "who was not given the new key";
  EXPECT_FALSE(box.open(make_secret_box({last})->seal("secret", "queue"), "queue"));
  EXPECT_TRUE(sealed_with_newest(before, old));
  EXPECT_FALSE(sealed_with_newest(before, sealed));
  EXPECT_TRUE(sealed_with_newest(box, sealed));
  EXPECT_FALSE(sealed_with_newest(box, old));
  EXPECT_FALSE(sealed_with_newest(box, ""));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(box.open(changed, "queue")) << i;
    EXPECT_FALSE(box.open(sealed.substr(0, i), "queue")) << i;
  }
}

TEST(SecretBox, TakesOtherKeysWhileItIsShared) {
  const secret_box box(key);
  const auto old = box.seal("secret", "queue");
  const auto derived = box.derive("purpose");
  EXPECT_EQ(derive_all(box, "purpose"), std::vector<std::string>{derived});
  use_keys(box, {{std::string(sealing_key_octets, 'n'), true}, {key, false}});
  EXPECT_NE(box.derive("purpose"), derived) << "of the first key";
  EXPECT_EQ(derive_all(box, "purpose"), (std::vector<std::string>{box.derive("purpose"), derived}));
  EXPECT_EQ(box.open(old, "queue"), "secret");
  const auto sealed = box.seal("secret", "queue");
  use_keys(box, {{std::string(sealing_key_octets, 'n'), true}});
  EXPECT_FALSE(box.open(old, "queue"));
  EXPECT_EQ(box.open(sealed, "queue"), "secret");
}

TEST(PublicBox, OpensForItsHolderAlone) {
  const auto holder = make_box_keys(), other = make_box_keys();
  EXPECT_EQ(public_key_of(holder.private_key), holder.public_key);
  for (const std::string& secret : {std::string(), std::string("p"), std::string("pass\0word", 9), std::string(5000, 'x')}) {
    const auto box = seal_for(holder.public_key, secret, "member 7");
    ASSERT_TRUE(box);
    EXPECT_EQ(open_sealed_for(holder.private_key, *box, "member 7"), secret);
    EXPECT_FALSE(open_sealed_for(other.private_key, *box, "member 7")) << "another's key";
    EXPECT_FALSE(open_sealed_for(holder.private_key, *box, "member 8")) << "another purpose";
  }
  EXPECT_NE(seal_for(holder.public_key, "secret", ""), seal_for(holder.public_key, "secret", ""));
}

TEST(PublicBox, OpensNothingThatWasChangedOrCut) {
  const auto holder = make_box_keys();
  const auto box = *seal_for(holder.public_key, "secret", "purpose");
  for (std::size_t i = 0; i < box.size(); ++i) {
    auto changed = box;
    // The top bit of a public key does not count (RFC 7748 §5), but is in what the key is made of.
    changed[i] = static_cast<char>(changed[i] ^ (i == box_key_octets ? 0x80 : 1));
    EXPECT_FALSE(open_sealed_for(holder.private_key, changed, "purpose")) << i;
    EXPECT_FALSE(open_sealed_for(holder.private_key, box.substr(0, i), "purpose")) << i;
  }
  EXPECT_FALSE(open_sealed_for(holder.private_key, box + "x", "purpose"));
  EXPECT_FALSE(open_sealed_for(holder.private_key.substr(1), box, "purpose"));
}

TEST(PublicBox, RefusesKeysThatAreNone) {
  EXPECT_FALSE(seal_for("", "secret", ""));
  EXPECT_FALSE(seal_for(std::string(31, 'x'), "secret", ""));
  EXPECT_FALSE(seal_for(std::string(32, '\0'), "secret", "")) << "a point of small order: everybody knows what is shared";
  EXPECT_FALSE(public_key_of("short"));
}

// RFC 7748 §6.1, and a box of Bob's for Alice made with another program: what lies on disks must open for ever.
TEST(PublicBox, OpensWhatWasSealedBefore) {
  const auto alice = *from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  EXPECT_EQ(to_hex(*public_key_of(alice)), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const auto box = from_hex("01de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f01000102030405060708090a0bc7f77334d573b7f1f35f11deb8dd24909cdcc09cc1cd");
  EXPECT_EQ(open_sealed_for(alice, *box, "purpose"), "secret");
}

} // namespace
} // namespace rookery::base
