#include "base/crypto/secret_box.hpp"

#include "base/check.hpp"
#include "base/crypto/crypto.hpp"

#include <openssl/evp.h>

#include <memory>
#include <utility>

namespace rookery::base {
namespace {

constexpr char sealed_version = 1;
constexpr std::size_t nonce_octets = 12, tag_octets = 16;

struct release { void operator()(EVP_CIPHER_CTX* c) const noexcept { EVP_CIPHER_CTX_free(c); } };
using context = std::unique_ptr<EVP_CIPHER_CTX, release>;

const unsigned char* octets_of(std::string_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }
unsigned char* octets_of(std::string& v) { return reinterpret_cast<unsigned char*>(v.data()); }

} // namespace

secret_box::secret_box(std::string key) : key_(std::move(key)) {
  check(key_.size() == sealing_key_octets, "a sealing key has 32 octets");
}

secret_box::~secret_box() { wipe(key_); }

std::string secret_box::derive(std::string_view purpose) const {
  return std::string(view(hmac_sha256(key_, "derive " + std::string(purpose))));
}

std::string secret_box::seal(std::string_view secret, std::string_view purpose) const {
  const auto nonce = random_octets(nonce_octets);
  std::string out(1, sealed_version);
  out += nonce;
  const auto head = out.size();
  out.resize(head + secret.size() + tag_octets);
  const context c(EVP_CIPHER_CTX_new());
  int written = 0, rest = 0;
  check(c && EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, octets_of(key_), octets_of(nonce)) == 1 &&
          EVP_EncryptUpdate(c.get(), nullptr, &written, octets_of(purpose), static_cast<int>(purpose.size())) == 1 &&
          EVP_EncryptUpdate(c.get(), octets_of(out) + head, &written, octets_of(secret), static_cast<int>(secret.size())) == 1 &&
          EVP_EncryptFinal_ex(c.get(), octets_of(out) + head + written, &rest) == 1 &&
          EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, tag_octets, octets_of(out) + head + secret.size()) == 1,
        "AES-256-GCM is available");
  return out;
}

std::optional<std::string> secret_box::open(std::string_view sealed, std::string_view purpose) const {
  if (sealed.size() < 1 + nonce_octets + tag_octets || sealed[0] != sealed_version) return {};
  const auto nonce = sealed.substr(1, nonce_octets);
  std::string tag(sealed.substr(sealed.size() - tag_octets));
  const auto ciphertext = sealed.substr(1 + nonce_octets, sealed.size() - 1 - nonce_octets - tag_octets);
  std::string out(ciphertext.size() + 1, '\0'); // room, so that there is an address for nothing too
  const context c(EVP_CIPHER_CTX_new());
  int written = 0, rest = 0;
  check(c && EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, octets_of(key_), octets_of(nonce)) == 1,
        "AES-256-GCM is available");
  const bool good = EVP_DecryptUpdate(c.get(), nullptr, &written, octets_of(purpose), static_cast<int>(purpose.size())) == 1 &&
                    EVP_DecryptUpdate(c.get(), octets_of(out), &written, octets_of(ciphertext), static_cast<int>(ciphertext.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, tag_octets, tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(c.get(), octets_of(out) + written, &rest) == 1;
  if (!good) {
    wipe(out);
    return {};
  }
  out.resize(ciphertext.size());
  return out;
}

} // namespace rookery::base
