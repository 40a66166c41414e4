#include "protocols/tls/certificate.hpp"

#include "base/text.hpp"

#include <ctime>
#include <memory>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace rookery::tls {

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
using names_ptr = std::unique_ptr<GENERAL_NAMES, freeing<GENERAL_NAMES_free>>;
using octets_ptr = std::unique_ptr<ASN1_OCTET_STRING, freeing<ASN1_OCTET_STRING_free>>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

bool add_name(GENERAL_NAMES* names, const std::string& name) {
  GENERAL_NAME* entry = GENERAL_NAME_new();
  if (entry == nullptr) return false;
  if (octets_ptr address(a2i_IPADDRESS(name.c_str())); address) {
    GENERAL_NAME_set0_value(entry, GEN_IPADD, address.release());
  } else {
    ERR_clear_error();
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(entry, GEN_DNS, text);
  }
  return sk_GENERAL_NAME_push(names, entry) > 0;
}

bool add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

std::string print_name(const X509_NAME* name) {
  bio_ptr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return text_of(bio.get());
}

base::wall_time time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  using namespace std::chrono;
  const year_month_day day(year(parts.tm_year + 1900), month(static_cast<unsigned>(parts.tm_mon + 1)),
                           std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  return base::wall_time(sys_days(day)) + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec);
}

std::string address_text(std::string_view octets) {
  std::string text;
  if (octets.size() == 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) text += '.';
      base::append_number(text, static_cast<unsigned char>(octets[i]));
    }
    return text;
  }
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
    if (i > 0) text += ':';
    text += base::to_hex(octets.substr(i, 2));
  }
  return text;
}

} // namespace

base::result<pem_pair> make_self_signed(const std::vector<std::string>& names, base::wall_time now) {
  if (names.empty()) return base::fail(base::error_kind::invalid, "a certificate needs a host name");
  const auto failed = [] {
    ERR_clear_error();
    return base::fail(base::error_kind::invalid, "the certificate could not be made");
  };
  const key_ptr key(EVP_EC_gen("P-256"));
  const x509_ptr certificate(X509_new());
  if (!key || !certificate) return failed();

  X509_set_version(certificate.get(), X509_VERSION_3);
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return failed();
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40); // RFC 5280 §4.1.2.2: positive, at most 20 octets
  const std::unique_ptr<BIGNUM, freeing<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  if (BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) == nullptr) return failed();

  const auto begin = static_cast<std::time_t>(base::to_seconds(now)) - 24 * 3600;
  const auto end = begin + static_cast<std::time_t>(24 * 3600) * 3653;
  X509_time_adj_ex(X509_getm_notBefore(certificate.get()), 0, 0, const_cast<std::time_t*>(&begin));
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), 0, 0, const_cast<std::time_t*>(&end));

  // RFC 5280 Appendix A: a common name has at most 64 characters.
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const auto common = names.front().substr(0, 64);
  if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                                 static_cast<int>(common.size()), -1, 0) != 1)
    return failed();
  X509_set_issuer_name(certificate.get(), subject);
  X509_set_pubkey(certificate.get(), key.get());

  const names_ptr alternatives(GENERAL_NAMES_new());
  for (const auto& name : names)
    if (!add_name(alternatives.get(), name)) return failed();
  if (X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, alternatives.get(), 0, 0) != 1 ||
      !add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature,keyCertSign") ||
      !add_extension(certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add_extension(certificate.get(), NID_subject_key_identifier, "hash"))
    return failed();
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) return failed();

  const bio_ptr certificate_text(BIO_new(BIO_s_mem())), key_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed();
  return pem_pair{text_of(certificate_text.get()), text_of(key_text.get())};
}

base::result<certificate_facts> read_certificate(std::string_view certificates_pem) {
  const bio_ptr bio(BIO_new_mem_buf(certificates_pem.data(), static_cast<int>(certificates_pem.size())));
  const x509_ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) {
    ERR_clear_error();
    return base::fail(base::error_kind::invalid, "no certificate in PEM form");
  }
  certificate_facts facts;
  facts.not_before = time_of(X509_get0_notBefore(certificate.get()));
  facts.not_after = time_of(X509_get0_notAfter(certificate.get()));
  facts.subject = print_name(X509_get_subject_name(certificate.get()));
  facts.issuer = print_name(X509_get_issuer_name(certificate.get()));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest, &size) == 1)
    facts.sha256.assign(reinterpret_cast<const char*>(digest), size);
  unsigned char* key = nullptr;
  if (const int octets = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &key); octets > 0) {
    if (EVP_Digest(key, static_cast<std::size_t>(octets), digest, &size, EVP_sha256(), nullptr) == 1)
      facts.key_sha256.assign(reinterpret_cast<const char*>(digest), size);
    OPENSSL_free(key);
  }
  const names_ptr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* entry = sk_GENERAL_NAME_value(names.get(), i);
    int type = 0;
    const auto* text = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(entry, &type));
    if (type != GEN_DNS && type != GEN_IPADD) continue;
    const std::string_view octets(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                  static_cast<std::size_t>(ASN1_STRING_length(text)));
    facts.names.push_back(type == GEN_DNS ? base::to_lower(octets) : address_text(octets));
  }
  ERR_clear_error();
  return facts;
}

} // namespace rookery::tls
