#include "base/crypto/crypto.hpp"

#include "base/check.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace rookery::base {
namespace {

const unsigned char* octets_of(std::string_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }

EVP_MD* fetched_sha256() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr); // lives as long as the process
  return algorithm;
}

} // namespace

sha256_digest sha256(std::string_view octets) {
  // A context of the thread's own: the one-shot functions look the algorithm up by name each time.
  thread_local sha256_stream digest;
  digest.update(octets);
  return digest.finish();
}

void sha256_stream::release::operator()(void* context) const noexcept {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

sha256_stream::sha256_stream() : context_(EVP_MD_CTX_new()) {
  check(context_ && EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_.get()), fetched_sha256(), nullptr) == 1,
        "SHA-256 is available");
}

void sha256_stream::update(std::string_view octets) {
  check(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), octets.data(), octets.size()) == 1,
        "SHA-256 takes octets");
}

sha256_digest sha256_stream::finish() {
  sha256_digest out;
  auto* context = static_cast<EVP_MD_CTX*>(context_.get());
  check(EVP_DigestFinal_ex(context, out.data(), nullptr) == 1 &&
          EVP_DigestInit_ex(context, nullptr, nullptr) == 1,
        "SHA-256 ends and begins anew");
  return out;
}

std::string sha1(std::string_view octets) {
  std::string out(20, '\0');
  SHA1(octets_of(octets), octets.size(), reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

sha256_digest hmac_sha256(std::string_view key, std::string_view octets) {
  sha256_digest out;
  unsigned length = 0;
  check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets_of(octets), octets.size(), out.data(),
             &length) != nullptr && length == out.size(),
        "HMAC-SHA-256 is available");
  return out;
}

std::string hmac_sha1(std::string_view key, std::string_view octets) {
  std::string out(20, '\0');
  unsigned length = 0;
  check(HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), octets_of(octets), octets.size(),
             reinterpret_cast<unsigned char*>(out.data()), &length) != nullptr && length == out.size(),
        "HMAC-SHA-1 is available");
  return out;
}

std::string pbkdf2_sha1(std::string_view password, std::string_view salt, unsigned iterations) {
  std::string out(20, '\0');
  check(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets_of(salt),
                          static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha1(),
                          static_cast<int>(out.size()), reinterpret_cast<unsigned char*>(out.data())) == 1,
        "PBKDF2 is available");
  return out;
}

sha256_digest pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned iterations) {
  sha256_digest out;
  check(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets_of(salt),
                          static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                          static_cast<int>(out.size()), out.data()) == 1,
        "PBKDF2 is available");
  return out;
}

std::string random_octets(std::size_t octets) {
  std::string out(octets, '\0');
  check(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(octets)) == 1,
        "the random source works");
  return out;
}

std::string random_token(std::size_t characters) {
  static constexpr std::string_view alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
  std::string out;
  while (out.size() < characters)
    for (const char c : random_octets(characters * 2)) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet < alphabet.size() * 4 && out.size() < characters) out.push_back(alphabet[octet % alphabet.size()]);
    }
  return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::string& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

} // namespace rookery::base
