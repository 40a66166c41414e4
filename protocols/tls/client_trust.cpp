#include "protocols/tls/client_trust.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace rookery::tls {

namespace {

/// As OpenSSL's level 2: 112 bits, no SHA-1.
constexpr int security_level = 2;

struct release {
  void operator()(BIO* p) const noexcept { BIO_free(p); }
  void operator()(GENERAL_NAMES* p) const noexcept { GENERAL_NAMES_free(p); }
  void operator()(X509_STORE_CTX* p) const noexcept { X509_STORE_CTX_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, release>;

void read_addresses(X509* certificate, std::vector<std::string>& out) {
  const owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count && out.size() < client_addresses_max; ++i) {
    int type = 0;
    const auto* text = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type != GEN_EMAIL) continue;
    const std::string_view octets(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text)));
    // A NUL would end the name for some readers and not for others.
    if (!octets.empty() && octets.find('\0') == std::string_view::npos) out.emplace_back(octets);
  }
}

std::string subject_of(X509* certificate) {
  const owned<BIO> out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0) return {};
  const char* octets = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &octets);
  return size > 0 ? std::string(octets, static_cast<std::size_t>(size)) : std::string();
}

} // namespace

base::result<std::shared_ptr<const client_trust>> client_trust::make(std::string_view trusted_pem) {
  std::shared_ptr<client_trust> made(new client_trust);
  if (trusted_pem.empty()) return std::shared_ptr<const client_trust>(std::move(made));
  made->store_ = X509_STORE_new();
  const owned<BIO> text(BIO_new_mem_buf(trusted_pem.data(), static_cast<int>(trusted_pem.size())));
  int trusted = 0;
  while (X509* certificate = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    trusted += X509_STORE_add_cert(made->store_, certificate);
    X509_free(certificate);
  }
  ERR_clear_error(); // the end of the text
  if (trusted == 0) return base::fail(base::error_kind::invalid, "no certificate of an authority in PEM form");
  return std::shared_ptr<const client_trust>(std::move(made));
}

client_trust::~client_trust() { X509_STORE_free(store_); }

std::shared_ptr<const client_certificate> client_trust::judge(SSL* ssl) const {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return nullptr;
  auto out = std::make_shared<client_certificate>();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return nullptr;
  out->sha256.assign(reinterpret_cast<const char*>(digest), size);
  out->subject = subject_of(certificate);
  read_addresses(certificate, out->addresses);
  if (store_ == nullptr) {
    out->fault = "no authority is trusted";
    return out;
  }
  const owned<X509_STORE_CTX> chain(X509_STORE_CTX_new());
  if (chain && X509_STORE_CTX_init(chain.get(), store_, certificate, SSL_get_peer_cert_chain(ssl)) == 1 &&
      X509_STORE_CTX_set_default(chain.get(), "ssl_client") == 1) {
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(chain.get()), security_level);
    out->trusted = X509_verify_cert(chain.get()) == 1;
    if (!out->trusted) out->fault = X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain.get()));
  }
  ERR_clear_error();
  return out;
}

} // namespace rookery::tls
