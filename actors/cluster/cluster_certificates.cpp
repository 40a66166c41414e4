#include "actors/cluster/cluster_certificates.hpp"

#include "actors/cluster/certificate_renewal.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>

namespace rookery::actors {
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
using digest_ptr = std::unique_ptr<EVP_MD_CTX, freeing<EVP_MD_CTX_free>>;

constexpr long day = 24 * 3600;
constexpr long authority_days = 7305;

base::failure<base::error> failed(const char* what) {
  ERR_clear_error();
  return base::fail(base::error_kind::invalid, std::string(what) + " could not be made or read");
}

bio_ptr reading(std::string_view text) { return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string written(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

x509_ptr read_x509(std::string_view text) {
  const auto in = reading(text);
  x509_ptr out(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return out;
}

/// Of all certificates in the text, what `each` wants until it gives false.
template <class Each>
void for_each_x509(std::string_view text, Each each) {
  const auto in = reading(text);
  for (;;) {
    const x509_ptr c(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!c || !each(c.get())) break;
  }
  ERR_clear_error();
}

std::string fingerprint_of(X509* c) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(c, &der);
  if (size <= 0) return {};
  auto out = base::to_hex(base::view(base::sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)})));
  OPENSSL_free(der);
  return out;
}

std::optional<base::wall_time> time_of(const ASN1_TIME* t) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(t, &parts) != 1) return {};
  return base::from_milliseconds(static_cast<std::int64_t>(::timegm(&parts)) * 1000);
}

key_ptr read_private(std::string_view text) {
  const auto in = reading(text);
  key_ptr out(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return out;
}

std::string pem_of(X509* certificate) {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  return written(out.get());
}
std::string pem_of_private(EVP_PKEY* key) {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return written(out.get());
}

bool extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

x509_ptr blank(const std::string& name, base::wall_time now, long days) {
  x509_ptr c(X509_new());
  unsigned char serial[16];
  if (!c || RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  X509_set_version(c.get(), X509_VERSION_3);
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);
  const std::unique_ptr<BIGNUM, freeing<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(c.get()));
  auto begin = static_cast<std::time_t>(base::to_seconds(now)) - day;
  auto end = begin + days * day;
  X509_time_adj_ex(X509_getm_notBefore(c.get()), 0, 0, &begin);
  X509_time_adj_ex(X509_getm_notAfter(c.get()), 0, 0, &end);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c.get()), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return c;
}

} // namespace

base::result<key_and_certificate> make_authority(const std::string& cluster, base::wall_time now) {
  const key_ptr key(EVP_EC_gen("P-256"));
  // A name of its own: OpenSSL takes the first authority whose name fits, whatever its key.
  const auto c = blank("Rookery cluster " + cluster + ' ' + base::to_hex(base::random_octets(4)), now, authority_days);
  if (!key || !c) return failed("the cluster's authority");
  X509_set_issuer_name(c.get(), X509_get_subject_name(c.get()));
  if (X509_set_pubkey(c.get(), key.get()) != 1 || !extend(c.get(), c.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !extend(c.get(), c.get(), NID_key_usage, "critical,keyCertSign,cRLSign") || !extend(c.get(), c.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(c.get(), key.get(), EVP_sha256()) == 0)
    return failed("the cluster's authority");
  return key_and_certificate{pem_of(c.get()), pem_of_private(key.get())};
}

base::result<key_pair> make_key_pair() {
  const key_ptr key(EVP_EC_gen("P-256"));
  if (!key) return failed("a key");
  const bio_ptr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(out.get(), key.get());
  return key_pair{pem_of_private(key.get()), written(out.get())};
}

base::result<std::string> issue_certificate(const key_and_certificate& authority, const std::string& public_key, const std::string& uuid,
                                            base::wall_time now) {
  const auto issuer = read_x509(authority.certificate);
  const auto issuer_key = read_private(authority.key);
  const auto in = reading(public_key);
  const key_ptr key(PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key || !key) return failed("a node's certificate");
  const auto c = blank(uuid, now, certificate_life.count() + 1); // it begins a day before
  if (!c) return failed("a node's certificate");
  if (ASN1_TIME_compare(X509_get0_notAfter(c.get()), X509_get0_notAfter(issuer.get())) > 0) X509_set1_notAfter(c.get(), X509_get0_notAfter(issuer.get()));
  X509_set_issuer_name(c.get(), X509_get_subject_name(issuer.get()));
  if (X509_set_pubkey(c.get(), key.get()) != 1 || !extend(c.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !extend(c.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !extend(c.get(), issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") ||
      !extend(c.get(), issuer.get(), NID_subject_alt_name, "DNS:" + uuid) || X509_sign(c.get(), issuer_key.get(), EVP_sha256()) == 0)
    return failed("a node's certificate");
  return pem_of(c.get());
}

std::string certificate_fingerprint(std::string_view certificate) {
  const auto c = read_x509(certificate);
  return c ? fingerprint_of(c.get()) : std::string();
}

std::vector<std::string> certificate_fingerprints(std::string_view certificates) {
  std::vector<std::string> out;
  for_each_x509(certificates, [&](X509* c) {
    out.push_back(fingerprint_of(c));
    return true;
  });
  return out;
}

std::string certificate_issuer(std::string_view authorities, std::string_view certificate) {
  const auto c = read_x509(certificate);
  std::string out;
  for_each_x509(authorities, [&](X509* authority) {
    if (c && X509_verify(c.get(), X509_get0_pubkey(authority)) == 1) out = fingerprint_of(authority);
    return out.empty();
  });
  return out;
}

std::optional<base::wall_time> certificate_begin(std::string_view certificate) {
  const auto c = read_x509(certificate);
  return c ? time_of(X509_get0_notBefore(c.get())) : std::nullopt;
}

std::optional<base::wall_time> certificate_end(std::string_view certificate) {
  const auto c = read_x509(certificate);
  return c ? time_of(X509_get0_notAfter(c.get())) : std::nullopt;
}

std::string sign(std::string_view private_key, std::string_view octets) {
  const auto key = read_private(private_key);
  const digest_ptr context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(octets.data());
  if (!key || !context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data, octets.size()) != 1)
    return {};
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, octets.size()) != 1) return {};
  out.resize(size);
  return out;
}

std::optional<std::string> signature_fault(std::string_view authorities, std::string_view certificate, const std::vector<std::string>& fingerprints,
                                           std::string_view octets, std::string_view signature) {
  const auto c = read_x509(certificate);
  if (!c) return "the other node shows no certificate that can be read";
  if (const auto shown = fingerprint_of(c.get()); std::find(fingerprints.begin(), fingerprints.end(), shown) == fingerprints.end())
    return "the other node shows another certificate than the one it joined with: its files were mixed up, or somebody takes its place; remove it and join it again";
  if (certificate_issuer(authorities, certificate).empty()) return "the other node's certificate was not issued by this cluster";
  const digest_ptr context(EVP_MD_CTX_new());
  const bool right = context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, X509_get0_pubkey(c.get())) == 1 &&
                     EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                      reinterpret_cast<const unsigned char*>(octets.data()), octets.size()) == 1;
  ERR_clear_error();
  if (!right) return "the other node does not have the key of its certificate";
  return {};
}

} // namespace rookery::actors
