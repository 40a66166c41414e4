#include "base/crypto/signature.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstring>
#include <optional>
#include <string>

namespace rookery::base {

namespace {

EVP_PKEY* native(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

/// Nothing for a key that may not be used.
std::optional<key_kind> kind_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= rsa_bits_least) return key_kind::rsa;
  char group[80] = {};
  std::size_t size = 0;
  if (EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 && std::strcmp(group, "prime256v1") == 0)
    return key_kind::ec_p256;
  return {};
}

EVP_PKEY* read_block(const char* name, const unsigned char* octets, long size) {
  if (std::strcmp(name, PEM_STRING_PUBLIC) == 0) return d2i_PUBKEY(nullptr, &octets, size);
  if (std::strcmp(name, PEM_STRING_X509) != 0) return nullptr;
  X509* certificate = d2i_X509(nullptr, &octets, size);
  EVP_PKEY* key = certificate != nullptr ? X509_get_pubkey(certificate) : nullptr;
  X509_free(certificate);
  return key;
}

/// R and S as the sequence of integers that OpenSSL wants; empty when they are not 32 octets each.
std::string der_of(std::string_view pair) {
  if (pair.size() != 64) return {};
  const auto* octets = reinterpret_cast<const unsigned char*>(pair.data());
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> signature(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM *r = BN_bin2bn(octets, 32, nullptr), *s = BN_bin2bn(octets + 32, 32, nullptr);
  if (!signature || r == nullptr || s == nullptr || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  std::string out;
  if (size > 0) out.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

} // namespace

result<std::vector<public_key>> public_key::read_all(std::string_view pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::vector<public_key> out;
  char *name = nullptr, *header = nullptr;
  unsigned char* octets = nullptr;
  long size = 0;
  std::string fault;
  while (fault.empty() && PEM_read_bio(text.get(), &name, &header, &octets, &size) == 1) {
    public_key one;
    one.key_ = std::shared_ptr<void>(read_block(name, octets, size), [](void* key) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); });
    const auto kind = one.key_ ? kind_of(native(one.key_)) : std::nullopt;
    if (!one.key_) fault = "a block is neither a public key nor a certificate";
    else if (!kind) fault = "a key is neither RSA of 2,048 bits or more nor of the curve P-256";
    else one.kind_ = *kind;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(octets);
    if (fault.empty()) out.push_back(std::move(one));
  }
  ERR_clear_error(); // the end of the text
  if (fault.empty() && out.empty()) fault = "there is no public key in PEM form";
  if (!fault.empty()) return fail(error_kind::invalid, std::move(fault));
  return out;
}

bool public_key::verifies(std::string_view octets, std::string_view signature) const {
  std::string der;
  if (kind_ == key_kind::ec_p256) {
    der = der_of(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool right = context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, native(key_)) == 1 &&
                     EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                      reinterpret_cast<const unsigned char*>(octets.data()), octets.size()) == 1;
  ERR_clear_error();
  return right;
}

} // namespace rookery::base
