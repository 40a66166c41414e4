#include "tests/support/authority.hpp"

#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace rookery::tests {
namespace {

template <auto Free>
struct freeing {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using bio_ptr = std::unique_ptr<BIO, freeing<BIO_free>>;
using x509_ptr = std::unique_ptr<X509, freeing<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freeing<EVP_PKEY_free>>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const bio_ptr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error("an extension is wrong: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

x509_ptr make(const std::string& common_name, EVP_PKEY* key, base::wall_time from, base::wall_time until) {
  static long serial = 1000;
  x509_ptr out(X509_new());
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial);
  std::time_t begin = base::to_seconds(from), end = base::to_seconds(until);
  X509_time_adj_ex(X509_getm_notBefore(out.get()), 0, 0, &begin);
  X509_time_adj_ex(X509_getm_notAfter(out.get()), 0, 0, &end);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()), static_cast<int>(common_name.size()), -1, 0);
  X509_set_pubkey(out.get(), key);
  return out;
}

} // namespace

struct authority::parts {
  key_ptr key;
  x509_ptr certificate;
};

authority::authority(const std::string& name, base::wall_time around) : parts_(std::make_unique<parts>()) {
  constexpr auto years = std::chrono::hours(24 * 3650);
  parts_->key.reset(EVP_EC_gen("P-256"));
  parts_->certificate = make(name, parts_->key.get(), around - years, around + years);
  auto* own = parts_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  X509_sign(own, parts_->key.get(), EVP_sha256());
  pem_ = pem_of(own);
}

authority::~authority() = default;

tls::pem_pair authority::issue(const request& what) const {
  const key_ptr key(EVP_EC_gen("P-256"));
  const auto leaf = make(what.common_name.empty() ? what.names.at(0) : what.common_name, key.get(), what.from, what.until);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(parts_->certificate.get()));
  std::string names;
  for (const auto& n : what.names)
    names += (names.empty() ? "" : ",") + std::string(n.find_first_not_of("0123456789.") == std::string::npos ? "IP:" : "DNS:") + n;
  if (!names.empty()) extend(leaf.get(), parts_->certificate.get(), NID_subject_alt_name, names);
  extend(leaf.get(), parts_->certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(leaf.get(), parts_->certificate.get(), NID_ext_key_usage, "serverAuth");
  X509_sign(leaf.get(), parts_->key.get(), EVP_sha256());
  return {pem_of(leaf.get()) + pem_, pem_of(key.get())};
}

std::string tlsa_data(const std::string& pem, int selector, int matching) {
  const bio_ptr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const x509_ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  unsigned char* der = nullptr;
  const int size = selector == 0 ? i2d_X509(certificate.get(), &der) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  std::string whole(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  if (matching == 0) return whole;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned digest_size = 0;
  EVP_Digest(whole.data(), whole.size(), digest, &digest_size, matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr);
  return {reinterpret_cast<const char*>(digest), digest_size};
}

} // namespace rookery::tests
